"""Which lead and which account a submission belongs to.

Two submissions of one new person at once must end in one lead. `lock_identities` makes the
second wait until the first has committed; the unique constraints hold even if it is forgotten.
Two new companies at once whose names are alike but not the same become two accounts: the lock is
on the name itself, since one on all that is like it would make every other company wait.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection

from leads.countries import region_of
from leads.models import Account, AccountDomain, Identity, IntakeSource, Lead, Organisation
from leads.normalising import (
    company_key,
    domain_and_parents,
    domain_of,
    website_domain,
)
from leads.submission_fields import SubmissionFields

SAME = 100
BEST = """
    SELECT account.* FROM leads_account account
    WHERE {condition}
    ORDER BY name_key = %(key)s DESC, similarity(name_key, %(key)s) DESC,
        EXISTS (SELECT 1 FROM leads_opportunity deal JOIN leads_lead lead ON lead.id = deal.lead_id
            WHERE lead.account_id = account.id AND deal.state = 'open') DESC,
        owner_id IS NOT NULL DESC, created_at DESC, id DESC
    LIMIT 1
"""
EQUAL = BEST.format(condition="name_key = %(key)s")
LIKE = BEST.format(
    condition="""name_key %% %(key)s AND similarity(name_key, %(key)s) >= %(least)s
        AND (name_key = %(key)s OR NOT (%(has_domain)s AND EXISTS
            (SELECT 1 FROM leads_accountdomain WHERE account_id = account.id)))"""
)

EMAIL, PHONE, SOURCE_ID = Identity.Kind.EMAIL, Identity.Kind.PHONE, Identity.Kind.SOURCE_ID


@dataclass(frozen=True, slots=True, order=True)
class IdentityKey:
    """One way of recognising a person, normalised; `scope` is the source of a source_id."""

    kind: str
    scope: str
    value: str


@dataclass(frozen=True, slots=True)
class Match:
    """The lead that a submission is about, locked; None: nobody known.

    by:     the kind of identity that decided.
    others: ids of further leads that hold an identity of it too, and perhaps are the same person.
    """

    lead: Lead | None
    by: str = ""
    others: tuple[int, ...] = ()


def identity_keys(fields: SubmissionFields, source: IntakeSource) -> list[IdentityKey]:
    """Return the identities in `fields`, the one that decides first."""
    keys = [
        IdentityKey(EMAIL, "", fields.email),
        IdentityKey(SOURCE_ID, source.slug, fields.source_id),
        IdentityKey(PHONE, "", fields.normal_phone),
    ]
    return [key for key in keys if key.value]


def lock_identities(fields: SubmissionFields, source: IntakeSource) -> None:
    """Wait until nobody else is at work on this person or company, till the transaction's end.

    The first thing of a transaction that matches: before any row is locked.
    """
    names = [f"{key.kind}:{key.scope}:{key.value}" for key in identity_keys(fields, source)]
    names += [f"account:{name}" for name in (*company_domains(fields), company_key(fields.company))]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(number) FROM unnest(%s::bigint[]) AS number",
            [sorted({_lock_number(name) for name in names})],
        )


def match_lead(fields: SubmissionFields, source: IntakeSource) -> Match:
    """Return the lead that `fields` are about: by e-mail, else by the source's number for it, else,
    where no e-mail is given, by phone. A merged lead leads to the one that is left.
    """
    keys = identity_keys(fields, source)
    holders = _holders(keys)
    deciding = [key for key in keys if key in holders and not (key.kind == PHONE and fields.email)]
    if not deciding:
        return Match(None)
    lead = survivor(holders[deciding[0]])
    others = {survivor_id(holders[key]) for key in deciding} - {lead.pk}
    return Match(lead, by=deciding[0].kind, others=tuple(sorted(others)))


def survivor(lead_id: int) -> Lead:
    """Return, locked, the lead itself or the one it was merged into."""
    while True:
        lead = Lead.objects.select_for_update(no_key=True).get(pk=survivor_id(lead_id))
        if lead.merged_into_id is None:  # merged between the two reads otherwise
            return lead


def survivor_id(lead_id: int) -> int:
    while merged_into := Lead.objects.values_list("merged_into", flat=True).get(pk=lead_id):
        lead_id = merged_into
    return lead_id


def claim_identities(
    lead: Lead, fields: SubmissionFields, source: IntakeSource
) -> dict[IdentityKey, int]:
    """Write down that `fields` identify `lead`. Returns who holds each: the id of a lead.

    An identity that is another lead's stays so: a shared phone number is the first one's.
    """
    keys = identity_keys(fields, source)
    Identity.objects.bulk_create(
        [Identity(lead=lead, kind=key.kind, scope=key.scope, value=key.value) for key in keys],
        ignore_conflicts=True,
    )
    return _holders(keys)


def company_domains(fields: SubmissionFields) -> list[str]:
    """Return the domains that tell the company, most telling first; none for a private address."""
    return _of_companies([domain_of(fields.email), website_domain(fields.website)])


def _of_companies(domains: Iterable[str]) -> list[str]:
    return [found[0] for each in domains if (found := domain_and_parents(each))]


def match_account(fields: SubmissionFields) -> Account | None:
    """Return the account that `fields` belong to with what they tell of it, made if it is new.

    None if the fields name no company. Needs `lock_identities` first.
    """
    account = find_account(fields)
    if account is not None:
        teach(account, fields)
    return account


def find_account(fields: SubmissionFields) -> Account | None:
    """Return the account that `fields` belong to; one that is new is not saved yet.

    By the domain of a company's e-mail or website, or one that it lies under; else by the name
    without legal form, or one spelt nearly so. None if the fields name no company.
    """
    domains = company_domains(fields)
    known = _known_account(fields.company, domains)
    if known is not None or not (company_key(fields.company) or domains):
        return known
    return Account(name=fields.company or domains[0])


def account_on_record(company: str, email: str) -> Account | None:
    """Return the account that somebody of this company and address belongs to; None if none is
    known.
    """
    return _known_account(company, _of_companies([domain_of(email)]))


def _known_account(company: str, domains: Sequence[str]) -> Account | None:
    return _by_domain(domains) or by_name(company, domains)


def _by_domain(domains: Iterable[str]) -> Account | None:
    for domain in domains:
        candidates = domain_and_parents(domain)
        owners = {
            owner.domain: owner.account
            for owner in AccountDomain.objects.filter(domain__in=candidates).select_related(
                "account"
            )
        }
        for candidate in candidates:
            if candidate in owners:
                return owners[candidate]
    return None


def by_name(company: str, domains: Sequence[str] = ()) -> Account | None:
    """Return the account whose name is `company`, or else the one whose name is most like it, from
    the likeness on that the organisation set. None if none is.

    Among names equally like it: one with an open opportunity, then one with an owner, then the
    newest. A name that only is like another is no match where both companies have domains, and
    other ones: those speak against it.
    """
    key = company_key(company)
    if not key:
        return None
    # Before the set-up only the same name counts.
    likeness = Organisation.objects.values_list("company_likeness", flat=True).first() or SAME
    with connection.cursor() as cursor:
        # What the operator % of the index compares with; till the end of the transaction.
        cursor.execute(
            "SELECT set_config('pg_trgm.similarity_threshold', %s, true)", [str(likeness / 100)]
        )
    alike: dict[str, object] = {"key": key, "least": likeness / 100, "has_domain": bool(domains)}
    return next(iter(Account.objects.raw(LIKE if likeness < SAME else EQUAL, alike)), None)


def teach(account: Account, fields: SubmissionFields) -> bool:
    """Save `account` with what was not known of it before; what is known stays. Returns whether an
    account that was there learnt something.
    """
    domains, is_new = company_domains(fields), account.pk is None
    is_named = bool(fields.company) and account.name in domains
    if is_named:
        account.name = fields.company
    if is_named or not account.name_key:
        account.name_key = company_key(account.name)
    news = {
        "industry": fields.industry,
        "employees": fields.employees,
        "revenue": fields.revenue,
        "country": fields.country,
        "state": fields.state,
        "region": region_of(fields.country),
        "tech_stack": fields.tech_stack,
    }
    unknown: tuple[object, ...] = ("", None, [])
    learnt = {k: v for k, v in news.items() if v not in unknown and getattr(account, k) in unknown}
    for name, value in learnt.items():
        setattr(account, name, value)
    if learnt or is_named or is_new:
        account.save()
    if domains and not account.domains.exists():
        domain = AccountDomain(account=account, domain=domains[0])
        AccountDomain.objects.bulk_create([domain], ignore_conflicts=True)
    return bool(learnt or is_named) and not is_new


def _holders(keys: list[IdentityKey]) -> dict[IdentityKey, int]:
    """Return the id of the lead that holds each of `keys`, as far as somebody does."""
    found = Identity.objects.filter(value__in=[key.value for key in keys]).values_list(
        "kind", "scope", "value", "lead"
    )
    holders = {IdentityKey(kind, scope, value): lead for kind, scope, value, lead in found}
    return {key: holders[key] for key in keys if key in holders}


def _lock_number(name: str) -> int:
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
