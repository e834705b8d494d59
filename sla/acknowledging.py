"""Who is told of a step says that they are on it: the ladder then waits for so long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from leads.models import Handoff, Role, User
from sla.errors import SlaError
from sla.lengths import length_text
from sla.models import Clock, ClockEvent

MAY = (Role.REP, Role.MANAGER, Role.MARKETING_OPS, Role.ADMIN)
LENGTHS = tuple(timedelta(minutes=minutes) for minutes in (15, 30, 60, 120, 240))
HELD = ("acknowledged_level", "acknowledged_until", "acknowledged_by", "next_at")


class NothingToAcknowledge(SlaError):
    """Nothing has been escalated since somebody last said that they were on it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the ladders of a lead stand.

    held:      the clock whose ladder waits longest, since somebody is on it; None: none waits.
    holds_all: whether all of them wait; one that somebody else got meanwhile does not.
    has_news:  a step was done that nobody acknowledged.
    """

    held: Clock | None
    holds_all: bool
    has_news: bool


def may_acknowledge(user: User) -> bool:
    return user.has_role(*MAY)


def standing(clocks: Iterable[Clock], at: datetime) -> Standing:
    """Return how the ladders of these running clocks of one handoff stand. It asks for no rows but
    who acknowledged.
    """
    clocks = list(clocks)
    held = [clock for clock in clocks if (clock.acknowledged_until or at) > at]
    longest = max(held, key=lambda clock: clock.acknowledged_until or at, default=None)
    return Standing(longest, len(held) == len(clocks), any(_has_news(clock) for clock in clocks))


@transaction.atomic
def acknowledge(handoff: Handoff, *, by: User, length: timedelta, at: datetime) -> datetime:
    """Note that `by` is on it, and let the ladders of all running clocks of `handoff`, and of those
    that start meanwhile, wait for `length`. Returns till when.

    Clocks and deadlines run on: what was reached meanwhile is noted once the time is up, and the
    highest step done. Raises NothingToAcknowledge unless a step was done since the last time:
    nobody holds a ladder for ever.
    """
    of_handoff = Clock.objects.running().of_people().filter(handoff=handoff).order_by("id")
    clocks = list(of_handoff.select_for_update(no_key=True))
    if not standing(clocks, at).has_news:
        raise NothingToAcknowledge("Nothing new was escalated: there is nothing to acknowledge.")
    until = at + length
    for clock in clocks:
        clock.acknowledged_level = clock.reached
        clock.acknowledged_until, clock.acknowledged_by = until, by
        clock.next_at = max(clock.next_at, until) if clock.next_at else None
    Clock.objects.bulk_update(clocks, HELD)
    said = f"On it for {length_text(length)}"
    events = [_event(clock, said, by=by, at=at) for clock in clocks]
    ClockEvent.objects.bulk_create(events, ignore_conflicts=True)
    return until


def hold_too(starting: Iterable[Clock], handoff: Handoff, *, since: datetime, at: datetime) -> None:
    """Let the ladders of clocks of `handoff` that are `starting`, not saved, wait as the others do,
    if somebody said since `since` that they are on it.
    """
    said = {"events__kind": ClockEvent.Kind.HELD, "events__processed_at__gte": since}
    held = Clock.objects.filter(handoff=handoff, acknowledged_until__gt=at, **said)
    longest = held.order_by("acknowledged_until").last()
    if longest is None or longest.acknowledged_until is None:
        return
    for clock in starting:
        clock.acknowledged_until = until = longest.acknowledged_until
        clock.acknowledged_by_id = longest.acknowledged_by_id
        clock.next_at = max(clock.next_at, until) if clock.next_at else None


def _has_news(clock: Clock) -> bool:
    return clock.reached is not None and clock.reached > (clock.acknowledged_level or 0)


def _event(clock: Clock, said: str, *, by: User, at: datetime) -> ClockEvent:
    return ClockEvent(
        clock=clock,
        kind=ClockEvent.Kind.HELD,
        level=clock.reached or 0,
        due_at=at,
        processed_at=at,
        by=by,
        detail=said,
    )
