"""The clocks that a touch starts: of the next one, and of saying what came of it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from leads.models import Assignment, Touch, User
from sla import clocks
from sla.models import Clock, ClockEvent, Target
from sla.policies import Promise, policy_for, starts_something

Kind, Start = Target.Kind, Target.Start


@transaction.atomic
def start_follow_up_clock(touch: Touch, *, at: datetime) -> list[Clock]:
    """Start the clock of the next touch in a rep's turn after `touch`, unless it runs. Once all
    that the cadence asks for have been made, which one that is logged late may show, it is ended.
    """
    assignment = turn_of(touch)
    if not starts_something(Start.TOUCHED, at):
        return []
    promise = policy_for(assignment.handoff, at)[0].promises.get(Kind.FOLLOW_UP)
    earlier = Clock.objects.filter(assignment=assignment, kind=Kind.FOLLOW_UP)
    if promise is not None and _is_complete(promise, assignment):
        clocks.end(assignment, at=touch.occurred_at, recorded_at=at, kind=Kind.FOLLOW_UP)
        return []
    if promise is None or earlier.running().exists():
        return []
    return _start(touch, Kind.FOLLOW_UP, seq=earlier.count() + 1, at=at)


@transaction.atomic
def start_outcome_clock(touch: Touch, *, at: datetime) -> list[Clock]:
    """Start the clock of saying what came of `touch`. Call it once."""
    if not starts_something(Start.TOUCHED, at):
        return []
    return _start(touch, Kind.OUTCOME, seq=_number_of(touch), at=at)


def stop_outcome_clock(touch: Touch, *, at: datetime) -> int:
    """Stop the clock of saying what came of `touch`, said at `at`. Returns how many there were."""
    assignment = turn_of(touch)
    return clocks.stop(
        assignment.handoff,
        [Kind.OUTCOME],
        at=at,
        evidence=str(touch),
        by=touch.by,
        channel=ClockEvent.Channel.ANSWERED,
        which=Q(assignment=assignment, seq=_number_of(touch)),
    )


def end_outcome_clocks(rep: User, *, at: datetime) -> None:
    """Ask `rep`, who leaves, no more what came of their touches."""
    asked = Clock.objects.running().filter(kind=Kind.OUTCOME, assignment__rep=rep)
    for turn in Assignment.objects.filter(pk__in=asked.values("assignment")).order_by("pk"):
        clocks.end(turn, at=at, kind=Kind.OUTCOME)


def turn_of(touch: Touch) -> Assignment:
    """Return the rep's turn in which a touch was logged: each that a person logs here has one."""
    assert touch.assignment is not None
    return touch.assignment


def _start(touch: Touch, kind: Target.Kind, *, seq: int, at: datetime) -> list[Clock]:
    assignment = turn_of(touch)
    return clocks.start(
        assignment.handoff,
        {kind: seq},
        {Start.TOUCHED: touch.occurred_at},
        at=at,
        assignment=assignment,
        turn_began=assignment.passed_at,
    )


def _is_complete(cadence: Promise, assignment: Assignment) -> bool:
    """Whether a rep has made as many touches, by as many channels, as were promised."""
    channels = assignment.touches.filter(is_automated=False).values_list("channel", flat=True)
    return len(channels) >= cadence.touches and len(set(channels)) >= cadence.channels


def _number_of(touch: Touch) -> int:
    """Return which touch of its turn this is, counted as they were logged, from 1."""
    return Touch.objects.filter(assignment=touch.assignment_id, pk__lte=touch.pk).count()
