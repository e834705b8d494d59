"""Undoing a close by mistake: the same rep has the lead again, in a handoff that follows on it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from feedback import answers
from feedback.errors import CannotTakeBack
from leads import handoffs, lifecycle
from leads.models import Assignment, Handoff, Lead, Role, Stage, User
from routing import routing
from sla import clocks
from sla.models import Clock, Target

# Later it is no slip any more: what is new about a lead opens another handoff.
WITHIN = timedelta(days=7)
BY_MISTAKE = (Handoff.ClosedAs.RECYCLED, Handoff.ClosedAs.DISQUALIFIED)
OUTSIDE = (Stage.Key.ML, Stage.Key.DISQUALIFIED)
COPIED = ("trigger_key", "reason", "priority", "criteria", "fit", "readiness", "band", "packet")


def last_turn(handoff: Handoff, user: User) -> Assignment | None:
    """Return the last turn of `handoff` if `user` answers for it: its rep, the rep's manager, an
    admin.
    """
    turn = handoff.assignments.select_related("rep__team").order_by("seq").last()
    if turn is None:
        return None
    is_managers = turn.rep.team is not None and turn.rep.team.manager_id == user.pk
    is_theirs = turn.rep_id == user.pk or is_managers or user.has_role(Role.ADMIN)
    return turn if is_theirs else None


def turn_to_take_back(handoff: Handoff, user: User, at: datetime) -> Assignment | None:
    """Return the turn with which `handoff` was closed, if `user` may undo that at `at`: within a
    week, while nothing newer was opened.
    """
    if handoff.closed_at is None or handoff.closed_as not in BY_MISTAKE:
        return None
    newer = Handoff.objects.filter(lead=handoff.lead_id, opened_at__gte=handoff.closed_at)
    if (
        at > handoff.closed_at + WITHIN
        or newer.exists()
        or handoff.lead.stage_id in lifecycle.WITH_SALES
    ):
        return None
    turn = last_turn(handoff, user)
    # What a reviewer closed is theirs to hand over again.
    return turn if turn and turn.ended_at == handoff.closed_at else None


@transaction.atomic
def take_back(handoff: Handoff, *, by: User, at: datetime) -> Handoff:
    """Open the handoff that goes on from one that was closed by mistake, and pass it to the rep who
    had it. One who had accepted it and takes it back has accepted it again. What was answered stays
    on record.

    Promises to do with a turn start anew; what the prospect was promised goes on from when they
    asked, unless it was kept or missed before.
    Raises CannotTakeBack, and CannotTake if the rep takes no leads any more.
    """
    closed = handoffs.locked(handoff.pk)
    turn = turn_to_take_back(closed, by, at)
    if turn is None:
        raise CannotTakeBack("This can’t be undone any more. Hand the lead over instead.")
    lead, reason = closed.lead, f"Closed by mistake, says {by}"
    opened = _open_again(closed, reason=reason, by=by, at=at)
    if lead.stage_id in OUTSIDE:
        lifecycle.move(
            lead, Stage.Key.MQL, at=at, reason=reason, by=by, handoff=opened, override=reason
        )
    Lead.objects.filter(pk=lead.pk).update(nurture_until=None, wakes_at=None)
    if asked := _still_promised(closed):
        clocks.start_handoff_clocks(opened, hand_raised_at=asked.started_at, at=at)
    decision = routing.reassign(opened, turn.rep, by=by, at=at, note="closed by mistake")
    again = decision.assignment
    if again and by == turn.rep and turn.answer == Assignment.Answer.ACCEPTED:
        answers.accept(again, by=by, at=at, override=reason)
    opened.refresh_from_db()
    return opened


def _open_again(closed: Handoff, *, reason: str, by: User, at: datetime) -> Handoff:
    opened = handoffs.open_handoff(
        closed.lead,
        path=closed.path,
        reason=reason,
        hand_raised_at=closed.hand_raised_at,
        previous=closed,
        by=by,
        at=at,
    )
    for name in COPIED:
        setattr(opened, name, getattr(closed, name))
    opened.save(update_fields=COPIED)
    return opened


def _still_promised(closed: Handoff) -> Clock | None:
    """Return the first clock of the prospect that the close ended before its time."""
    ended = Clock.objects.filter(
        handoff=closed,
        kind=Target.Kind.FIRST_RESPONSE,
        stop_reason=Clock.StopReason.ENDED,
        breached_at=None,
    )
    return ended.order_by("started_at").first()
