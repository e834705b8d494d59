"""Lengths of time that leave out pauses, in working time or by the wall. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sla.business_time import WorkingTime

NOTHING = timedelta(0)


class Stretch(NamedTuple):
    """From an instant on, and no longer at its end."""

    start: datetime
    end: datetime


def add(
    start: datetime,
    length: timedelta,
    *,
    schedule: WorkingTime | None,
    pauses: Sequence[Stretch] = (),
) -> datetime:
    """Return the earliest instant by which `length`, more than nothing, has passed since `start`.

    schedule: None counts by the wall.
    pauses:   what does not count, in order, without overlaps.
    """
    for pause in pauses:
        counted = between(start, pause.start, schedule=schedule) if start < pause.start else NOTHING
        if length <= counted:
            break
        start, length = max(start, pause.end), length - counted
    return schedule.add(start, length) if schedule else start + length


def between(
    start: datetime,
    end: datetime,
    *,
    schedule: WorkingTime | None,
    pauses: Sequence[Stretch] = (),
) -> timedelta:
    """Return what counts from `start` to `end`, which does not come before it. Else as `add`."""
    left_out = [
        _length(max(start, pause.start), min(end, pause.end), schedule)
        for pause in pauses
        if pause.start < end and pause.end > start
    ]
    return _length(start, end, schedule) - sum(left_out, NOTHING)


def _length(start: datetime, end: datetime, schedule: WorkingTime | None) -> timedelta:
    return schedule.between(start, end) if schedule else end - start
