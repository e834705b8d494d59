"""Measure a backtest: 20,000 leads replayed by what is live and by a draft, from PostgreSQL.

    .venv/bin/python -m bench.with_servers backtest [--leads 20000] [--activities 200000]

Beside it the reading of the same histories alone. Goal: under 30 seconds.
"""

import argparse
import sys
from time import perf_counter, process_time

import django

django.setup()

from bench.many_leads import AT, make_leads, prepare  # noqa: E402
from feedback import backtest  # noqa: E402
from feedback.backtest_result import Result  # noqa: E402
from leads import documents  # noqa: E402
from leads.bulk_evidence import histories  # noqa: E402
from leads.models import Bands, HandRaise, Job, Lead, User  # noqa: E402
from revops import jobs  # noqa: E402

GOAL_S = 30.0


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--leads", type=int, default=20_000)
    parser.add_argument("--activities", type=int, default=200_000)
    options = parser.parse_args()
    prepare()
    make_leads(options.leads, activities=options.activities)
    ids = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
    began = perf_counter()
    read = sum(1 for _ in histories(ids, AT))
    reading = perf_counter() - began
    print(f"reading {read:,} histories alone: {reading:.1f} s")
    someone = User.objects.create_user("ops@example.com", name="Ops")
    draft = documents.start_draft(documents.live_version("criteria", AT), by=someone)
    Bands.objects.filter(version=draft).update(fit_a=55, readiness_2=12)
    HandRaise.objects.filter(version=draft, key="trial-start").delete()
    started = backtest.start(draft, months=6, by=someone, at=AT)
    began, cpu, steps = perf_counter(), process_time(), 0
    while jobs.run_step():
        steps += 1
    took, busy = perf_counter() - began, process_time() - cpu
    started.refresh_from_db()
    result = Result.from_json(started.result)
    assert started.job.state == Job.State.DONE, started.job.error
    print(
        f"{steps} steps: {took:.1f} s, {busy:.1f} s of this process, {len(ids) / took:,.0f} leads/s"
    )
    print(
        f"live {result.live.sent:,} handoffs, draft {result.draft.sent:,};"
        f" reading alone takes {reading / took:.2f} of it"
    )
    print(f"goal {GOAL_S:.0f} s: {'ok' if took <= GOAL_S else 'MISSED'}")
    return int(took > GOAL_S)


if __name__ == "__main__":
    sys.exit(main())
