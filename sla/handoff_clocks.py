"""Which clocks of a handoff and of a rep's turn start when."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from leads.models import Assignment, Handoff
from sla import band_starts, clocks
from sla.models import Clock, Target
from sla.policies import starts_something

Kind, Start = Target.Kind, Target.Start
# What is asked of a rep, by clocks of the assignment.
REPS = (Kind.ACCEPT, Kind.RECEIVED, Kind.FIRST_TOUCH, Kind.QUALIFIED)
# What is counted by the hours of its rep; the rest is by the office's.
BY_REPS_HOURS = (*REPS, Kind.FOLLOW_UP, Kind.OUTCOME)


@transaction.atomic
def start_handoff_clocks(
    handoff: Handoff, *, hand_raised_at: datetime | None, at: datetime
) -> list[Clock]:
    """Start the prospect's clock, from the hand-raise, else from the opening of the handoff or the
    change of band that led to it; and the one of passing it to a rep, once, unless it has been.

    The prospect has one clock for each hand-raise, and none is ever reset: a second call for the
    same start returns nothing. So does a policy without such a promise.
    """
    asked_at = hand_raised_at or handoff.opened_at
    earlier = Clock.objects.filter(handoff=handoff, kind__in=[Kind.FIRST_RESPONSE, Kind.PASSED])
    begun = list(earlier.values_list("kind", "started_at"))
    known = [started_at for kind, started_at in begun if kind == Kind.FIRST_RESPONSE]
    if asked_at in known or (known and hand_raised_at is None):
        return []
    rose_at = asked_at
    if hand_raised_at is None and starts_something(Start.BAND, at):
        rose_at = band_starts.opened_by(handoff)
    seqs = {Kind.FIRST_RESPONSE: len(known) + 1}
    if handoff.passed_at is None and Kind.PASSED not in [kind for kind, _ in begun]:
        seqs[Kind.PASSED] = 1
    starts = {Start.HAND_RAISE: asked_at, Start.OPENED: handoff.opened_at, Start.BAND: rose_at}
    return clocks.start(
        handoff, seqs, starts, at=at, turn_began=handoff.opened_at if begun else None
    )


@transaction.atomic
def start_better_band_clock(handoff: Handoff, *, at: datetime) -> list[Clock]:
    """Start another of the prospect's clocks since the lead of an open handoff rose to a better
    band, where the policy for that band says so. Call it once for each.
    """
    if not starts_something(Start.BAND, at):
        return []
    begun = Clock.objects.filter(handoff=handoff, kind=Kind.FIRST_RESPONSE).count()
    starts = {Start.BAND: band_starts.rose_at(handoff, at)}
    seqs = {Kind.FIRST_RESPONSE: begun + 1}
    return clocks.start(handoff, seqs, starts, at=at, turn_began=handoff.opened_at)


@transaction.atomic
def start_assignment_clocks(assignment: Assignment, *, at: datetime) -> list[Clock]:
    """Start the clocks of what a rep is to do from the passing on, by the rep's hours, and stop the
    one of passing it on.

    A second call for the same assignment starts nothing.
    """
    handoff, passed_at = assignment.handoff, assignment.passed_at
    waits = Q(handoff=handoff, kind=Kind.PASSED, stopped_at=None)
    found = Clock.objects.filter(Q(assignment=assignment) | waits).values_list("kind", flat=True)
    kinds = set(found)
    if kinds - {Kind.PASSED}:
        return []
    if kinds:
        clocks.stop(handoff, [Kind.PASSED], at=passed_at, evidence=f"Passed to {assignment.rep}")
    starts = {Start.PASSED: passed_at}
    return clocks.start(handoff, dict.fromkeys(REPS, 1), starts, at=at, assignment=assignment)


@transaction.atomic
def start_accepted_clocks(assignment: Assignment, *, at: datetime) -> list[Clock]:
    """Start the clocks of what a rep is to do from the acceptance at `at` on, but for what is done.

    A second call for the same assignment starts nothing.
    """
    if not starts_something(Start.ACCEPTED, at):
        return []
    done = set(Clock.objects.filter(assignment=assignment).values_list("kind", flat=True))
    if assignment.touches.filter(is_automated=False).exists():
        done.add(Kind.FIRST_TOUCH)
    seqs = {kind: 1 for kind in REPS if kind not in done}
    return clocks.start(
        assignment.handoff,
        seqs,
        {Start.ACCEPTED: at},
        at=at,
        assignment=assignment,
        turn_began=assignment.passed_at,
    )


@transaction.atomic
def start_review_clock(handoff: Handoff, at: datetime) -> list[Clock]:
    """Start the clock of whoever reviews `handoff`, unless it is running."""
    earlier = Clock.objects.filter(handoff=handoff, kind=Kind.REVIEW)
    if earlier.running().exists():
        return []
    return clocks.start(handoff, {Kind.REVIEW: earlier.count() + 1}, {Start.REVIEW: at}, at=at)
