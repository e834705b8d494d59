"""Measure one decision over 200 rules of 8 conditions with everything that it writes, beside the
bare row-lock loop: three statements and no more.

    .venv/bin/python -m bench.with_servers routing_decision [--handoffs 300]

Goal: under 20 ms in the middle. Each is a transaction of its own: locks, what is known of the lead,
the rules, the turn in the rota, owner, assignment, turn and decision with its trace.
"""

import argparse
import random
import sys
from collections.abc import Sequence
from statistics import mean, quantiles
from time import process_time

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench.rota_passing import LONG_AGO, pass_bare, pass_handoffs, prepare  # sets Django up first
from bench.scoring import RULES, random_conditions, random_facts
from leads.documents import publish
from leads.models import Document, Version
from routing.models import Decision, Rota, RoutingRule

GOAL_MS = 20.0


def publish_rules() -> None:
    """Put a table of so many rules live, each leading to the rota; the last asks for nothing."""
    choose = random.Random(2)
    document = Document.objects.get(kind=Document.Kind.ROUTING)
    live = document.versions.order_by("-number").first()
    assert live is not None
    draft = Version.objects.create(document=document, number=live.number + 1, base=live)
    asked = [[random_conditions(choose)] for _ in range(RULES)]
    RoutingRule.objects.bulk_create(
        RoutingRule(
            version=draft, key=f"rule-{place}", label=f"Rule {place}", position=place,
            outcome="rota", rota=Rota.objects.get(name="Inbound"), conditions=conditions,
        )
        for place, conditions in enumerate([*asked, []], 1)
    )  # fmt: skip
    publish(draft, by=None, note="To measure", at=LONG_AGO.replace(month=6))


def told(what: str, seconds: Sequence[float]) -> float:
    cuts = quantiles(seconds, n=100)
    print(f"{what:22} p50 {cuts[49] * 1000:6.1f} ms   p99 {cuts[98] * 1000:6.1f} ms")
    return cuts[49] * 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--handoffs", type=int, default=300)
    count = parser.parse_args().handoffs
    choose = random.Random(1)
    handoff_ids, bare_ids = prepare(count, lambda: random_facts(choose))
    publish_rules()
    first, *others = handoff_ids
    with CaptureQueriesContext(connection) as asked:
        pass_handoffs([first])
    told("bare row-lock loop", pass_bare(bare_ids))
    began = process_time()
    middle = told("one decision", pass_handoffs(others))
    cpu_ms = (process_time() - began) / len(others) * 1000
    rules = mean(len(each.trace["rules"]) for each in Decision.objects.all())
    print(f"{len(asked)} statements, {rules:.0f} rules asked on average")
    print(f"{cpu_ms:.1f} ms in this process; goal {GOAL_MS} ms")
    return int(middle > GOAL_MS)


if __name__ == "__main__":
    sys.exit(main())
