"""A draft of the criteria against what is live, over past leads as they were known then.

The work is a `Job` of short steps. Each adds some hundred leads to the partial sums on the
`Backtest`; one that is lost with its worker is done again from there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Min, QuerySet

from feedback.backtest_result import Result, Side
from feedback.errors import BacktestRefused
from feedback.models import Backtest
from feedback.past_handoffs import RealPast, real_pasts
from feedback.replay import WouldOpen, may_open_by_decay, replay
from feedback.stage_gate import stage_gate
from leads.bulk_evidence import histories
from leads.criteria import criteria_of
from leads.criteria_checks import criteria_problems
from leads.documents import live_version
from leads.draft_runs import newest, newest_done
from leads.models import Document, Job, Lead, User, Version
from leads.scoring_rules import Criteria
from leads.standing import Standing

KIND = "backtest"
STEP = 300
LENGTHS_IN_MONTHS = (3, 6, 12)
SHARED = ("fit_rules", "disqualifiers", "signals", "modifiers", "group_caps")
DAYS_A_YEAR, MONTHS_A_YEAR = 365, 12
A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)


@transaction.atomic
def start(version: Version, *, months: int, by: User, at: datetime) -> Backtest:
    """Return the backtest of `version` that is at work, or start one over the last `months`.

    Raises BacktestRefused if one of another length is at work, or if `version` has errors or is
    live; NothingLive if there is nothing to set it against.
    """
    Document.objects.select_for_update(no_key=True).get(pk=version.document_id)
    running = newest(Backtest, version)
    if running is not None and running.is_running and not running.is_outdated:
        if running.months != months:
            raise BacktestRefused(
                f"One over {running.months} months is running. Wait for it, or cancel it first."
            )
        return running
    against = live_version(Document.Kind.CRITERIA, at)
    if version.pk == against.pk:
        raise BacktestRefused(f"{version} is live. Start a draft from it to try a change.")
    if criteria_problems(criteria_of(version)):
        raise BacktestRefused(f"{version} has errors. Mend what the check shows first.")
    leads = _leads(at).aggregate(count=Count("pk"), first=Min("entered_at"))
    asked_from = at - timedelta(days=DAYS_A_YEAR * months // MONTHS_A_YEAR)
    job = Job.objects.create(kind=KIND, total_count=leads["count"], created_by=by)
    return Backtest.objects.create(
        version=version,
        revision=version.revision,
        against=against,
        job=job,
        months=months,
        from_at=max(asked_from, leads["first"] or asked_from),
        to_at=at,
        created_by=by,
    )


def step(job: Job, at: datetime) -> int | None:
    """Add the next few hundred leads. Returns the last one's id, None when there are no more.

    Raises BacktestRefused if the draft was changed or discarded in between.
    """
    backtest = Backtest.objects.select_related("version", "against").get(job=job)
    if backtest.version is None or backtest.is_outdated:
        raise BacktestRefused("The draft was changed while this ran. Start the backtest again.")
    leads = _leads(backtest.to_at).filter(pk__gt=job.cursor).order_by("pk")
    ids = list(leads.values_list("pk", flat=True)[:STEP])
    result = Result.from_json(backtest.result)
    live = criteria_of(backtest.against)
    sides = live, sharing(criteria_of(backtest.version), live)
    for lead_id, by_live, by_draft, past in _replayed(ids, backtest, sides):
        result.add(lead_id, live=by_live, draft=by_draft, outcome=past.outcome)
    Backtest.objects.filter(pk=backtest.pk).update(result=result.to_json())
    job.done_count = min(job.done_count + len(ids), job.total_count)
    return ids[-1] if len(ids) == STEP else None


def _leads(to_at: datetime) -> QuerySet[Lead]:
    return Lead.objects.live().filter(entered_at__lt=to_at)


def _replayed(
    ids: list[int], backtest: Backtest, sides: tuple[Criteria, Criteria]
) -> Iterator[tuple[int, list[WouldOpen], list[WouldOpen], RealPast]]:
    """Yield each lead with what either side would have opened."""
    start, end = backtest.from_at, backtest.to_at
    watched = [(side, may_open_by_decay(side)) for side in sides]
    pasts, gate = real_pasts(ids, start, end), stage_gate()
    for history in histories(ids, end):
        past, seen = pasts[history.lead_id], dict[datetime, Standing]()
        live, draft = (
            replay(
                history,
                past.handoffs,
                side,
                start=start,
                end=end,
                watches_days=watches_days,
                lets_on=gate.lets_on,
                seen=seen,
            )
            for side, watches_days in watched
        )
        yield history.lead_id, live, draft, past


def sharing(criteria: Criteria, other: Criteria) -> Criteria:
    """Return `criteria` with the very tables of `other` where they are equal, so that what follows
    from these is worked out once.
    """
    equal = {
        name: getattr(other, name)
        for name in SHARED
        if getattr(criteria, name) == getattr(other, name)
    }
    return replace(criteria, **equal)


def prediction_of(version: Version) -> dict[str, Any] | None:
    """Return what the newest backtest of `version` as it stands that came to its end foretells, to
    be kept with its publication. None if there is none, or the draft was changed since.

    Shares are pairs of count and number.
    """
    backtest = newest_done(Backtest, version)
    if backtest is None or backtest.is_outdated:
        return None
    result = Result.from_json(backtest.result)
    return {
        "backtest": backtest.pk,
        "months": backtest.months,
        "length": backtest.length,
        "from": backtest.from_at.isoformat(),
        "to": backtest.to_at.isoformat(),
        "gained": len(result.gained),
        "lost": len(result.lost),
        "gained_unknown": result.gained_unknown,
        "live": _foretold(result.live, backtest),
        "draft": _foretold(result.draft, backtest),
    }


def _foretold(side: Side, backtest: Backtest) -> dict[str, Any]:
    return {
        "to_sales_a_week": round(a_week(side.sent, backtest), 1),
        "accepted": [side.accepted, side.answered],
        "sql": [side.qualified, side.resolved],
        "won": [side.won, side.settled],
    }


def a_week(count: int, backtest: Backtest) -> float:
    return count * A_WEEK / max(backtest.to_at - backtest.from_at, A_DAY)
