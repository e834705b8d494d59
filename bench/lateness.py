"""Measure how late clocks fire: many running, some of them due within a minute, with the broker and
without it; and what a sweep costs that finds nothing due.

    .venv/bin/python -m bench.with_servers lateness [--running 50000] [--due 1000]

Beat, a worker and the standby sweep are real processes. Due are reminders and deadlines of the
shipped ladders, of ten reps in two teams, whose messages are written with them and mailed (into
files) meanwhile. A clock has fired once another connection sees it in the database. Goals: p99 at
most 3 s, without a broker 10 s; an empty sweep at most 1 ms in SQL, in the middle.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from statistics import median, quantiles
from time import perf_counter
from urllib.parse import parse_qs, urlsplit

import redis
from django.db import connection

from bench.many_clocks import make_clocks  # sets Django up first
from bench.processes import STANDBY, WORKER, processes
from leads.instants import database_now
from leads.models import Role, Team, User
from sla.models import Clock, ClockEvent, Notification
from sla.sweep import sweep_clocks

GOAL_S, WITHOUT_BROKER_GOAL_S, EMPTY_GOAL_MS = 3.0, 10.0, 1.0
LEAD_TIME, SPREAD = timedelta(seconds=5), timedelta(seconds=60)
EMPTY_SWEEPS = 300
HANDOFFS, TEAMS = 200, 2
# One step of each ladder up to the deadline is the next, and nothing of it has happened yet.
MAKE_DUE = """
    UPDATE sla_clock SET next_level = level, next_at = new_at,
        due_at = due_at + (new_at - level_at),
        level_ats = (SELECT array_agg(each + (new_at - level_at) ORDER BY each)
                     FROM unnest(level_ats) each)
    FROM (SELECT DISTINCT ON (id) id AS clock, level, level_at, %s + random() * %s AS new_at
          FROM (SELECT * FROM sla_clock WHERE stopped_at IS NULL AND breached_at IS NULL
                    AND id NOT IN (SELECT clock_id FROM sla_clockevent WHERE kind <> 'started')
                ORDER BY random() LIMIT %s) running,
              unnest(levels, level_ats) AS step (level, level_at)
          WHERE level <= 100 ORDER BY id, random()) chosen
    WHERE id = clock RETURNING id, next_at
"""
REST = "UPDATE sla_clock SET next_at = next_at + interval '1 year' WHERE next_at < %s"


def rest(at: datetime) -> None:
    """Leave nothing due for a year but what is made due next."""
    with connection.cursor() as cursor:
        cursor.execute(REST, [at + timedelta(days=365)])
        cursor.execute("VACUUM ANALYZE sla_clock")


def make_due(number: int) -> dict[int, datetime]:
    """Let so many clocks be due within a minute from soon on. Returns when each is, by its id."""
    with connection.cursor() as cursor:
        cursor.execute(MAKE_DUE, [database_now() + LEAD_TIME, SPREAD, number])
        return dict(cursor.fetchall())


def lateness(due: dict[int, datetime]) -> list[float]:
    """Watch until all of `due` have fired; return by how many seconds each was late."""
    late: dict[int, float] = {}
    give_up_at = time.monotonic() + 240
    fired = ClockEvent.objects.filter(processed_at__gte=min(due.values()))
    while len(late) < len(due) and time.monotonic() < give_up_at:
        seen, now = set(fired.values_list("clock", flat=True)), database_now()
        for clock in seen & due.keys() - late.keys():
            late[clock] = (now - due[clock]).total_seconds()
        time.sleep(0.1)
    print(f"{len(due) - len(late)} did not fire")
    return [*late.values(), *[float("inf")] * (len(due) - len(late))]


def employ() -> None:
    """Put the reps into teams with managers, and let everybody be mailed at once on any day."""
    reps = list(User.objects.with_role(Role.REP).order_by("pk"))
    for number in range(TEAMS):
        manager = User.objects.create_user(f"manager{number}@example.com", name=f"Manager {number}")
        team = Team.objects.create(name=f"Team {number}", manager=manager)
        User.objects.filter(pk__in=[rep.pk for rep in reps[number::TEAMS]]).update(team=team)
    User.objects.update(is_quiet_off_hours=False)


def empty_sweeps() -> list[float]:
    """Return the milliseconds in SQL of sweeps that find nothing due."""
    spent: list[float] = []

    def timed(execute: Callable[..., object], *arguments: object) -> object:
        began = perf_counter()
        try:
            return execute(*arguments)
        finally:
            spent.append((perf_counter() - began) * 1000)

    at = database_now()
    with connection.execute_wrapper(timed):
        for _ in range(EMPTY_SWEEPS):
            assert sweep_clocks(at) == 0
    assert len(spent) == EMPTY_SWEEPS  # one statement each
    return spent


def stop_broker() -> None:
    """Have the broker end, for good."""
    url = urlsplit(os.environ["REDIS_URL"])
    database = int(parse_qs(url.query)["db"][0])
    redis.Redis(unix_socket_path=url.path, db=database).shutdown(nosave=True)


def count_messages() -> str:
    states = Counter(Notification.objects.values_list("channel", "state"))
    return ", ".join(f"{channel} {state} {number}" for (channel, state), number in states.items())


def told(what: str, late: list[float], goal_s: float) -> bool:
    cuts = quantiles(late, n=100)
    print(
        f"{what:16} p50 {cuts[49]:5.2f} s   p99 {cuts[98]:5.2f} s   worst {max(late):5.2f} s"
        f"   goal p99 {goal_s} s"
    )
    return cuts[98] <= goal_s


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--running", type=int, default=50_000)
    parser.add_argument("--due", type=int, default=1_000)
    options = parser.parse_args()
    make_clocks(options.running, of_handoffs=HANDOFFS)
    employ()
    rest(database_now())
    spent = empty_sweeps()
    running = Clock.objects.running().count()
    print(
        f"empty sweep of {running:,} running: {median(spent):.2f} ms in SQL, "
        f"p99 {quantiles(spent, n=100)[98]:.2f}; goal {EMPTY_GOAL_MS} ms"
    )
    with processes() as started:
        started.start(*STANDBY)
        started.start(*WORKER)
        started.start_beat()
        time.sleep(15)
        is_met = told("with a broker", lateness(make_due(options.due)), GOAL_S)
        stop_broker()
        time.sleep(10)
        late = lateness(make_due(options.due))
        is_met &= told("without a broker", late, WITHOUT_BROKER_GOAL_S)
        print(f"messages: {count_messages()}")
    return int(not is_met or median(spent) > EMPTY_GOAL_MS)


if __name__ == "__main__":
    sys.exit(main())
