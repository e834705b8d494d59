"""Measure working-time arithmetic beside its limit and a peer, and check it against a slow walk.

    .venv/bin/python -m bench.business_time [--cases 100000]

Each goal is a ratio within this run; the command fails if one is missed.
"""

import argparse
import random
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from multiprocessing import Pool
from operator import add
from time import perf_counter, process_time
from typing import Any, NamedTuple

import pytz
from businesstimedelta import BusinessTimeDelta, HolidayRule, Rules, WorkDayRule

from sla.business_time import Schedule
from sla.holiday_days import public_holidays
from tests.sla.minute_walk import MinuteWalk, random_calendar, random_questions

HOLIDAYS = [holiday.day for holiday in public_holidays("US", None, range(2025, 2030))]
OFFICE = {
    "tz": "America/New_York",
    "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": [str(day) for day in HOLIDAYS],
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FROM, DAYS = datetime(2026, 1, 1, tzinfo=UTC), 640
BUILT_FROM, BUILT_UNTIL = datetime(2025, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# How long on the wall, and how much of it is worked.
SPANS = {
    "1 h": (timedelta(hours=1), timedelta(hours=1)),
    "60 d": (timedelta(days=60), timedelta(hours=43 * 8)),
}
CALLS, PEER_CALLS, PASSES = 20_000, 40, 9
QUESTIONS_A_CALENDAR = 50

Arguments = Sequence[tuple[Any, Any]]
Job = tuple[Callable[[Any, Any], object], Arguments]
Key = tuple[str, str, str]  # whose, operation, span


class Goal(NamedTuple):
    name: str
    ratio: float
    at_least: float


class EpochLimit:
    """The least a Python call can do: whole numbers in and out, one pair of bisects."""

    def __init__(self, schedule: Schedule) -> None:
        intervals = schedule.hours.intervals(BUILT_FROM, BUILT_UNTIL)
        self.opens = [epoch(opens) for opens, _ in intervals]
        self.closes = [epoch(closes) for _, closes in intervals]
        self.before = [0]
        for opens, closes in zip(self.opens, self.closes, strict=True):
            self.before.append(self.before[-1] + closes - opens)

    def elapsed(self, at: int) -> int:
        number = bisect_right(self.opens, at) - 1
        return self.before[number] + min(at, self.closes[number]) - self.opens[number]

    def between(self, a: int, b: int) -> int:
        return self.elapsed(b) - self.elapsed(a)

    def add(self, at: int, length: int) -> int:
        elapsed = self.elapsed(at) + length
        number = bisect_left(self.before, elapsed) - 1
        return self.opens[number] + elapsed - self.before[number]


def epoch(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND


def best_rates(jobs: dict[Key, Job]) -> dict[Key, float]:
    """Return the calls a second of each job, by CPU time: its best of PASSES turns."""
    best = dict.fromkeys(jobs, float("inf"))
    for _ in range(PASSES):  # in turns, so that a busy moment slows none of them alone
        for key, (call, arguments) in jobs.items():
            began = process_time()
            for one, other in arguments:
                call(one, other)
            best[key] = min(best[key], (process_time() - began) / len(arguments))
    return {key: 1 / seconds for key, seconds in best.items()}


def questions(count: int, span: str) -> tuple[Arguments, Arguments]:
    """Return arguments for `add` and for `between`."""
    choose, (wall, worked) = random.Random(1), SPANS[span]
    starts = [FROM + timedelta(seconds=choose.randrange(DAYS * 86_400)) for _ in range(count)]
    return [(start, worked) for start in starts], [(start, start + wall) for start in starts]


def jobs_of(schedule: Schedule, peer: Rules, span: str) -> dict[Key, Job]:
    limit, (adds, pairs) = EpochLimit(schedule), questions(CALLS, span)
    numbers = [(epoch(start), length // MICROSECOND) for start, length in adds]
    lengths = [(start, BusinessTimeDelta(peer, timedelta=length)) for start, length in adds]
    return {
        ("limit", "add", span): (limit.add, numbers),
        ("limit", "between", span): (limit.between, [(epoch(a), epoch(b)) for a, b in pairs]),
        ("ours", "add", span): (schedule.add, adds),
        ("ours", "between", span): (schedule.between, pairs),
        ("peer", "add", span): (add, lengths[:PEER_CALLS]),
        ("peer", "between", span): (peer.difference, pairs[:PEER_CALLS]),
    }


def peer_rules() -> Rules:
    zone, workdays = pytz.timezone(str(OFFICE["tz"])), [0, 1, 2, 3, 4]
    holidays = HolidayRule(set(HOLIDAYS), tz=zone)
    return Rules([WorkDayRule(time(9), time(17), working_days=workdays, tz=zone), holidays])


def speed_goals() -> list[Goal]:
    schedule, peer = Schedule.from_dict(OFFICE), peer_rules()
    rates = best_rates(
        {key: job for span in SPANS for key, job in jobs_of(schedule, peer, span).items()}
    )
    for (who, operation, span), rate in sorted(rates.items()):
        print(f"{who:6}{operation:8}{span:5}{rate:10,.0f}/s")
    return [goal for operation in ("add", "between") for goal in goals_of(operation, rates)]


def goals_of(operation: str, rates: dict[Key, float]) -> Iterator[Goal]:
    for span, times in (("1 h", 50), ("60 d", 1000)):
        ours, limit, peer = (rates[who, operation, span] for who in ("ours", "limit", "peer"))
        yield Goal(f"{operation} {span} / limit", ours / limit, 0.2)
        yield Goal(f"{operation} {span} / businesstimedelta", ours / peer, times)
    evenness = rates["ours", operation, "60 d"] / rates["ours", operation, "1 h"]
    yield Goal(f"{operation} 60 d / 1 h", evenness, 0.9)


def build_milliseconds() -> float:
    """Return what one year of intervals costs to build, which is done once a calendar version."""
    schedule = Schedule.from_dict(OFFICE)
    job = schedule.hours.intervals, [(BUILT_FROM, BUILT_UNTIL)]
    rates = best_rates({("ours", "build", ""): job})
    return 1000 / rates["ours", "build", ""] / (BUILT_UNTIL.year - BUILT_FROM.year)


def differences(seed: int) -> int:
    """Return how many questions about one random calendar the walk answers otherwise."""
    choose = random.Random(seed)
    document, first = random_calendar(choose)
    schedule, walk = Schedule.from_dict(document), MinuteWalk(document, first)
    asked = random_questions(choose, QUESTIONS_A_CALENDAR)
    return sum(differs(schedule, walk, *question) for question in asked)


def differs(schedule: Schedule, walk: MinuteWalk, a: int, b: int, length: int) -> bool:
    start, end = walk.instant(a), walk.instant(b)
    if schedule.is_open(start) != walk.is_open(a):
        return True
    if schedule.between(start, end) != walk.between(a, b) * MICROSECOND:
        return True
    added, opening = walk.add(a, length), walk.next_open(a)  # None: not within the walk
    if added is not None and schedule.add(start, length * MICROSECOND) != walk.instant(added):
        return True
    return opening is not None and schedule.next_open(start) != walk.instant(opening)


def walk_goal(cases: int) -> Goal:
    began, calendars = perf_counter(), -(-cases // QUESTIONS_A_CALENDAR)
    with Pool() as pool:
        found = sum(pool.imap_unordered(differences, range(calendars), chunksize=20))
    asked, took = calendars * QUESTIONS_A_CALENDAR, perf_counter() - began
    print(f"{asked:,} random cases, {calendars:,} calendars: {found} differences, {took:.0f} s")
    return Goal("random cases equal to the walk", (asked - found) / asked, 1.0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cases", type=int, default=100_000)
    cases = parser.parse_args().cases
    print(f"building a year of intervals: {build_milliseconds():.1f} ms")
    goals = [*speed_goals(), *([walk_goal(cases)] if cases else [])]
    for goal in goals:
        verdict = "ok" if goal.ratio >= goal.at_least else "MISSED"
        print(f"{goal.name:32} {goal.ratio:10.2f}  goal {goal.at_least:g}  {verdict}")
    return int(any(goal.ratio < goal.at_least for goal in goals))


if __name__ == "__main__":
    sys.exit(main())
