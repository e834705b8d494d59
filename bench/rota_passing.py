"""The work of `bench.rota`: run by it, with DATABASE_URL naming an empty database."""

import argparse
import multiprocessing
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from statistics import quantiles
from time import perf_counter

import django
import psycopg

django.setup()

from django.contrib.auth.models import Group  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import OperationalError, connection, transaction  # noqa: E402

from leads import handoffs  # noqa: E402
from leads.instants import database_now  # noqa: E402
from leads.models import (  # noqa: E402
    Assignment,
    FactSnapshot,
    Handoff,
    Hop,
    IntakeSource,
    Lead,
    OwnershipChange,
    Queue,
    Role,
    StageTransition,
    User,
)
from leads.retrying import is_transient  # noqa: E402
from revops.defaults.load import load_defaults  # noqa: E402
from routing.backlog import route_backlog  # noqa: E402
from routing.models import Rota, RotaMember, Turn  # noqa: E402
from routing.routing import route  # noqa: E402

REPS = 10
RATE_GOAL, SPREAD_GOAL, BACKLOG_GOAL = 0.5, 1, 500
BATCH = 100
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)

BARE_TABLES = """
    CREATE TABLE bare_rota (id int PRIMARY KEY, turn int NOT NULL);
    CREATE TABLE bare_lead (id int PRIMARY KEY, owner int);
    CREATE TABLE bare_assignment (id serial PRIMARY KEY, lead int NOT NULL, rep int NOT NULL);
    INSERT INTO bare_rota VALUES (1, 0);
    INSERT INTO bare_lead SELECT n, NULL FROM generate_series(1, {count}) n;
"""
NEXT = f"UPDATE bare_rota SET turn = turn + 1 WHERE id = 1 RETURNING turn % {REPS}"

Facts = Callable[[], dict[str, object]]


def known() -> dict[str, object]:
    return {"lead.motion": "inbound", "account.country": "SE", "person.title": "CFO"}


def prepare(count: int, facts: Facts = known) -> tuple[list[int], list[int]]:
    """Make a rota of reps and as many handoffs, and what the bare loop needs. Returns the ids of
    the handoffs, and of the leads of the bare loop. facts: gives what is known of a lead.
    """
    call_command("migrate", verbosity=0)
    admin = User.objects.create_user("admin@example.com", name="Admin")
    admin.groups.set(Group.objects.filter(name=Role.ADMIN))
    load_defaults(LONG_AGO)
    rota = Rota.objects.get(name="Inbound")
    for number in range(REPS):
        rep = User.objects.create_user(f"rep{number}@example.com", name=f"Rep {number}")
        rep.groups.set(Group.objects.filter(name=Role.REP))
        RotaMember.objects.create(rota=rota, rep=rep)
    handoff_ids = make_handoffs(count, facts)
    with connection.cursor() as cursor:
        cursor.execute(BARE_TABLES.format(count=count))
        cursor.execute("ANALYZE")
    return handoff_ids, list(range(1, count + 1))


@transaction.atomic
def make_handoffs(count: int, facts: Facts = known) -> list[int]:
    at, queue = database_now(), Queue.objects.get(key=handoffs.ROUTING)
    source, hop = IntakeSource.objects.get(slug="demo-request"), Hop.objects.get()
    leads = Lead.objects.bulk_create(
        Lead(
            name=f"Lead {n}", source=source, queue=queue, entered_at=at,
            stage_id="mql", stage_since=at,
        )
        for n in range(count)
    )  # fmt: skip
    OwnershipChange.objects.bulk_create(
        OwnershipChange(lead=lead, seq=1, to_queue=queue, source="intake", reason="Made", at=at)
        for lead in leads
    )
    StageTransition.objects.bulk_create(
        StageTransition(lead=lead, seq=1, to_stage_id="mql", reason="Made", at=at) for lead in leads
    )
    FactSnapshot.objects.bulk_create(
        FactSnapshot(lead=lead, known_from=at, facts=facts()) for lead in leads
    )
    opened = Handoff.objects.bulk_create(
        Handoff(
            lead=lead, hop=hop, state="waiting", path="hand_raise", trigger_key="demo-request",
            reason="Asked for a demo", queue=queue, opened_at=at,
        )
        for lead in leads
    )  # fmt: skip
    return [handoff.pk for handoff in opened]


def pass_handoffs(handoff_ids: Sequence[int]) -> list[float]:
    """Route these one by one; return the seconds that each took."""
    seconds = []
    for handoff_id in handoff_ids:
        start = perf_counter()
        with transaction.atomic():
            route(handoffs.locked(handoff_id), at=database_now())
        seconds.append(perf_counter() - start)
    return seconds


def pass_many(handoff_ids: Sequence[int]) -> list[float]:
    """Route these as a backlog, a batch at a time, again where others held the rota for too long;
    return the seconds that each batch took.
    """
    seconds = []
    for place in range(0, len(handoff_ids), BATCH):
        start, left = perf_counter(), set(handoff_ids[place : place + BATCH])
        while left:
            try:
                left -= route_backlog(
                    left, at=database_now(), is_ready=lambda each: True, then=lambda *_: None
                )
            except OperationalError as error:
                if not is_transient(error):
                    raise
        seconds.append(perf_counter() - start)
    return seconds


def pass_bare(lead_ids: Sequence[int]) -> list[float]:
    """Do the same with three statements and no more: the limit."""
    terms = connection.get_connection_params()
    names = ("dbname", "user", "host")
    seconds = []
    with psycopg.connect(**{name: terms[name] for name in names if name in terms}) as bare:
        for lead_id in lead_ids:
            start = perf_counter()
            with bare.transaction():
                row = bare.execute(NEXT).fetchone()
                assert row is not None
                bare.execute("UPDATE bare_lead SET owner = %s WHERE id = %s", (row[0], lead_id))
                bare.execute(
                    "INSERT INTO bare_assignment (lead, rep) VALUES (%s, %s)", (lead_id, row[0])
                )
            seconds.append(perf_counter() - start)
    return seconds


def in_processes(
    work: Callable[[Sequence[int]], list[float]], ids: Sequence[int], workers: int
) -> tuple[float, float]:
    """Return the rate a second of all together, and the 99th percentile of one, in milliseconds."""
    connection.close()
    shares = [ids[place::workers] for place in range(workers)]
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        pool.map(len, shares)
        start = perf_counter()
        seconds = [each for share in pool.map(work, shares, chunksize=1) for each in share]
        took = perf_counter() - start
    return len(ids) / took, quantiles(seconds, n=100)[-1] * 1000


def spread_of_turns() -> int:
    turns = Counter(Turn.objects.values_list("rep", flat=True))
    return max(turns.values()) - min(turns.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--handoffs", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--one-by-one", type=int, default=400)
    options = parser.parse_args()
    handoff_ids, lead_ids = prepare(options.handoffs + options.one_by_one)
    single, many = handoff_ids[: options.one_by_one], handoff_ids[options.one_by_one :]
    Handoff.objects.update(reroute_at=database_now())
    bare_rate, bare_p99 = in_processes(pass_bare, lead_ids, options.workers)
    rate, p99 = in_processes(pass_handoffs, single, options.workers)
    many_rate, many_p99 = in_processes(pass_many, many, options.workers)
    passed = Counter(Assignment.objects.values_list("handoff", flat=True))
    spread, lost = spread_of_turns(), len(handoff_ids) - len(passed)
    doubled = sum(count - 1 for count in passed.values())
    print(f"bare row-lock loop   {bare_rate:8.0f}/s   p99 {bare_p99:6.1f} ms")
    print(f"one by one           {rate:8.0f}/s   p99 {p99:6.1f} ms   ratio {rate / bare_rate:.2f}")
    ratio = many_rate / bare_rate
    print(f"{BATCH} at a time        {many_rate:8.0f}/s   p99 {many_p99:6.1f} ms a batch")
    print(f"ratio {ratio:.2f} (goal {RATE_GOAL}); goal of one worker {BACKLOG_GOAL}/s")
    print(f"spread {spread} (goal {SPREAD_GOAL}), lost {lost}, doubled {doubled} (goal 0)")
    return int(spread > SPREAD_GOAL or lost > 0 or doubled > 0)


if __name__ == "__main__":
    sys.exit(main())
