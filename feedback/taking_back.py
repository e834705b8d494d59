"""Undoing what sent a lead away by mistake: the same rep has it again. A handoff that was closed is
followed by another; one that went to the next rep or to review comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from feedback import answers
from feedback.errors import CannotTakeBack
from feedback.models import Disposition
from leads import handoffs, lifecycle
from leads.correcting import may_correct
from leads.models import Assignment, Handoff, Role, User
from routing import routing
from routing.models import Decision
from sla import clocks
from sla.models import Clock, Target

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


def answers_for(turn: Assignment, user: User) -> bool:
    """Whether a turn is `user`'s to undo: its rep's, the manager's of that rep, an admin's."""
    is_managers = turn.rep.team is not None and turn.rep.team.manager_id == user.pk
    return turn.rep_id == user.pk or is_managers or user.has_role(Role.ADMIN)


def had_a_turn(handoff: Handoff, user: User) -> bool:
    """Whether there was a turn at `handoff` that `user` answers for, whatever became of it."""
    turns = handoff.assignments.select_related("rep__team")
    return any(answers_for(turn, user) for turn in turns)


def turn_to_take_back(handoff: Handoff, user: User, at: datetime) -> Assignment | None:
    """Return the turn with which `handoff` was closed, or sent to the next rep or to review, if
    `user` may undo that at `at`: within a week, while nothing newer came of it.
    """
    turn = _given_back(handoff) if handoff.is_open else _closed_with(handoff)
    if turn is None or turn.ended_at is None or not answers_for(turn, user):
        return None
    return turn if at <= turn.ended_at + WITHIN else None


def _closed_with(handoff: Handoff) -> Assignment | None:
    """Return the turn that closed `handoff`, while nothing newer was opened."""
    if handoff.closed_at is None or handoff.closed_as not in BY_MISTAKE:
        return None
    others = Handoff.objects.filter(lead=handoff.lead_id)
    newer = others.filter(Q(opened_at__gte=handoff.closed_at) | Q(closed_at=None))
    if newer.exists() or handoff.lead.stage_id in lifecycle.WITH_SALES:
        return None
    turn = handoff.assignments.select_related("rep__team").order_by("seq").last()
    # What a reviewer closed is theirs to hand over again.
    return turn if turn and turn.ended_at == handoff.closed_at else None


def _given_back(handoff: Handoff) -> Assignment | None:
    """Return the turn whose rep gave an open handoff back last, while nobody who got it since has
    seen it and no person has decided who gets it.
    """
    of_turns = Disposition.objects.filter(handoff=handoff, assignment__isnull=False)
    said = of_turns.select_related("assignment__rep__team").order_by("assignment__seq").last()
    if said is None or said.assignment is None:
        return None
    since = handoff.assignments.filter(seq__gt=said.assignment.seq)
    seen = since.filter(received_at__isnull=False)
    by_hand = Decision.objects.filter(handoff=handoff, by__isnull=False, at__gte=said.at)
    return None if seen.exists() or by_hand.exists() else said.assignment


@transaction.atomic
def take_back(handoff: Handoff, *, by: User, at: datetime) -> Handoff:
    """Pass a lead that was sent away by mistake to the rep who had it, and return its handoff: the
    one that follows on a closed one, else the same. One who had accepted it and takes it back has
    accepted it again. What was answered stays on record.

    Promises to do with a turn start anew; what the prospect was promised goes on from when they
    asked, unless it was kept before.
    Raises CannotTakeBack, and CannotTake if the rep takes no leads any more.
    """
    fresh = handoffs.locked(handoff.pk)
    turn = turn_to_take_back(fresh, by, at)
    if turn is None:
        raise CannotTakeBack(_why_not(fresh, by))
    again = fresh if fresh.is_open else _reopen(fresh, by=by, at=at)
    clocks.end(again, at=at, kind=Target.Kind.REVIEW)  # nobody reviewed it, nor is asked to
    note = "given back by mistake" if fresh.is_open else "closed by mistake"
    decision = routing.reassign(again, turn.rep, by=by, at=at, note=note)
    new = decision.assignment
    if new and by == turn.rep and turn.answer == Assignment.Answer.ACCEPTED:
        answers.accept(new, by=by, at=at, override=f"{note.capitalize()}, says {by}")
    again.refresh_from_db()
    return again


def _why_not(handoff: Handoff, by: User) -> str:
    current = Handoff.objects.with_reps().filter(lead=handoff.lead_id).select_related("owner")
    if holder := next((each.owner for each in current), None):
        if holder == by:
            return "You have this lead again already."
        return f"{holder} has this lead by now: it can’t be undone any more."
    instead = " Hand the lead over instead." if may_correct(by) else ""
    return f"This can’t be undone any more.{instead}"


def _reopen(closed: Handoff, *, by: User, at: datetime) -> Handoff:
    """Open the handoff that goes on from one that was closed, with its reason, score and packet."""
    reason = f"Closed by mistake, says {by}"
    opened = _open_again(closed, reason=reason, by=by, at=at)
    lifecycle.bring_to_sales(opened, reason=reason, override=reason, by=by, at=at)
    _keep_response(closed, opened, waits=clocks.carry_over(closed, opened, at=at))
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
    opened_at = [closed, *handoffs.earlier_of(closed)][-1].opened_at
    asked_at = closed.lead.last_hand_raise_at or opened_at
    if answered_at is not None and asked_at <= answered_at:
        _copy(RESPONSE, closed, opened)
    elif answered_at is not None and waits:
        opened.hand_raised_at = waits[0].started_at
        opened.save(update_fields=["hand_raised_at"])


def _copy(fields: Sequence[str], closed: Handoff, opened: Handoff) -> None:
    for name in fields:
        setattr(opened, name, getattr(closed, name))
    opened.save(update_fields=fields)
