"""What a clock starts with: built here, saved by `sla.clocks`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import datetime, timedelta
from typing import NamedTuple

from leads.models import Handoff, Version
from sla.business_time import NoWorkingTime
from sla.calendars import WorkingHours, hours_for
from sla.levels import instants
from sla.models import Clock, ClockEvent, Target
from sla.policies import BREACH, Promise, Step
from sla.stretches import NOTHING


class Terms(NamedTuple):
    """What a clock is started with, beside its promise."""

    policies: Version
    policy_label: str
    hours: WorkingHours


def new_clock(
    handoff: Handoff, promise: Promise, started_at: datetime, terms: Terms, *, used: timedelta
) -> Clock:
    """Return the clock of `promise` that starts at `started_at`, not saved.

    used: of its time, by earlier reps.
    It is counted by the office's hours if those of its terms end before its time has passed.
    """
    clock = Clock(
        lead_id=handoff.lead_id,
        handoff=handoff,
        kind=promise.kind,
        measure=promise.measure,
        policies=terms.policies,
        policy_label=terms.policy_label,
        allowed=promise.allowed,
        started_at=started_at,
        used_before=used,
        pauses=list(promise.pauses),
    )
    if promise.measure != Target.Measure.WORKING:
        _give_ladder(clock, promise, None)
        return clock
    try:
        _give_ladder(clock, promise, terms.hours)
    except NoWorkingTime:  # a calendar that ends, as that of a trade fair
        _give_ladder(clock, promise, hours_for(None, started_at))
    return clock


def _give_ladder(clock: Clock, promise: Promise, hours: WorkingHours | None) -> None:
    """Give `clock` the steps of its promise that are left, and when each is reached by `hours`;
    None counts by the wall. Raises NoWorkingTime.
    """
    used = clock.used_before
    steps = steps_left(promise, used)
    shares = [step.percent for step in steps]
    schedule = hours.schedule if hours else None
    level_ats = instants(clock.started_at, promise.allowed, shares, used=used, schedule=schedule)
    clock.calendar, clock.within = (hours.calendar, hours.within) if hours else (None, None)
    clock.levels, clock.level_ats = shares, level_ats
    clock.actions = [step.action for step in steps]
    clock.urgent = [share for share in shares if share in promise.urgent]
    clock.due_at = level_ats[shares.index(BREACH)]
    clock.next_level, clock.next_at = shares[0], level_ats[0]


def steps_left(promise: Promise, used: timedelta) -> Sequence[Step]:
    """Return the steps of its ladder that lie beyond what was `used` of its time before."""
    return [step for step in promise.ladder if promise.allowed * step.percent / BREACH > used]


def used_before(handoff: Handoff, promises: Iterable[Promise]) -> Mapping[str, timedelta]:
    """Return by kind what reps have used of `promises` that go on with the next one: all of it
    where it was done.
    """
    used: defaultdict[str, timedelta] = defaultdict(timedelta)
    if allowed := {promise.kind: promise.allowed for promise in promises}:
        of_reps = Clock.objects.filter(handoff=handoff, kind__in=allowed, assignment__isnull=False)
        for clock in of_reps.exclude(stopped_at=None).order_by("id"):
            is_done = clock.stop_reason == Clock.StopReason.MET
            used[clock.kind] = allowed[clock.kind] if is_done else clock.elapsed or NOTHING
    return used


def carried(ended: Clock, handoff: Handoff, *, seq: int, reached: int) -> Clock:
    """Return the clock in which `ended` goes on in another handoff, not saved: with its start, its
    terms and deadline, at the first level beyond `reached`.
    """
    clock = copy(ended)
    clock.pk, clock._state.adding = None, True
    clock.ran_in = [*ended.ran_in, ended.handoff_id]
    clock.went_on = False
    clock.lead_id, clock.handoff, clock.seq = handoff.lead_id, handoff, seq
    clock.stopped_at, clock.stop_reason, clock.stop_evidence, clock.elapsed = None, "", "", None
    clock.acknowledged_until = clock.acknowledged_by = clock.acknowledged_level = None
    ladder = zip(clock.levels, clock.level_ats, strict=True)
    to_come = ((level, at) for level, at in ladder if level > reached)
    clock.next_level, clock.next_at = next(to_come, (None, None))
    return clock


def started_event(clock: Clock, at: datetime) -> ClockEvent:
    return ClockEvent(
        clock=clock,
        kind=ClockEvent.Kind.STARTED,
        due_at=clock.started_at,
        processed_at=at,
        detail=clock.policy_label,
    )
