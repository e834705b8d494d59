"""A second, slow answer to every question of working time, and random schedules to ask about.

It shares nothing with sla/business_time.py: each minute of some days is asked by its wall clock
whether it is open, straight from the calendar's document, and answers are found by counting minutes.
Calendars must open and close on whole minutes.
"""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE = timedelta(minutes=1)
MINUTE_US = 60_000_000
WALK_DAYS = 12
# Where a walk begins: a few days before a clock change, or before plain days.
ZONES = {
    "America/New_York": ("2026-03-04", "2026-10-28"),
    "Europe/Amsterdam": ("2026-03-25", "2026-10-21"),
    "Australia/Lord_Howe": ("2026-04-01", "2026-09-30"),  # changes by half an hour
    "America/St_Johns": ("2006-03-29", "2006-10-25"),  # changed at one minute past midnight
    "America/Sao_Paulo": ("2018-02-14", "2018-10-31"),  # skipped and repeated midnight
    "Africa/Casablanca": ("2026-02-11", "2026-03-18"),  # changes for Ramadan
    "Pacific/Apia": ("2011-12-26", "2012-03-28"),  # skipped a whole day
    "Pacific/Chatham": ("2026-04-01", "2026-09-23"),
    "Asia/Kolkata": ("2026-01-01", "2026-06-01"),
    "Asia/Kathmandu": ("2026-01-01", "2026-06-01"),
    "UTC": ("2026-02-24", "2026-12-28"),
}


def minute_of_day(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def open_ranges(document: dict[str, Any], day: date) -> list[tuple[int, int]]:
    """Return from which minute to which a date is open by the calendar's words."""
    is_holiday, ranges = str(day) in document["holidays"], []
    for opens, closes in shifts_on(document, day):
        if str(day) in document["overrides"] or not is_holiday:
            ranges.append((opens, closes if closes > opens else 1440))
    for opens, closes in shifts_on(document, day - timedelta(days=1)):
        if closes <= opens and not is_holiday:
            ranges.append((0, closes))
    return ranges


def shifts_on(document: dict[str, Any], day: date) -> list[tuple[int, int]]:
    usual = document["hours"].get(WEEKDAYS[day.weekday()], [])
    pairs = document["overrides"].get(str(day), usual)
    return [(minute_of_day(opens), minute_of_day(closes)) for opens, closes in pairs]


class MinuteWalk:
    """The minutes of WALK_DAYS days from a UTC midnight. Instants are microseconds since then."""

    def __init__(self, document: dict[str, Any], first: date) -> None:
        self.start = datetime(first.year, first.month, first.day, tzinfo=UTC)
        self.zone, self.document = ZoneInfo(document["tz"]), document
        self.ranges: dict[date, list[tuple[int, int]]] = {}
        self.flags = bytes(self.says_open(n) for n in range(WALK_DAYS * 24 * 60))

    def says_open(self, minute: int) -> bool:
        local = (self.start + minute * MINUTE).astimezone(self.zone)
        day, time_of_day = local.date(), local.hour * 60 + local.minute
        if day not in self.ranges:
            self.ranges[day] = open_ranges(self.document, day)
        return any(low <= time_of_day < high for low, high in self.ranges[day])

    def instant(self, position: int) -> datetime:
        return self.start + timedelta(microseconds=position)

    def is_open(self, position: int) -> bool:
        return bool(self.flags[position // MINUTE_US])

    def next_open(self, position: int) -> int | None:
        for minute in range(position // MINUTE_US, len(self.flags)):
            if self.flags[minute]:
                return max(position, minute * MINUTE_US)
        return None

    def between(self, a: int, b: int) -> int:
        if b < a:
            return -self.between(b, a)
        first, last = a // MINUTE_US, b // MINUTE_US
        if first == last:
            return (b - a) * self.flags[first]
        ends = ((first + 1) * MINUTE_US - a) * self.flags[first]
        ends += (b - last * MINUTE_US) * self.flags[last]
        return ends + MINUTE_US * self.flags.count(1, first + 1, last)

    def add(self, position: int, length: int) -> int | None:
        """None if the answer lies outside the walk."""
        if length == 0:
            return self.next_open(position)
        return self.forward(position, length) if length > 0 else self.back(position, -length)

    def forward(self, position: int, left: int) -> int | None:
        for minute in range(position // MINUTE_US, len(self.flags)):
            if self.flags[minute]:
                here = max(position, minute * MINUTE_US)
                if left <= (minute + 1) * MINUTE_US - here:
                    return here + left
                left -= (minute + 1) * MINUTE_US - here
        return None

    def back(self, position: int, left: int) -> int | None:
        for minute in range((position - 1) // MINUTE_US, -1, -1):
            if self.flags[minute]:
                here = min(position, (minute + 1) * MINUTE_US)
                if left <= here - minute * MINUTE_US:
                    return here - left
                left -= here - minute * MINUTE_US
        return None


def random_calendar(choose: random.Random) -> tuple[dict[str, Any], date]:
    """Return a calendar's document and the day to begin a walk on."""
    tz = choose.choice(list(ZONES))
    first = date.fromisoformat(choose.choice(ZONES[tz]))
    days = [str(first + timedelta(days=n)) for n in range(-2, WALK_DAYS + 2)]
    document = {
        "tz": tz,
        "hours": {day: random_shifts(choose) for day in WEEKDAYS if choose.random() < 0.8},
        "holidays": choose.sample(days, choose.randint(0, 3)),
        "overrides": {day: random_shifts(choose) for day in choose.sample(days, 2)},
    }
    return document, first


def random_shifts(choose: random.Random) -> list[list[str]]:
    return [
        [random_clock(choose), choose.choice(["24:00", *(random_clock(choose) for _ in range(6))])]
        for _ in range(choose.choice([0, 1, 1, 2, 3]))
    ]


def random_clock(choose: random.Random) -> str:
    return f"{choose.randrange(24):02}:{choose.choice([0, 0, 1, 15, 30, 59]):02}"


def random_questions(choose: random.Random, count: int) -> Iterator[tuple[int, int, int]]:
    """Yield positions `a` and `b` on a walk and a length; whole minutes often, else microseconds."""
    whole = WALK_DAYS * 24 * 60 * MINUTE_US
    for _ in range(count):
        unit = choose.choice([1, MINUTE_US, 15 * MINUTE_US])
        a, b = (choose.randrange(whole // unit) * unit for _ in range(2))
        longest = choose.choice([10, 240, 2400]) * MINUTE_US // unit
        yield a, b, choose.randint(-longest, longest) * unit
