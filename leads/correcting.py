"""Correcting what is known of a lead: its record, its account's, and the facts from now on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction
from pydantic import model_validator

from leads.account_match import company_domains, match_account
from leads.company_facts import recorded_facts, spread
from leads.countries import region_of
from leads.custom_facts import CUSTOM
from leads.errors import LeadsError, LostRace
from leads.fact_history import facts_of, record_facts
from leads.fact_sheet import Facts, account_facts, fact_sheet, lead_facts, told_facts
from leads.lead_locks import locked_leads
from leads.matching import claim_identities, lock_identities
from leads.models import Account, FactSnapshot, Identity, Lead, Role, User
from leads.normalising import company_key
from leads.nudges import nudge
from leads.submission_fields import SubmissionFields, read_as

SWEEP_TASK = "revops.tasks.sweep"

ON_LEAD = ("name", "email", "phone", "title", "company", "campaign")
ON_ACCOUNT = ("industry", "employees", "revenue", "country", "state")
# What stands nowhere but in the facts.
TOLD_ONLY = {
    "country": "person.country",
    "reason": "person.reason",
    "product_interest": "person.product_interest",
    "time_window": "person.time_window",
    "consent": "person.consent",
    "is_hiring_sales": "account.is_hiring_sales",
}


class CorrectedFields(SubmissionFields):
    """What a person says of a lead that is known: nothing in it has to identify it."""

    @model_validator(mode="after")
    def _is_somebody(self) -> CorrectedFields:
        return self


class EmailTaken(LeadsError):
    """Another lead, `holder`, has this e-mail address."""

    def __init__(self, holder: int) -> None:
        super().__init__(f"Lead {holder} has this e-mail address already.")
        self.holder = holder


def may_correct(user: User) -> bool:
    return user.has_role(Role.MANAGER, Role.MARKETING_OPS, Role.ADMIN)


def latest_snapshot(lead: Lead) -> FactSnapshot | None:
    """Return what was learnt of `lead` last: who corrects it must have seen that."""
    return FactSnapshot.objects.filter(lead=lead).select_related("by").order_by("id").last()


def read_correction(values: Mapping[str, object], *, at: datetime) -> CorrectedFields:
    """Return what was filled in as typed, checked fields. Raises FieldsRefused."""
    given = {name: value for name, value in values.items() if value not in ("", None)}
    return read_as(CorrectedFields, given, at=at)


@transaction.atomic
def correct(
    lead: Lead,
    fields: CorrectedFields,
    changed: Collection[str],
    *,
    by: User,
    at: datetime,
    seen: int | None = None,
) -> Lead:
    """Write those of `fields` that are named in `changed` to the lead and its account, keep the
    facts as known from `at` on, and have the lead judged again.

    A blank field clears what was known. An account's facts change for all its leads, at once.
    seen: the latest snapshot that `by` had before them; None asks for none.
    Raises LostRace if more was learnt since, EmailTaken if the address is another lead's.
    """
    lock_identities(fields, lead.source)
    lead = locked_leads([lead.pk])[lead.pk]
    _check_seen(lead, seen)
    known = _known_beside_records(lead, at, cleared=_cleared(fields, changed))
    _write_lead(lead, fields, changed)
    account, told_before = _write_account(lead, fields, changed)
    lead.account = account
    lead.reconsider_at = at
    lead.save(update_fields=[*ON_LEAD, "search_text", "account", "reconsider_at"])
    told = told_facts(fields if "country" in changed else fields.model_copy(update={"country": ""}))
    record_facts(lead, fact_sheet(lead, known, told), known_from=at, by=by)
    if account is not None:
        spread(account, told_before, by=by, at=at)
    nudge(SWEEP_TASK)
    return lead


def _check_seen(lead: Lead, seen: int | None) -> None:
    if lead.merged_into_id is not None:
        raise LostRace("This lead was merged into another one in the meantime.")
    latest = latest_snapshot(lead)
    if seen is not None and latest is not None and latest.pk != seen:
        who = str(latest.by) if latest.by else "A submission"
        raise LostRace(f"{who} told more about this lead.", winner=latest.by, at=latest.recorded_at)


def _cleared(fields: CorrectedFields, changed: Collection[str]) -> set[str]:
    blank = {
        fact
        for name, fact in TOLD_ONLY.items()
        if name in changed and getattr(fields, name) in ("", None)
    }
    told = {f"{CUSTOM}{name}" for name in fields.attributes}
    return blank | {name for name in changed if name.startswith(CUSTOM)} - told


def _known_beside_records(lead: Lead, at: datetime, *, cleared: set[str]) -> dict[str, object]:
    """Return the facts that no record speaks for, without those that are `cleared`."""
    from_records = {*lead_facts(lead), *account_facts(lead.account), *cleared}
    return {name: value for name, value in facts_of(lead, at).items() if name not in from_records}


def _write_lead(lead: Lead, fields: CorrectedFields, changed: Collection[str]) -> None:
    """Set the lead's own fields and claim the address and number that are now its."""
    for name in ON_LEAD:
        if name in changed:
            setattr(lead, name, getattr(fields, name))
    if "phone" in changed:
        lead.phone = fields.normal_phone or fields.phone
    lead.search_text = " ".join(filter(None, [lead.name, lead.email, lead.company, lead.phone]))
    holders = claim_identities(lead, fields, lead.source)
    for key, holder in holders.items():
        if key.kind == Identity.Kind.EMAIL and "email" in changed and holder != lead.pk:
            raise EmailTaken(holder)


def _write_account(
    lead: Lead, fields: CorrectedFields, changed: Collection[str]
) -> tuple[Account | None, Facts]:
    """Return the lead's account with what is told of it, found or made if there was none, and what
    its record said before.
    """
    account = _named_account(lead, fields, changed)
    if account is None:
        return None, {}
    before = recorded_facts(account)
    for name in ON_ACCOUNT:
        if name in changed:
            setattr(account, name, getattr(fields, name))
    if "country" in changed:
        account.region = region_of(fields.country) or ""
    account.save()
    return account, before


def _named_account(lead: Lead, fields: CorrectedFields, changed: Collection[str]) -> Account | None:
    """Return the account that the lead belongs to once its company is corrected.

    An account that the lead's own mail domain leads to is renamed; otherwise the lead moves to the
    account of that name.
    """
    account = lead.account
    if account is None:
        return match_account(fields)
    if "company" not in changed or company_key(fields.company) == account.name_key:
        return account
    if not fields.company:
        return account
    if account.domains.filter(domain__in=company_domains(fields)).exists():
        account.name, account.name_key = fields.company, company_key(fields.company)
        return account
    return match_account(fields.model_copy(update=_beside_company(changed)))


def _beside_company(changed: Collection[str]) -> dict[str, object]:
    """Return blanks for what tells another company, and for what was told of it."""
    blank = CorrectedFields()
    names = ["email", *(name for name in ON_ACCOUNT if name not in changed)]
    return {name: getattr(blank, name) for name in names}
