"""Days, weeks and longer periods on the organisation's calendar. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

PERIODS = [
    ("week", "This week"),
    ("last_week", "Last week"),
    ("30", "Last 30 days"),
    ("90", "Last 90 days"),
    ("all", "All time"),
    ("custom", "From … to …"),
]
ONE_DAY, ONE_WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to but not including `end`; None: without a bound."""

    start: datetime | None
    end: datetime | None


def midnight(day: date, zone: str) -> datetime:
    """Return when `day` begins in `zone`."""
    return datetime.combine(day, time.min, ZoneInfo(zone))


def day_of(at: datetime, zone: str) -> Period:
    """Return the day in `zone` that holds `at`."""
    today = at.astimezone(ZoneInfo(zone)).date()
    return days(today, today, zone)


def days(first: date | None, last: date | None, zone: str) -> Period:
    """Return the days from `first` to `last`, both included."""
    return Period(
        midnight(first, zone) if first else None,
        midnight(last + ONE_DAY, zone) if last else None,
    )


def week_of(at: datetime, zone: str, first_weekday: int, *, weeks_ago: int = 0) -> Period:
    """Return the week in `zone` that holds `at`, or one before it. `first_weekday`: 0 is Monday."""
    today = at.astimezone(ZoneInfo(zone)).date()
    first = today - timedelta(days=(today.weekday() - first_weekday) % 7) - weeks_ago * ONE_WEEK
    return days(first, first + ONE_WEEK - ONE_DAY, zone)


def named_period(name: str, at: datetime, *, zone: str, first_weekday: int) -> Period:
    """Return one of `PERIODS` as of `at`; "all", "custom" and unknown ones have no bounds."""
    if name == "week":
        return week_of(at, zone, first_weekday)
    if name == "last_week":
        return week_of(at, zone, first_weekday, weeks_ago=1)
    if name.isdecimal():
        today = at.astimezone(ZoneInfo(zone)).date()
        return days(today - (int(name) - 1) * ONE_DAY, None, zone)
    return Period(None, None)
