"""A calendar as it is written down, checked, and the open intervals it means in UTC.

The rules are told in docs/working-time.md. The core of them: an instant is open if the wall
clock in the calendar's zone, read at that instant, lies inside an open interval.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise, product
from operator import itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sla.errors import SlaError

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FIELDS = ("tz", "hours", "holidays", "overrides")
TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?", re.ASCII)
ONE_DAY = timedelta(days=1)

# How far apart to look for clock changes: since 1970 no zone has had two within three days.
STEP = timedelta(days=2)

# Instants in UTC; or wall-clock times, which are written as if they were UTC too.
Interval = tuple[datetime, datetime]


class WorkingTimeError(SlaError, ValueError):
    """This working time can't be computed. The message is a sentence for the user."""


class UnknownZone(WorkingTimeError):
    """The calendar names no time zone, or one that does not exist."""


class BadHours(WorkingTimeError):
    """Opening hours that can't be read."""


class BadDate(WorkingTimeError):
    """A holiday or override whose date can't be read."""


class BadCalendar(WorkingTimeError):
    """A calendar with a part that is missing, unknown or of the wrong kind."""


class Shift(NamedTuple):
    """One open interval of a day as written: lengths of time since that day's midnight."""

    opens: timedelta
    closes: timedelta
    ends: timedelta  # the close again, beyond 24 hours if it falls on the next day

    def __str__(self) -> str:
        return f"{time_text(self.opens)}–{time_text(self.closes)}"


@dataclass(frozen=True)
class OpeningHours:
    """What a calendar says. `week` has seven entries, Monday first."""

    zone: ZoneInfo
    week: tuple[tuple[Shift, ...], ...]
    holidays: frozenset[date]
    overrides: Mapping[date, tuple[Shift, ...]]

    @property
    def is_never_open(self) -> bool:
        return not any(self.week) and not any(self.overrides.values())

    def intervals(self, start: datetime, end: datetime) -> list[Interval]:
        """Return the open intervals between two UTC midnights: disjoint, in UTC, oldest first."""
        if self.is_never_open:
            return []
        # Two days more on either side: a shift may last into the next day, and a zone is up to
        # 15 hours away from UTC.
        midnights = (start + n * ONE_DAY for n in range(-2, (end - start).days + 2))
        walls = merged(sorted(piece for midnight in midnights for piece in self._pieces(midnight)))
        return merged(self._in_utc(walls, start, end))

    def _pieces(self, midnight: datetime) -> Iterator[Interval]:
        """Yield the wall-clock intervals of the shifts that begin on one date, cut at midnight.

        A holiday takes away what lies on its own date, be it the day before's night shift. An
        override replaces the shifts that begin on its date.
        """
        day = midnight.date()
        override = self.overrides.get(day)
        is_working_day = override is not None or day not in self.holidays
        for opens, _, ends in self.week[day.weekday()] if override is None else override:
            if is_working_day:
                yield midnight + opens, midnight + min(ends, ONE_DAY)
            if ends > ONE_DAY and day + ONE_DAY not in self.holidays:
                yield midnight + ONE_DAY, midnight + ends

    def _in_utc(self, walls: list[Interval], start: datetime, end: datetime) -> Iterator[Interval]:
        """Yield the instants at which the wall clock shows a time in `walls`.

        While one offset holds, wall time and UTC differ by a constant: a wall time that a clock
        change skips falls into no such period, one that it repeats falls into two.
        """
        for since, until, offset in offset_periods(self.zone, start, end):
            low, high = since + offset, until + offset
            first = bisect_right(walls, low, key=itemgetter(1))
            last = bisect_left(walls, high, key=itemgetter(0))
            for opens, closes in walls[first:last]:
                yield max(opens, low) - offset, min(closes, high) - offset


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Join what overlaps or touches. `intervals` come sorted by their openings."""
    joined: list[Interval] = []
    for opens, closes in intervals:
        if joined and opens <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], closes)
        else:
            joined.append((opens, closes))
    return joined


def offset_periods(
    zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Split [start, end), in UTC, into the periods during which one offset from UTC holds."""
    since, offset, at = start, utc_offset(zone, start), start
    while at < end:
        next_at = at + STEP
        if (next_offset := utc_offset(zone, next_at)) != offset:
            change = at + seconds_until(next_offset, zone, at)
            yield since, min(change, end), offset
            since, offset = change, next_offset
        at = next_at
    if since < end:
        yield since, end, offset


def utc_offset(zone: ZoneInfo, at: datetime) -> timedelta:
    """Return how far `zone` is ahead of UTC at `at`, an instant in UTC."""
    return at.astimezone(zone).replace(tzinfo=UTC) - at


def seconds_until(offset: timedelta, zone: ZoneInfo, since: datetime) -> timedelta:
    """Return how long after `since`, to the second and within a step, `offset` begins to hold."""
    second = bisect_left(
        range(int(STEP.total_seconds())),
        True,
        key=lambda seconds: utc_offset(zone, since + timedelta(seconds=seconds)) == offset,
    )
    return timedelta(seconds=second)


def read_opening_hours(document: object) -> OpeningHours:
    """Read a calendar's document. What can't be read raises a WorkingTimeError.

    Overlaps and equal open and close are read (an equal pair lasts 24 hours): `objections` tells
    a form of them.
    """
    if not isinstance(document, Mapping):
        raise BadCalendar("A calendar has a time zone (tz), hours, holidays and overrides.")
    if unknown := [str(field) for field in document if field not in FIELDS]:
        raise BadCalendar(f"A calendar has no “{unknown[0]}”, only {', '.join(FIELDS)}.")
    hours = read_mapping(document, "hours")
    if unknown := [str(day) for day in hours if day not in WEEKDAYS]:
        raise BadHours(f"“{unknown[0]}” is not a day of the week: use {', '.join(WEEKDAYS)}.")
    return OpeningHours(
        zone=read_zone(document.get("tz")),
        week=tuple(read_shifts(day, hours.get(day, ())) for day in WEEKDAYS),
        holidays=frozenset(read_date(day) for day in read_list(document, "holidays")),
        overrides={
            read_date(day): read_shifts(str(day), pairs)
            for day, pairs in read_mapping(document, "overrides").items()
        },
    )


def read_mapping(document: Mapping[str, object], field: str) -> Mapping[object, object]:
    value = document.get(field, {})
    if not isinstance(value, Mapping):
        raise BadCalendar(f"The calendar's {field} must be given by day, not as “{value}”.")
    return value


def read_list(document: Mapping[str, object], field: str) -> list[object] | tuple[object, ...]:
    value = document.get(field, [])
    if not isinstance(value, list | tuple):
        raise BadCalendar(f"The calendar's {field} must be a list of dates, not “{value}”.")
    return value


def read_zone(key: object) -> ZoneInfo:
    if not isinstance(key, str) or not key:
        raise UnknownZone("A calendar needs a time zone, such as Europe/Amsterdam.")
    try:
        return ZoneInfo(key)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownZone(f"There is no time zone “{key}”.") from error


def read_date(value: object) -> date:
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        day = None
    if day is None or day.isoformat() != value:
        raise BadDate(f"“{value}” is not a date such as 2026-12-25.")
    return day


def read_shifts(day: str, pairs: object) -> tuple[Shift, ...]:
    """Read one day's pairs of open and close; `day` is what the error calls it."""
    if not isinstance(pairs, list | tuple):
        raise BadHours(f"{day}: hours are a list of pairs such as 09:00 and 17:00.")
    return tuple(sorted(read_shift(day, pair) for pair in pairs))


def read_shift(day: str, pair: object) -> Shift:
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise BadHours(f"{day}: “{pair}” is not a pair such as 09:00 and 17:00.")
    opens, closes = pair
    if not is_time_of_day(opens):
        raise BadHours(f"{day}, {opens}–{closes}: “{opens}” is no time from 00:00 to 23:59.")
    if not is_time_of_day(closes) and closes != "24:00":
        raise BadHours(f"{day}, {opens}–{closes}: “{closes}” is no time from 00:00 to 24:00.")
    return shift_from(
        since_midnight(opens), ONE_DAY if closes == "24:00" else since_midnight(closes)
    )


def shift_from(opens: timedelta, closes: timedelta) -> Shift:
    return Shift(opens, closes, closes if closes > opens else closes + ONE_DAY)


def is_time_of_day(value: object) -> bool:
    return isinstance(value, str) and TIME_OF_DAY.fullmatch(value) is not None


def since_midnight(text: str) -> timedelta:
    clock = time.fromisoformat(text)
    return timedelta(
        hours=clock.hour,
        minutes=clock.minute,
        seconds=clock.second,
        microseconds=clock.microsecond,
    )


def time_text(since: timedelta) -> str:
    """Write a length of time since midnight as it is in a calendar, such as 09:00 or 24:00."""
    if since == ONE_DAY:
        return "24:00"
    clock = (datetime.min.replace(tzinfo=UTC) + since).time()
    return clock.isoformat() if since % timedelta(minutes=1) else clock.isoformat("minutes")


def document_of(hours: OpeningHours) -> dict[str, object]:
    """Write `hours` so that `read_opening_hours` reads the same again: sorted, fit for JSON."""
    days = zip(WEEKDAYS, hours.week, strict=True)
    return {
        "tz": hours.zone.key,
        "hours": {day: pairs_of(shifts) for day, shifts in days if shifts},
        "holidays": [day.isoformat() for day in sorted(hours.holidays)],
        "overrides": {
            day.isoformat(): pairs_of(shifts) for day, shifts in sorted(hours.overrides.items())
        },
    }


def pairs_of(shifts: Iterable[Shift]) -> list[list[str]]:
    return [[time_text(shift.opens), time_text(shift.closes)] for shift in shifts]


def objections(document: object) -> list[str]:
    """Return why a form should refuse this calendar, one sentence each; none means it is fine."""
    try:
        hours = read_opening_hours(document)
    except WorkingTimeError as error:
        return [str(error)]
    never = ["This calendar is never open."] if hours.is_never_open else []
    return [*equal_pairs(hours), *overlaps(hours), *never]


def equal_pairs(hours: OpeningHours) -> Iterator[str]:
    for day, shifts in named_days(hours):
        for shift in shifts:
            if shift.opens == shift.closes:
                yield f"{day}, {shift}: it closes when it opens. A whole day is 00:00–24:00."


def overlaps(hours: OpeningHours) -> Iterator[str]:
    for day, shifts in named_days(hours):
        for one, other in pairwise(shifts):
            if other.opens < one.ends:
                yield f"{day}: {one} and {other} overlap."
    for number, shifts in enumerate(hours.week):
        next_number = (number + 1) % 7
        for night, morning in product(shifts, hours.week[next_number][:1]):
            if morning.opens < night.ends - ONE_DAY:
                days = f"{WEEKDAYS[number]}, {night} and {WEEKDAYS[next_number]}, {morning}"
                yield f"{days} overlap."


def named_days(hours: OpeningHours) -> Iterator[tuple[str, tuple[Shift, ...]]]:
    """Yield each day that has hours of its own, under the name that errors call it."""
    yield from zip(WEEKDAYS, hours.week, strict=True)
    for day, shifts in sorted(hours.overrides.items()):
        yield day.isoformat(), shifts
