"""What became of leads, as told by another system: meetings and deals."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import transaction
from pydantic import model_validator

from leads import lifecycle
from leads.errors import LeadsError
from leads.matching import survivor
from leads.models import Handoff, Identity, IntakeSource, Lead, Meeting, Opportunity, Stage
from leads.submission_fields import Fields, read_as
from leads.submission_values import Email, Instant, Line120, Money, PastInstant


class MeetingFields(Fields):
    booked_at: PastInstant
    starts_at: Instant | None = None
    outcome: Literal["booked", "held", "no_show", "cancelled"] = "booked"
    external_id: Line120 = ""


class DealFields(Fields):
    state: Literal["open", "won", "lost"]
    opened_at: PastInstant | None = None
    """Left out: when it was closed."""
    closed_at: PastInstant | None = None
    amount: Money | None = None
    name: Line120 = ""
    sdr: Line120 = ""
    """Who qualified it; kept in the deal's name, like `rep`."""
    rep: Line120 = ""
    external_id: Line120 = ""

    @model_validator(mode="after")
    def _closed_when_over(self) -> DealFields:
        if (self.state == "open") != (self.closed_at is None):
            raise ValueError("A won or lost deal has a closing date; an open one none.")
        if not (self.opened_at or self.closed_at):
            raise ValueError("An open deal needs the date it was opened.")
        if self.opened_at and self.closed_at and self.opened_at > self.closed_at:
            raise ValueError("A deal can't be closed before it is opened.")
        return self

    @property
    def won_at(self) -> datetime | None:
        return self.closed_at if self.state == "won" else None

    @property
    def full_name(self) -> str:
        people = [f"{role} {name}" for role, name in (("SDR", self.sdr), ("rep", self.rep)) if name]
        return f"{self.name} ({', '.join(people)})".strip() if people else self.name


class OutcomeFields(Fields):
    """Which lead, and a meeting or a deal of it."""

    source_id: Line120 = ""
    email: Email = ""
    meeting: MeetingFields | None = None
    deal: DealFields | None = None

    @model_validator(mode="after")
    def _says_who_and_what(self) -> OutcomeFields:
        if not (self.source_id or self.email):
            raise ValueError("Give the lead's source_id or email.")
        if self.meeting is None and self.deal is None:
            raise ValueError("Give a meeting or a deal.")
        return self


OUTCOME_TARGETS = frozenset(
    {"source_id", "email"}
    | {f"meeting.{name}" for name in MeetingFields.model_fields}
    | {f"deal.{name}" for name in DealFields.model_fields}
)


class OutcomeRefused(LeadsError):
    """The row fits no lead, or contradicts what is on record."""


@dataclass(slots=True)
class OutcomeSummary:
    """early_wins: deals won before their lead's first contact; taken, and worth a look."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    blank: int = 0
    early_wins: int = 0


@transaction.atomic
def keep_outcome(
    payload: dict[str, object], source: IntakeSource, *, at: datetime, summary: OutcomeSummary
) -> None:
    """Keep the meeting or deal of one row and move its lead's stage along.

    Told again it changes nothing, with news it is brought up to date. Counts into `summary`.
    Raises FieldsRefused and OutcomeRefused.
    """
    fields = read_as(OutcomeFields, payload, at=at)
    lead = _lead_of(fields, source)
    if fields.meeting:
        _tally(summary, _keep_meeting(lead, fields.meeting, source))
    if fields.deal:
        _tally(summary, _keep_deal(lead, fields.deal, source))
        _move_stage(lead, fields.deal, at=at)
        won_at = fields.deal.won_at
        summary.early_wins += won_at is not None and won_at < lead.entered_at


def _lead_of(fields: OutcomeFields, source: IntakeSource) -> Lead:
    """Return the lead, locked: by the source's number for it, else by e-mail."""
    names = [("source_id", source.slug, fields.source_id), ("email", "", fields.email)]
    for kind, scope, value in names:
        identity = Identity.objects.filter(kind=kind, scope=scope, value=value).first()
        if value and identity is not None:
            return survivor(identity.lead_id)
    raise OutcomeRefused("There is no such lead.")


def _keep_meeting(lead: Lead, meeting: MeetingFields, source: IntakeSource) -> str:
    return _keep(
        Meeting,
        lead,
        source,
        external_id=meeting.external_id or _made_up(lead, meeting.booked_at.isoformat()),
        happened_at=meeting.booked_at,
        told={
            "booked_at": meeting.booked_at,
            "starts_at": meeting.starts_at,
            "outcome": meeting.outcome,
        },
    )


def _keep_deal(lead: Lead, deal: DealFields, source: IntakeSource) -> str:
    opened_at = deal.opened_at or deal.closed_at
    assert opened_at is not None  # DealFields
    return _keep(
        Opportunity,
        lead,
        source,
        external_id=deal.external_id or _made_up(lead, deal.name),
        happened_at=deal.closed_at or opened_at,
        told={
            "name": deal.full_name,
            "state": deal.state,
            "amount": deal.amount,
            "opened_at": opened_at,
            "closed_at": deal.closed_at,
        },
    )


def _keep(
    record: type[Meeting] | type[Opportunity],
    lead: Lead,
    source: IntakeSource,
    *,
    external_id: str,
    happened_at: datetime,
    told: dict[str, object],
) -> str:
    """Insert what was told, or bring it up to date. Returns created, updated or unchanged."""
    known = record.objects.filter(source=source, external_id=external_id).first()
    if known is None:
        handoff = _handoff_at(lead, happened_at)
        record.objects.create(
            lead=lead, handoff=handoff, source=source, external_id=external_id, **told
        )
        return "created"
    if survivor(known.lead_id) != lead:
        raise OutcomeRefused(f"{external_id} is on record for another lead.")
    if all(getattr(known, name) == value for name, value in told.items()):
        return "unchanged"
    record.objects.filter(pk=known.pk).update(**told)
    return "updated"


def _handoff_at(lead: Lead, when: datetime) -> Handoff | None:
    """Return the handoff that was open at `when`, or the last one before."""
    return lead.handoffs.filter(opened_at__lte=when).order_by("-opened_at").first()


def _move_stage(lead: Lead, deal: DealFields, *, at: datetime) -> None:
    """Take the lead to opportunity when a deal was opened, to customer when it was won."""
    opened_at = None if deal.state == "lost" else deal.opened_at
    for stage, when in ((Stage.Key.OPPORTUNITY, opened_at), (Stage.Key.CUSTOMER, deal.won_at)):
        is_past = lead.stage_id in (stage, Stage.Key.CUSTOMER)
        if when is not None and not is_past:
            lifecycle.move(
                lead,
                stage,
                at=when,
                reason=f"Deal {deal.state}",
                handoff=_handoff_at(lead, when),
                is_historical=when < at,
            )


def _tally(summary: OutcomeSummary, what: str) -> None:
    setattr(summary, what, getattr(summary, what) + 1)


def _made_up(lead: Lead, name: str) -> str:
    """Return a number for what its source gives none, the same whenever it is told."""
    return hashlib.sha256(f"{lead.pk}:{name}".encode()).hexdigest()[:32]
