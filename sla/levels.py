"""The levels of a clock: shares of its promised time, one of which is the breach. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sla import stretches
from sla.business_time import WorkingTime
from sla.errors import SlaError
from sla.models import Clock, ClockEvent, Target
from sla.policies import BREACH
from sla.stretches import NOTHING, Stretch

Event, Action = ClockEvent.Kind, Target.Action
# The steps that do more than tell people: no other one stands in for them.
ACTS = (Action.WRITE, Action.REASSIGN)


class NotDue(SlaError):
    """A clock is to fire although it has reached no level: its row contradicts itself."""


class Level(NamedTuple):
    """A share of the promised time in percent, the instant at which it is used up, and the step of
    the ladder that is done then; "" is none.
    """

    percent: int
    at: datetime
    action: str = ""


def instants(
    started_at: datetime,
    allowed: timedelta,
    percents: Sequence[int],
    *,
    schedule: WorkingTime | None,
    used: timedelta = NOTHING,
    pauses: Sequence[Stretch] = (),
) -> list[datetime]:
    """Return when each share of `allowed` is used up. Without a schedule the wall clock counts.

    used:   what of it was gone at the start, less than the least share.
    pauses: when it stood or will stand still, in order.
    """
    lengths = [allowed * percent / BREACH - used for percent in percents]
    return [stretches.add(started_at, each, schedule=schedule, pauses=pauses) for each in lengths]


def retime(clock: Clock, *, schedule: WorkingTime | None, pauses: Sequence[Stretch]) -> None:
    """Move the levels of a running clock to where they lie with its pauses; what fired stays."""
    clock.level_ats = instants(
        clock.started_at,
        clock.allowed,
        clock.levels,
        schedule=schedule,
        used=clock.used_before,
        pauses=pauses,
    )
    clock.due_at = clock.level_ats[clock.levels.index(BREACH)]
    if clock.next_level is not None:
        next_at = clock.level_ats[clock.levels.index(clock.next_level)]
        clock.next_at = max(next_at, clock.acknowledged_until or next_at)


def to_come(clock: Clock) -> list[Level]:
    """Return the levels of `clock` that nothing on record has passed yet."""
    if clock.next_level is None:
        return []
    levels = map(Level, clock.levels, clock.level_ats, clock.actions)
    return [level for level in levels if level.percent >= clock.next_level]


def move_on(clock: Clock, at: datetime) -> list[ClockEvent]:
    """Take `clock` past every level reached by `at`; return what happened, the highest level last.

    What was slept through goes on record as skipped, the breach as one of which nobody was told,
    but for what is owed still: see `_owed`. Raises NotDue if none was reached.
    """
    coming = to_come(clock)
    reached = [level for level in coming if level.at <= at]
    if not reached:
        raise NotDue(f"Clock {clock.pk} has reached no level by {at}.")
    left = coming[len(reached) :]
    clock.next_level, clock.next_at = left[0][:2] if left else (None, None)
    owed = _owed(reached)
    if any(level.action == Action.REASSIGN for level in owed):
        clock.reroute_at = at
    return [
        _fire(clock, level, at) if level in owed else _skip(clock, level, at) for level in reached
    ]


def _owed(reached: Sequence[Level]) -> list[Level]:
    """Return which of the levels that were reached at once are done: each that passes the lead on
    or writes to the prospect, and of the others the highest, unless it lies below one that passes
    it on. A warning is none any more once the deadline has passed.
    """
    telling = [level for level in reached if level.action != Action.WRITE]
    if reached[-1].percent >= BREACH:
        telling = [level for level in telling if level.percent >= BREACH]
    return [level for level in reached if level.action in ACTS or level in telling[-1:]]


def settle(clock: Clock, stopped_at: datetime, *, at: datetime) -> list[ClockEvent]:
    """Take `clock` past the levels that lay before its stop, which nobody need be told of now.

    Reaching the deadline itself is in time. A breach that no sweep had seen is a breach all the
    same; warnings are skipped.
    """
    passed = [level for level in to_come(clock) if level.at < stopped_at]
    clock.next_level, clock.next_at = None, None
    return [_skip(clock, level, at) for level in passed]


def event_of(clock: Clock, level: Level, kind: str, *, at: datetime) -> ClockEvent:
    """Return an event, not saved: when it was due and when we came to it."""
    return ClockEvent(clock=clock, kind=kind, level=level.percent, due_at=level.at, processed_at=at)


def _skip(clock: Clock, level: Level, at: datetime) -> ClockEvent:
    if level.percent == BREACH:
        return _breach(clock, level, at)
    return event_of(clock, level, Event.SKIPPED, at=at)


def _fire(clock: Clock, level: Level, at: datetime) -> ClockEvent:
    if level.percent == BREACH:
        event = _breach(clock, level, at)
    else:
        kind = Event.WARNED if level.percent < BREACH else Event.ESCALATED
        event = event_of(clock, level, kind, at=at)
    event.action = level.action
    return event


def _breach(clock: Clock, level: Level, at: datetime) -> ClockEvent:
    clock.breached_at = level.at
    return event_of(clock, level, Event.BREACHED, at=at)
