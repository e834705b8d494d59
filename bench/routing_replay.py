"""Measure a replay: 20,000 past handoffs through the live routing table and a draft of it.

    .venv/bin/python -m bench.with_servers routing_replay [--leads 20000] [--activities 200000]

Thirty reps with caps and working hours in three rotas, thirteen rows. Beside it the reading of what
was known of the same leads alone. Goal: under 30 seconds.
"""

import argparse
import random
import sys
from datetime import timedelta
from time import perf_counter, process_time

import django

django.setup()

from django.contrib.auth.models import Group  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from bench.many_leads import AT, INDUSTRIES, SENIORITIES, make_leads, prepare  # noqa: E402
from leads import documents  # noqa: E402
from leads.bulk_evidence import histories  # noqa: E402
from leads.models import (  # noqa: E402
    Assignment,
    Document,
    Handoff,
    Hop,
    Job,
    Lead,
    Queue,
    Role,
    User,
    Version,
)
from revops import jobs  # noqa: E402
from routing import replay_job  # noqa: E402
from routing.models import Capacity, Rota, RotaMember, RoutingRule  # noqa: E402
from routing.replay_result import Result  # noqa: E402
from sla.models import RepHours  # noqa: E402

GOAL_S = 30.0
DAYS = 90
REPS, ROTAS = 30, 3


def make_people() -> list[Rota]:
    """Add rotas with reps of different weights, caps and hours. Returns the rotas."""
    calendar = Document.objects.filter(kind=Document.Kind.CALENDAR).first()
    rotas = [Rota.objects.create(name=f"Rota {place}") for place in range(ROTAS)]
    reps = Group.objects.get(name=Role.REP)
    for place in range(REPS):
        rep = User.objects.create_user(f"rep{place}@example.com", name=f"Rep {place}")
        rep.groups.add(reps)
        Capacity.objects.create(rep=rep, max_per_day=10, max_open=40)
        RotaMember.objects.create(rota=rotas[place % ROTAS], rep=rep, weight=1 + place % 2)
        if place % ROTAS:
            RepHours.objects.create(rep=rep, calendar=calendar)
    return rotas


def make_handoffs() -> None:
    """Open a handoff for each lead in the last days, answered by somebody and closed since."""
    choose = random.Random(3)
    hop, reps = Hop.objects.get(), list(User.objects.filter(groups__name=Role.REP))
    with transaction.atomic(), connection.cursor() as cursor:
        # Nothing that is measured reads the ledgers of owners.
        cursor.execute("SET LOCAL session_replication_role = replica")
        made = []
        for lead in Lead.objects.order_by("pk"):
            first = max(lead.entered_at, AT - timedelta(days=DAYS))
            opened_at = first + (AT - first) * choose.random()
            path = "hand_raise" if choose.random() < 0.3 else "score"
            made.append(
                Handoff(
                    lead=lead, hop=hop, state="closed", closed_as="recycled", path=path,
                    is_historical=True, reason="Made", owner=choose.choice(reps),
                    opened_at=opened_at, passed_at=opened_at,
                    closed_at=opened_at + timedelta(days=choose.random() * 9),
                )
            )  # fmt: skip
        Handoff.objects.bulk_create(made, batch_size=2_000)
        Assignment.objects.bulk_create(
            (
                Assignment(
                    handoff=each, seq=1, rep_id=each.owner_id, passed_at=each.opened_at,
                    received_at=each.opened_at, evidence="answered", answered_at=each.closed_at,
                    answer="accepted", outcome="recycled", ended_at=each.closed_at,
                )
                for each in made
            ),
            batch_size=2_000,
        )  # fmt: skip
        cursor.execute("ANALYZE")


def publish_table(rotas: list[Rota], by: User) -> Version:
    """Put a table live, and return a draft of it with a row moved and another changed."""
    draft = documents.start_draft(documents.live_version("routing", AT), by=by)
    RoutingRule.objects.filter(version=draft).delete()
    asked: list[tuple[str, object]] = [("account.industry", each) for each in INDUSTRIES]
    asked += [("person.seniority", each) for each in SENIORITIES] + [("account.region", "emea")]
    conditions = [[[{"fact": fact, "op": "is", "value": value}]] for fact, value in asked]
    RoutingRule.objects.bulk_create(
        RoutingRule(
            version=draft, key=f"rule-{place}", label=f"Rule {place}", position=place,
            outcome="rota", rota=rotas[place % ROTAS], conditions=rows,
            off_hours="hold" if place % 2 else "pass",
        )
        for place, rows in enumerate(conditions, 1)
    )  # fmt: skip
    review = Queue.objects.get(key="review")
    RoutingRule.objects.create(
        version=draft, key="rest", label="Rest", position=1 + len(conditions),
        outcome="queue", queue=review,
    )  # fmt: skip
    documents.publish(draft, by=by, note="To measure", at=AT - timedelta(days=200))
    changed = documents.start_draft(draft, by=by)
    rules = RoutingRule.objects.filter(version=changed)
    rules.filter(key="rule-2").update(rota=rotas[0])
    nurture = Queue.objects.get(key="nurture")
    rules.filter(key="rule-9").update(outcome="queue", rota=None, queue=nurture)
    return changed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=20_000)
    parser.add_argument("--activities", type=int, default=200_000)
    options = parser.parse_args()
    prepare()
    make_leads(options.leads, activities=options.activities)
    ops = User.objects.create_user("ops@example.com", name="Ops")
    draft = publish_table(make_people(), ops)
    make_handoffs()
    began = perf_counter()
    ids = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
    read = sum(1 for _ in histories(ids, AT))
    reading = perf_counter() - began
    print(f"reading {read:,} histories alone: {reading:.1f} s")
    started = replay_job.start(draft, days=DAYS, by=ops, at=AT, with_imports=True)
    began, cpu, steps, longest = perf_counter(), process_time(), 0, 0.0
    step_began = began
    while jobs.run_step():
        steps, now = steps + 1, perf_counter()
        longest, step_began = max(longest, now - step_began), now
    took, busy = perf_counter() - began, process_time() - cpu
    started.refresh_from_db()
    assert started.job.state == Job.State.DONE, started.job.error
    result = Result.from_json(started.result)
    print(f"{steps} steps: {took:.1f} s, {busy:.1f} s of this process, longest {longest:.2f} s")
    print(f"{result.asked:,} handoffs through both tables: {result.asked / took:,.0f} a second")
    print(f"{len(result.moved):,} moved, {result.turned:,} by another turn,")
    print(f"{result.live.waited:,} waited, {result.live.capped:,} times passed over at a cap")
    print(f"goal {GOAL_S:.0f} s: {'ok' if took <= GOAL_S else 'MISSED'}")
    return int(took > GOAL_S)


if __name__ == "__main__":
    sys.exit(main())
