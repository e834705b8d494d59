"""Undoing a close by mistake: the same rep has the lead again, in a handoff that follows on it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from feedback import answers
from feedback.errors import CannotTakeBack
from leads import handoffs, lifecycle
from leads.models import Assignment, Handoff, Role, User
from routing import routing
from sla import clocks
from sla.models import Clock

# Later it is no slip any more: what is new about a lead opens another handoff.
WITHIN = timedelta(days=7)
BY_MISTAKE = (Handoff.ClosedAs.RECYCLED, Handoff.ClosedAs.DISQUALIFIED)
COPIED = (
    "trigger_key",
    "reason",
    "priority",
    "criteria",
    "fit",
    "readiness",
    "band",
    "better_band",
    "packet",
)
RESPONSE = ("first_response_at", "first_response_wall", "first_response_working")


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
    others = Handoff.objects.filter(lead=handoff.lead_id)
    newer = others.filter(Q(opened_at__gte=handoff.closed_at) | Q(closed_at=None))
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
    asked, unless it was kept before.
    Raises CannotTakeBack, and CannotTake if the rep takes no leads any more.
    """
    closed = handoffs.locked(handoff.pk)
    turn = turn_to_take_back(closed, by, at)
    if turn is None:
        raise CannotTakeBack("This can’t be undone any more. Hand the lead over instead.")
    reason = f"Closed by mistake, says {by}"
    opened = _open_again(closed, reason=reason, by=by, at=at)
    lifecycle.bring_to_sales(opened, reason=reason, override=reason, by=by, at=at)
    _keep_response(closed, opened, waits=clocks.carry_over(closed, opened, at=at))
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
    _copy(COPIED, closed, opened)
    return opened


def _keep_response(closed: Handoff, opened: Handoff, *, waits: Sequence[Clock]) -> None:
    """Let who was answered before the close count as answered; who asked again since waits from
    then on. waits: the prospect's clocks that go on.
    """
    answered_at = closed.first_response_at
    asked_at = closed.lead.last_hand_raise_at or closed.opened_at
    if answered_at is not None and waits:
        opened.hand_raised_at = waits[0].started_at
        opened.save(update_fields=["hand_raised_at"])
    elif answered_at is not None and asked_at <= answered_at:
        _copy(RESPONSE, closed, opened)


def _copy(fields: Sequence[str], closed: Handoff, opened: Handoff) -> None:
    for name in fields:
        setattr(opened, name, getattr(closed, name))
    opened.save(update_fields=fields)
