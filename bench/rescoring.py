"""Measure scoring many leads anew from PostgreSQL, beside reading the same rows alone.

    .venv/bin/python -m bench.with_servers rescoring [--leads 100000] [--activities 1000000]

Half of the leads are scored, then the rest from where that ended, as a job that was stopped goes
on; then all again, when no band changes; in steps of as many as the job takes. Goals: 5,000 leads
a second, memory that stays flat.
"""

import argparse
import resource
import sys
from collections.abc import Callable
from time import perf_counter, process_time

import django

django.setup()

from bench.many_leads import AT, make_leads, prepare  # noqa: E402
from leads.bulk_evidence import evidence_in_bulk  # noqa: E402
from leads.bulk_scoring import rescore_in_bulk  # noqa: E402
from leads.documents import live_version  # noqa: E402
from leads.models import Lead, ScoreSnapshot  # noqa: E402
from revops.jobs import STEP  # noqa: E402

GOAL, MOST_GROWTH_MB = 5_000, 50


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def per_second(name: str, work: Callable[[], object], leads: int) -> float:
    began, cpu = perf_counter(), process_time()
    work()
    took, busy = perf_counter() - began, process_time() - cpu
    print(f"{name:34} {leads / took:10,.0f} leads/s  ({took:.1f} s, {busy:.1f} s of this process)")
    return leads / took


def read_all(ids: list[int]) -> None:
    happened = sum(evidence.count for _, evidence in evidence_in_bulk(ids, AT))
    print(f"{happened:,} activities of {len(ids):,} leads")


def score_all(ids: list[int]) -> None:
    version = live_version("criteria", AT)
    for start in range(0, len(ids), STEP):
        rescore_in_bulk(ids[start : start + STEP], version, AT)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--activities", type=int, default=1_000_000)
    options = parser.parse_args()
    prepare()
    make_leads(options.leads, activities=options.activities)
    ids = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
    half = len(ids) // 2
    read = per_second("reading the evidence alone", lambda: read_all(ids), len(ids))
    before = megabytes()
    first = per_second("scoring, bands all new", lambda: score_all(ids[:half]), half)
    grown = megabytes() - before
    per_second("the rest, gone on with", lambda: score_all(ids[half:]), len(ids) - half)
    again = per_second("scoring, bands as they were", lambda: score_all(ids), len(ids))
    done = Lead.objects.exclude(band="").count(), ScoreSnapshot.objects.count()
    print(f"scored {done[0]:,}, snapshots {done[1]:,}; the peak of memory grew by {grown:.0f} MB")
    print(f"of reading alone: {first / read:.2f} and {again / read:.2f}")
    print(f"goal {GOAL:,} leads/s: {'ok' if again >= GOAL else 'MISSED'}")
    return int(done != (len(ids), len(ids)) or grown > MOST_GROWTH_MB or again < GOAL)


if __name__ == "__main__":
    sys.exit(main())
