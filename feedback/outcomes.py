"""What became of a lead after its handoff was qualified: meetings held, deals won and lost."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, OuterRef

from leads import handoffs, lifecycle, ownership
from leads.errors import LostRace
from leads.models import (
    Handoff,
    Lead,
    Meeting,
    Opportunity,
    OwnershipChange,
    Queue,
    Stage,
    User,
)


def still_has(rep: User, handoff: Handoff) -> bool:
    """Whether the lead of a handoff that `rep` qualified is theirs, with no later handoff open."""
    later = Handoff.objects.open().filter(lead=OuterRef("pk"))
    return Lead.objects.filter(~Exists(later), pk=handoff.lead_id, owner=rep).exists()


@transaction.atomic
def record_meeting(
    handoff: Handoff, *, starts_at: datetime, outcome: str, by: User, at: datetime
) -> Meeting:
    """Put a meeting with the lead on record; one that starts at the same instant is corrected.

    Raises LostRace if the lead is no longer `by`'s to follow up.
    """
    locked = _held(handoff, by=by)
    meeting, _ = Meeting.objects.update_or_create(
        lead=locked.lead,
        handoff=locked,
        starts_at=starts_at,
        defaults={"outcome": outcome},
        create_defaults={"outcome": outcome, "booked_at": at},
    )
    return meeting


@transaction.atomic
def record_deal(
    handoff: Handoff, *, state: str, amount: Decimal | None, by: User, at: datetime
) -> Opportunity:
    """Put a deal with the lead on record: open, won or lost. An open one is carried on.

    Saying the same again changes nothing. A lost deal gives the lead back to marketing. Raises
    LostRace if the lead is no longer `by`'s to follow up.
    """
    locked = _held(handoff, by=by)
    deal = Opportunity.objects.filter(handoff=locked).order_by("id").last()
    if deal is None or (deal.state != Opportunity.State.OPEN and deal.state != state):
        deal = Opportunity(lead=locked.lead, handoff=locked, opened_at=at)
    deal.state, deal.amount = state, amount if amount is not None else deal.amount
    if state != Opportunity.State.OPEN:
        deal.closed_at = deal.closed_at or at
    deal.save()
    _move_on(locked.lead, locked, state, by=by, at=at)
    return deal


def _held(handoff: Handoff, *, by: User) -> Handoff:
    """Lock a qualified handoff whose lead `by` still has. Raises LostRace if it moved on."""
    locked = handoffs.locked(handoff.pk)
    if not still_has(by, locked):
        raise LostRace("This lead has moved on since it was qualified.")
    return locked


def _move_on(lead: Lead, handoff: Handoff, state: str, *, by: User, at: datetime) -> None:
    stage = {
        Opportunity.State.OPEN: Stage.Key.OPPORTUNITY,
        Opportunity.State.WON: Stage.Key.CUSTOMER,
        Opportunity.State.LOST: handoff.hop.return_stage_id,
    }[Opportunity.State(state)]
    reason = f"Deal {state}, says {by}"
    lifecycle.move(lead, stage, at=at, reason=reason, by=by, handoff=handoff)
    if state == Opportunity.State.LOST:
        nurture = Queue.objects.get(key=handoffs.NURTURE)
        source = OwnershipChange.Source.REP
        ownership.take(lead, to=nurture, source=source, reason="Deal lost", by=by, at=at)
