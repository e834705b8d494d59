"""Measure one lead's score with 500 activities: its queries, score, opening and next change.

    .venv/bin/python -m bench.with_servers one_score

Beside it the same without the database. Goal: under 5 ms with its queries.
"""

import sys
from collections.abc import Callable
from statistics import median, quantiles
from time import perf_counter

import django

django.setup()

from bench.many_leads import AT, make_leads, prepare  # noqa: E402
from leads.criteria import criteria_of  # noqa: E402
from leads.documents import live_version  # noqa: E402
from leads.evidence import Evidence  # noqa: E402
from leads.fact_history import evidence_for  # noqa: E402
from leads.models import Lead  # noqa: E402
from leads.openings import opening_of  # noqa: E402
from leads.score_changes import next_change  # noqa: E402
from leads.scoring import score_of  # noqa: E402
from leads.standing import Standing  # noqa: E402

LEADS, ACTIVITIES, TIMES = 20, 500, 25
GOAL_MS = 5.0


def judged(evidence: Evidence) -> object:
    standing = Standing(evidence, criteria_of(live_version("criteria", AT)))
    return score_of(standing), opening_of(standing, None), next_change(standing)


def milliseconds(work: Callable[[Lead], object], leads: list[Lead]) -> list[float]:
    taken = []
    for lead in leads * TIMES:
        began = perf_counter()
        work(lead)
        taken.append(1000 * (perf_counter() - began))
    return taken


def main() -> int:
    prepare()
    make_leads(LEADS, activities=LEADS * ACTIVITIES)
    leads = list(Lead.objects.all())
    known = {lead.pk: evidence_for(lead, AT) for lead in leads}
    reading = milliseconds(lambda lead: evidence_for(lead, AT), leads)
    scoring = milliseconds(lambda lead: judged(known[lead.pk]), leads)
    both = milliseconds(lambda lead: judged(evidence_for(lead, AT)), leads)
    for name, taken in (("reading", reading), ("scoring", scoring), ("both", both)):
        print(f"{name:8} median {median(taken):5.2f} ms   p95 {quantiles(taken, n=20)[-1]:5.2f} ms")
    is_met = median(both) <= GOAL_MS
    print(f"goal {GOAL_MS} ms: {'ok' if is_met else 'MISSED'}")
    return int(not is_met)


if __name__ == "__main__":
    sys.exit(main())
