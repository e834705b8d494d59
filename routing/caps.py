"""How much a rep may be given: open at once, in a day, in a week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from leads.models import Assignment, Organisation, User
from routing.models import Capacity

LONGEST_WEEK = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Lately:
    """When each rep, by id, was passed a lead this week, and on which weekday weeks begin."""

    passed: dict[int, list[datetime]] = field(default_factory=dict)
    first_weekday: int = 0


def passed_lately(reps: Sequence[tuple[int, Capacity]], at: datetime) -> Lately:
    """Return what daily and weekly caps are measured by; nothing of reps who have neither."""
    capped = [
        rep_id
        for rep_id, capacity in reps
        if capacity.max_per_day is not None or capacity.max_per_week is not None
    ]
    passed: dict[int, list[datetime]] = {}
    if capped:
        rows = Assignment.objects.filter(rep__in=capped, passed_at__gt=at - LONGEST_WEEK)
        for rep_id, passed_at in rows.values_list("rep", "passed_at"):
            passed.setdefault(rep_id, []).append(passed_at)
    if any(capacity.max_per_week is not None for _, capacity in reps):
        return Lately(passed, Organisation.objects.get().first_weekday)
    return Lately(passed)


def over_cap(
    capacity: Capacity, rep: User, *, open_count: int, lately: Lately, at: datetime
) -> str:
    """Return which cap keeps `rep` from another lead, with its numbers; "" if none does. Days and
    weeks are those of the rep's zone.
    """
    passed = lately.passed.get(rep.pk, [])
    if not capacity.is_online:
        return "takes no leads now"
    if capacity.max_open is not None and open_count >= capacity.max_open:
        return f"is at cap: {open_count} of {capacity.max_open} open"
    today = day_start(at, rep.zone)
    count = sum(when >= today for when in passed)
    if capacity.max_per_day is not None and count >= capacity.max_per_day:
        return f"is at cap: {count} of {capacity.max_per_day} today"
    if capacity.max_per_week is None:
        return ""
    week = week_start(at, rep.zone, first_weekday=lately.first_weekday)
    count = sum(when >= week for when in passed)
    if count >= capacity.max_per_week:
        return f"is at cap: {count} of {capacity.max_per_week} this week"
    return ""


def day_start(at: datetime, zone: str) -> datetime:
    """Return when the day that `at` lies in began in `zone`."""
    local = at.astimezone(ZoneInfo(zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def week_start(at: datetime, zone: str, *, first_weekday: int) -> datetime:
    """Return when the week that `at` lies in began in `zone`; weekdays count from 0, Monday."""
    today = day_start(at, zone)
    return today - timedelta(days=(today.weekday() - first_weekday) % 7)
