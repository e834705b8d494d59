"""Arithmetic of working time: pure, exact to the microsecond, instants in UTC.

Conventions and examples: docs/working-time.md. Keep a schedule as long as its calendar's
version lives: its first question costs milliseconds, each further one a microsecond.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Self

from sla.opening_hours import (
    BadCalendar,
    BadDate,
    BadHours,
    Interval,
    OpeningHours,
    UnknownZone,
    WorkingTimeError,
    document_of,
    objections,
    read_opening_hours,
)

__all__ = [
    "BadCalendar",
    "BadDate",
    "BadHours",
    "NaiveInstant",
    "NoWorkingTime",
    "OutOfRange",
    "Schedule",
    "UnknownZone",
    "WorkingTime",
    "WorkingTimeError",
    "objections",
]

FIRST_YEAR, END_YEAR = 1970, 2100  # an end, so that no question builds years for ever
KNOWN = "Working time is known from 1970 to 2099."
ZERO, MICROSECOND = timedelta(0), timedelta(microseconds=1)

Build = Callable[[datetime, datetime], list[Interval]]


class NoWorkingTime(WorkingTimeError):
    """The calendar is not open for that long before 2100, or since 1970."""


class OutOfRange(WorkingTimeError):
    """An instant before 1970 or after 2099."""


class NaiveInstant(WorkingTimeError):
    """An instant without a time zone."""


class Timeline:
    """The open intervals of some whole years, ready to be searched. Never changed once made."""

    __slots__ = ("before", "closes", "end", "opens", "start")

    def __init__(self, start: datetime, end: datetime, intervals: list[Interval]) -> None:
        self.start, self.end = start, end
        self.opens = [opens for opens, _ in intervals]
        self.closes = [closes for _, closes in intervals]
        lengths = (closes - opens for opens, closes in intervals)
        self.before = list(accumulate(lengths, initial=ZERO))  # the last entry is the total

    def elapsed(self, at: datetime) -> timedelta:
        """Return the open time from the timeline's start up to `at`."""
        number = bisect_right(self.closes, at)
        if number < len(self.opens) and self.opens[number] < at:
            return self.before[number] + (at - self.opens[number])
        return self.before[number]

    def earliest(self, elapsed: timedelta) -> datetime:
        """Return the first instant by which `elapsed`, more than nothing, has passed."""
        number = bisect_left(self.before, elapsed, 1) - 1
        return self.opens[number] + (elapsed - self.before[number])

    def latest(self, elapsed: timedelta) -> datetime:
        """Return the last instant by which no more than `elapsed`, less than all, has passed."""
        number = bisect_right(self.before, elapsed) - 1
        return self.opens[number] + (elapsed - self.before[number])


class WorkingTime:
    """Open time that can be counted.

    build: returns the disjoint open intervals between two UTC midnights, oldest first.
    """

    def __init__(self, build: Build) -> None:
        self._build = build
        self._timeline: Timeline | None = None

    def add(self, start: datetime, length: timedelta) -> datetime:
        """Return the instant that lies `length` of open time after `start`, in UTC.

        More than nothing: the earliest instant by which it has passed, so the closing instant when
        it is used up exactly at closing. Nothing: `start` if open, else the next opening. Less than
        nothing: the latest instant before `start`. Raises NoWorkingTime if the calendar is not open
        for that long, NaiveInstant and OutOfRange.
        """
        at = to_utc(start)
        timeline = self._covering(at, at)
        if length > ZERO:
            while length > timeline.before[-1] - (elapsed := timeline.elapsed(at)):
                timeline = self._later(timeline)
            return timeline.earliest(elapsed + length)
        if length < ZERO:
            while length < -(elapsed := timeline.elapsed(at)):
                timeline = self._sooner(timeline)
            return timeline.latest(elapsed + length)
        return self.next_open(at)

    def between(self, a: datetime, b: datetime) -> timedelta:
        """Return the open time from `a` to `b`, below nothing if `b` comes first.

        Raises NaiveInstant and OutOfRange.
        """
        a, b = to_utc(a), to_utc(b)
        timeline = self._covering(a, b) if a <= b else self._covering(b, a)
        return timeline.elapsed(b) - timeline.elapsed(a)

    def counter(self, first: datetime, last: datetime) -> Callable[[int], int]:
        """Return what counts the open time up to an instant between `first` and `last`, in whole
        microseconds since `first`, for who asks a million times. Only differences mean anything.
        """
        first = to_utc(first)
        timeline = self._covering(first, to_utc(last))
        opens = [(opens - first) // MICROSECOND for opens in timeline.opens]
        closes = [(closes - first) // MICROSECOND for closes in timeline.closes]
        before = [length // MICROSECOND for length in timeline.before]
        count = len(opens)

        def elapsed(at: int) -> int:
            number = bisect_right(closes, at)
            if number < count and opens[number] < at:
                return before[number] + at - opens[number]
            return before[number]

        return elapsed

    def is_open(self, at: datetime) -> bool:
        """Tell whether `at` is working time: the opening instant is, the closing one is not."""
        at = to_utc(at)
        timeline = self._covering(at, at)
        number = bisect_right(timeline.closes, at)
        return number < len(timeline.opens) and timeline.opens[number] <= at

    def next_open(self, at: datetime) -> datetime:
        """Return `at` if it is open, else the next opening, in UTC.

        Raises NoWorkingTime if the calendar does not open again, NaiveInstant and OutOfRange.
        """
        at = to_utc(at)
        timeline = self._covering(at, at)
        while (number := bisect_right(timeline.closes, at)) == len(timeline.closes):
            timeline = self._later(timeline)
        return max(at, timeline.opens[number])

    def change_after(self, at: datetime) -> datetime | None:
        """Return when it opens or closes next, after `at`, in UTC; None if it does not open again.

        Raises NaiveInstant and OutOfRange.
        """
        try:
            opens = self.next_open(at)
        except NoWorkingTime:
            return None
        if opens > at:
            return opens
        timeline = self._covering(opens, opens)
        return timeline.closes[bisect_right(timeline.closes, opens)]

    def joined(self, other: "WorkingTime") -> "WorkingTime":
        """Return the time in which both are open, such as a rep's own hours within the team's."""

        def build(start: datetime, end: datetime) -> list[Interval]:
            return in_both(self._build(start, end), other._build(start, end))

        return WorkingTime(build)

    def _covering(self, first: datetime, last: datetime) -> Timeline:
        """Return a timeline around both instants, longer than the one at hand where needed."""
        timeline = self._timeline
        if timeline and timeline.start <= first and last < timeline.end:
            return timeline
        if first.year < FIRST_YEAR or last.year >= END_YEAR:
            raise OutOfRange(KNOWN)
        start, end = first.year - 1, last.year + 2
        if timeline:
            start, end = min(start, timeline.start.year), max(end, timeline.end.year)
        return self._built(start, end)

    def _later(self, timeline: Timeline) -> Timeline:
        start, end = timeline.start.year, timeline.end.year
        if end == END_YEAR:
            raise NoWorkingTime("From then to 2099 the calendar is not open for that long.")
        return self._built(start, end + (end - start))

    def _sooner(self, timeline: Timeline) -> Timeline:
        start, end = timeline.start.year, timeline.end.year
        if start == FIRST_YEAR:
            raise NoWorkingTime("From 1970 to then the calendar was not open for that long.")
        return self._built(start - (end - start), end)

    def _built(self, start_year: int, end_year: int) -> Timeline:
        """Build and keep the timeline of these years. Threads may do so at once: all are right."""
        start = datetime(max(start_year, FIRST_YEAR), 1, 1, tzinfo=UTC)
        end = datetime(min(end_year, END_YEAR), 1, 1, tzinfo=UTC)
        self._timeline = timeline = Timeline(start, end, self._build(start, end))
        return timeline


class Schedule(WorkingTime):
    """Working time by one calendar."""

    def __init__(self, hours: OpeningHours) -> None:
        super().__init__(hours.intervals)
        self.hours = hours

    @classmethod
    def from_dict(cls, document: Mapping[str, object]) -> Self:
        """Read a calendar's document: `tz`, `hours` by weekday, `holidays`, `overrides` by date.

        Raises UnknownZone, BadHours, BadDate or BadCalendar with a sentence for the user.
        """
        return cls(read_opening_hours(document))

    def to_dict(self) -> dict[str, object]:
        """Write the calendar's document: sorted, and read back as the same schedule."""
        return document_of(self.hours)


def to_utc(at: datetime) -> datetime:
    if at.tzinfo is UTC:
        return at
    if at.utcoffset() is None:
        raise NaiveInstant("An instant needs a time zone.")
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise OutOfRange(KNOWN) from error


def in_both(some: list[Interval], others: list[Interval]) -> list[Interval]:
    """Return where two lists of disjoint intervals, oldest first, overlap."""
    common: list[Interval] = []
    i = j = 0
    while i < len(some) and j < len(others):
        opens, closes = max(some[i][0], others[j][0]), min(some[i][1], others[j][1])
        if opens < closes:
            common.append((opens, closes))
        if some[i][1] < others[j][1]:
            i += 1
        else:
            j += 1
    return common
