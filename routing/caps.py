"""How much a rep may be given: open at once, in a day, in a week."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from leads.models import Assignment, Organisation, User

LONGEST_WEEK = timedelta(days=8)


class Caps(NamedTuple):
    """How much a rep takes; None: any number."""

    is_online: bool = True
    max_open: int | None = None
    max_per_day: int | None = None
    max_per_week: int | None = None

    def is_full(self, open_count: int) -> bool:
        """Whether nothing but a change or a handoff that is closed lets them take another."""
        return not self.is_online or (self.max_open is not None and open_count >= self.max_open)


@dataclass(frozen=True, slots=True)
class Lately:
    """When each rep, by id, was passed a lead this week, oldest first, and on which weekday weeks
    begin.
    """

    passed: dict[int, list[datetime]] = field(default_factory=dict)
    first_weekday: int = 0


def passed_lately(reps: Sequence[tuple[int, Caps]], at: datetime) -> Lately:
    """Return what daily and weekly caps are measured by; nothing of reps who have neither."""
    capped = [
        rep_id
        for rep_id, caps in reps
        if caps.max_per_day is not None or caps.max_per_week is not None
    ]
    passed: dict[int, list[datetime]] = {}
    if capped:
        rows = Assignment.objects.filter(rep__in=capped, passed_at__gt=at - LONGEST_WEEK)
        for rep_id, passed_at in rows.order_by("passed_at").values_list("rep", "passed_at"):
            passed.setdefault(rep_id, []).append(passed_at)
    if any(caps.max_per_week is not None for _, caps in reps):
        return Lately(passed, Organisation.objects.get().first_weekday)
    return Lately(passed)


def over_cap(caps: Caps, rep: User, *, open_count: int, lately: Lately, at: datetime) -> str:
    """Return which cap keeps `rep` from another lead, with its numbers; "" if none does. Days and
    weeks are those of the rep's zone.
    """
    if not caps.is_online:
        return "takes no leads now"
    if caps.max_open is not None and open_count >= caps.max_open:
        return f"is at cap: {open_count} of {caps.max_open} open"
    passed = lately.passed.get(rep.pk, [])
    if caps.max_per_day is not None:
        count = _since(day_start(at, rep.zone), passed)
        if count >= caps.max_per_day:
            return f"is at cap: {count} of {caps.max_per_day} today"
    if caps.max_per_week is not None:
        count = _since(week_start(at, rep.zone, first_weekday=lately.first_weekday), passed)
        if count >= caps.max_per_week:
            return f"is at cap: {count} of {caps.max_per_week} this week"
    return ""


def next_day(at: datetime, zone: str) -> datetime:
    """Return when the day after the one that `at` lies in begins in `zone`."""
    return (day_start(at, zone) + timedelta(days=1)).astimezone(UTC)


def _since(start: datetime, passed: Sequence[datetime]) -> int:
    return len(passed) - bisect_left(passed, start)


@lru_cache(maxsize=1_024)
def day_start(at: datetime, zone: str) -> datetime:
    """Return when the day that `at` lies in began in `zone`."""
    local = at.astimezone(ZoneInfo(zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def week_start(at: datetime, zone: str, *, first_weekday: int) -> datetime:
    """Return when the week that `at` lies in began in `zone`; weekdays count from 0, Monday."""
    today = day_start(at, zone)
    return today - timedelta(days=(today.weekday() - first_weekday) % 7)
