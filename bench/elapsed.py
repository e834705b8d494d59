"""Measure counting again what stopped clocks have used, in working time and by the wall.

    .venv/bin/python -m bench.with_servers elapsed [--clocks 1000000]

Goal: 1,000,000 within 5 s, all of them right. Beside it the reading alone. A thousand are counted
one by one as well, and a hundred are stored wrongly: they must be found.
"""

import argparse
import sys
from collections.abc import Callable
from time import perf_counter, process_time

from django.db import connection, transaction

from bench.many_clocks import make_clocks  # sets Django up first
from leads.instants import database_now
from sla import recount
from sla.clocks import elapsed
from sla.models import Clock

GOAL_S_A_MILLION, CHECKED, WRONG = 5.0, 1_000, 100
STOP = """
    UPDATE sla_clock SET stopped_at = started_at, started_at = started_at - ago,
        stop_reason = 'met', elapsed = '0 s', next_at = NULL, next_level = NULL, reroute_at = NULL
    FROM (SELECT id AS clock, random() * interval '300 days' AS ago FROM sla_clock) spread
    WHERE clock = id
"""
STORE = """
    UPDATE sla_clock SET elapsed = counted.length FROM (
        SELECT unnest(%s::bigint[]) AS clock,
            unnest(%s::bigint[]) * interval '1 microsecond' AS length
    ) counted WHERE clock = id
"""


def stop_all() -> None:
    """Stop every clock after up to 300 days, as if nothing had been counted yet."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(STOP)


def store_all() -> None:
    """Store what each has used, by what is measured: `check_some` says whether that is right."""
    counts, ids, lengths = recount.counts_by_calendar(database_now()), [], []
    for clock, calendar, within, start, stop, used, _ in recount.rows():
        count = counts[calendar, within]
        ids.append(clock)
        lengths.append(used + count(stop) - count(start))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(STORE, [ids, lengths])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE sla_clock")


def check_some() -> int:
    """Return how many of so many come out otherwise if counted one by one."""
    some = Clock.objects.select_related("calendar", "within").order_by("?")[:CHECKED]
    return sum(elapsed(clock, clock.stopped_at) != clock.elapsed for clock in some)


def timed(work: Callable[[], object]) -> tuple[object, float, float]:
    wall, cpu = perf_counter(), process_time()
    found = work()
    return found, perf_counter() - wall, process_time() - cpu


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clocks", type=int, default=1_000_000)
    number = parser.parse_args().clocks
    make_clocks(number, of_handoffs=50)
    stop_all()
    store_all()
    one_by_one = check_some()
    wrong = list(Clock.objects.order_by("?").values_list("pk", flat=True)[:WRONG])
    Clock.objects.filter(pk__in=wrong).update(elapsed="1 day 1 microsecond")
    read, reading_s, _ = timed(lambda: sum(1 for _ in recount.rows()))
    found, wall_s, cpu_s = timed(lambda: recount.recount(database_now()))
    assert isinstance(found, recount.Recount)
    goal_s = GOAL_S_A_MILLION * found.counted / 1_000_000
    print(f"reading {read:,} alone {reading_s:.2f} s")
    print(f"counting {found.counted:,} again {wall_s:.2f} s, {cpu_s:.2f} here; goal {goal_s} s")
    print(f"one by one {one_by_one} of {CHECKED} otherwise")
    print(f"stored wrongly {WRONG}, found {len(found.differing)}")
    is_right = one_by_one == 0 and set(found.differing) == set(wrong)
    return int(wall_s > goal_s or not is_right)


if __name__ == "__main__":
    sys.exit(main())
