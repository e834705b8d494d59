"""What a touch does to promises: as it is logged, and once it is said what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from feedback import pausing
from leads import handoffs
from leads.errors import LostRace
from leads.models import Handoff, Touch, User
from sla import clocks, responses, touch_clocks
from sla.models import Target

# The prospect answered: nobody waits for them any more.
REACHED = (Touch.Outcome.REPLIED, Touch.Outcome.SPOKE, Touch.Outcome.MEETING_BOOKED)

# Of touches that were logged here.
TO_BE_SAID = Q(outcome="", assignment__isnull=False)

# Whoever closes a handoff has still to say what came of what they did.
STILL_ASKED = (Target.Kind.OUTCOME,)


def to_be_said(rep: User) -> QuerySet[Touch]:
    """Return the touches whose outcome `rep` has still to say, in order; the lead may be another's
    by now.
    """
    return Touch.objects.filter(TO_BE_SAID, by=rep).order_by("occurred_at", "pk")


def is_to_be_said() -> Exists:
    """Return the condition, of a handoff's row, that its rep has still to say what came of a touch
    of its lead.
    """
    return Exists(Touch.objects.filter(TO_BE_SAID, lead=OuterRef("lead"), by=OuterRef("owner")))


def count(touch: Touch, handoff: Handoff, kinds: Iterable[str], *, at: datetime) -> None:
    """Let a touch stop the clocks of these kinds in a locked handoff, as of when it was made, be
    the first response if none came before, and end the wait for a prospect who answered.
    """
    clocks.stop(
        handoff,
        kinds,
        at=touch.occurred_at,
        evidence=str(touch),
        by=touch.by,
        channel=touch.channel,
        touch=touch,
        recorded_at=at,
    )
    responses.record_first_response(handoff, at=touch.occurred_at, rep=touch.by)
    if touch.outcome in REACHED:
        _wait_no_longer(touch, handoff, at=at)


@transaction.atomic
def say_outcome(touch: Touch, outcome: str, *, at: datetime) -> Touch:
    """Say what came of a touch, in the name of who made it: its clock stops, and if the prospect
    answered, nobody is to follow up on it or waits for them.

    Raises LostRace if it was said before.
    """
    assert touch.handoff_id is not None
    handoff = handoffs.locked(touch.handoff_id)
    said = Touch.objects.filter(pk=touch.pk, outcome="").update(outcome=outcome, outcome_at=at)
    touch.refresh_from_db()
    if not said:
        raise LostRace(f"That was said already: {touch}.", at=touch.outcome_at)
    touch_clocks.stop_outcome_clock(touch, at=at)
    if outcome in REACHED:
        if not _later(touch).exists():
            clocks.end(touch_clocks.turn_of(touch), at=at, kind=Target.Kind.FOLLOW_UP)
        current = Handoff.objects.open().filter(lead=handoff.lead_id).first()
        if current is not None:  # perhaps the one that goes on after a merge
            _wait_no_longer(touch, handoffs.locked(current.pk), at=at)
    return touch


def _wait_no_longer(touch: Touch, handoff: Handoff, *, at: datetime) -> None:
    pausing.they_answered(handoff, answered_at=touch.occurred_at, at=at, because=str(touch))


def _later(touch: Touch) -> QuerySet[Touch]:
    """Return what the rep did about the lead after `touch`, since nobody had answered by then."""
    return Touch.objects.filter(
        assignment=touch.assignment_id, is_automated=False, occurred_at__gt=touch.occurred_at
    )
