"""When the clocks of a zone change next. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sla.opening_hours import offset_periods

AHEAD = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class ClockChange:
    """At `at` the clocks of a zone go from one time to another; `by` is below zero if back."""

    at: datetime
    by: timedelta
    was: datetime
    becomes: datetime

    @property
    def is_forward(self) -> bool:
        return self.by > timedelta(0)


def next_clock_change(zone: ZoneInfo, at: datetime) -> ClockChange | None:
    """Return the first clock change of `zone` within a year after `at`; None: there is none.

    at: in UTC. `was` and `becomes` are wall times of the zone, without one.
    """
    for before, after in pairwise(offset_periods(zone, at, at + AHEAD)):
        change = after[0].replace(tzinfo=None)
        return ClockChange(after[0], after[2] - before[2], change + before[2], change + after[2])
    return None
