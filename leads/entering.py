"""What a submission leaves behind: a lead, its identities, account, facts and activities."""

from __future__ import annotations

from datetime import datetime

from leads import lifecycle, ownership
from leads.account_match import find_account, teach
from leads.company_facts import spread
from leads.custom_facts import active_attributes, typed
from leads.fact_history import facts_of, record_facts
from leads.fact_sheet import fact_sheet, told_facts
from leads.handoffs import NURTURE
from leads.matching import claim_identities, lock_identities, match_lead
from leads.models import (
    Account,
    Activity,
    FactSnapshot,
    Lead,
    OwnershipChange,
    Queue,
    Stage,
    Submission,
)
from leads.submission_fields import ActivityFields, HistoricalFields, SubmissionFields


def enter(submission: Submission, fields: SubmissionFields, at: datetime) -> tuple[Lead, bool]:
    """Find or make the lead that `fields` are about and keep all that they tell of it.

    at: now; nothing is dated later. Returns the lead, locked, and whether it is new.
    """
    lock_identities(fields, submission.source)
    match = match_lead(fields, submission.source)
    lead = match.lead or _new_lead(submission, fields, at)
    account = find_account(fields)
    has_learnt = account is not None and teach(account, fields)
    _update(lead, fields, account)
    claim_identities(lead, fields, submission.source)
    if match.others:
        submission.also_named.add(*match.others)
    when = happened_at(submission, fields, at)
    _keep_activities(lead, submission, fields, when)
    keep_facts(lead, fields, submission, when, at)
    if account is not None and has_learnt and not submission.is_historical:
        spread(account, {}, by=submission.by, at=at)
    return lead, match.lead is None


def happened_at(submission: Submission, fields: SubmissionFields, at: datetime) -> datetime:
    """Return when what `fields` tell happened; of a past that is told, when it began."""
    began_at = None
    if isinstance(fields, HistoricalFields) and fields.history:
        began_at = fields.history.opened_at
    return min(fields.occurred_at or began_at or submission.received_at, at)


def keep_facts(
    lead: Lead, fields: SubmissionFields, submission: Submission, when: datetime, at: datetime
) -> None:
    """Keep what is known of `lead` from `when` on. If more was told since, what is told here fills
    what that left out, from `at` on: a submission that is late loses nothing.
    """
    told = typed(told_facts(fields), active_attributes())
    record_facts(
        lead, fact_sheet(lead, facts_of(lead, when), told), known_from=when, submission=submission
    )
    if FactSnapshot.objects.filter(lead=lead, known_from__gt=when).exists():
        latest = fact_sheet(lead, {**told, **facts_of(lead, at)}, {})
        record_facts(lead, latest, known_from=at, submission=submission)


def _new_lead(submission: Submission, fields: SubmissionFields, at: datetime) -> Lead:
    source, entered_at = submission.source, happened_at(submission, fields, at)
    lead = Lead.objects.create(
        source=source,
        origin=fields.origin,
        campaign=fields.campaign or source.campaign,
        entered_at=entered_at,
        is_historical=submission.is_historical,
        stage_id=Stage.Key.ML,
        stage_since=entered_at,
        queue=Queue.objects.get(key=NURTURE),
    )
    reason, intake = f"Came in by {source}", OwnershipChange.Source.INTAKE
    ownership.first_entry(lead, source=intake, reason=reason, by=submission.by, at=entered_at)
    lifecycle.first_entry(lead, reason=reason, by=submission.by, at=entered_at)
    return lead


def _update(lead: Lead, fields: SubmissionFields, account: Account | None) -> None:
    """Write what `fields` newly say into the lead's record. What they leave out stays."""
    news = {
        "name": fields.full_name,
        "email": lead.email or fields.email,
        "phone": fields.normal_phone or fields.phone,
        "title": fields.title,
        "company": fields.company,
        "campaign": fields.campaign,
        "origin": lead.origin or fields.origin,
    }
    for name, value in news.items():
        if value:
            setattr(lead, name, value)
    lead.account = account or lead.account
    lead.search_text = " ".join(filter(None, [lead.name, lead.email, lead.company, lead.phone]))
    lead.save(update_fields=[*news, "account", "search_text"])


def _keep_activities(
    lead: Lead, submission: Submission, fields: SubmissionFields, when: datetime
) -> None:
    """Append what the person did; what a source told before, by its own number, is not doubled."""
    told = [*fields.activities]
    kind = fields.kind or submission.source.activity_kind
    rows = [_activity(lead, submission, each, when) for each in told]
    if kind:
        rows.append(
            Activity(
                lead=lead,
                account=lead.account,
                kind=kind,
                properties=dict(fields.properties),
                occurred_at=when,
                source=submission.source,
                submission=submission,
            )
        )
    Activity.objects.bulk_create(rows, ignore_conflicts=True)


def _activity(
    lead: Lead, submission: Submission, told: ActivityFields, latest: datetime
) -> Activity:
    return Activity(
        lead=lead,
        account=lead.account,
        kind=told.kind,
        properties=dict(told.properties),
        occurred_at=min(told.occurred_at, max(latest, submission.received_at)),
        source=submission.source,
        external_id=told.id,
        submission=submission,
    )
