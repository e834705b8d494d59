"""Long work: each kind of job is a step that does a little and says how far it came."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import datetime
from time import monotonic
from typing import NamedTuple

from django.db import transaction
from django.db.models import F

from feedback import backtest
from leads.bulk_scoring import Scored, rescore_in_bulk
from leads.documents import live_version
from leads.instants import database_now
from leads.models import Document, Handoff, Job, Lead, User
from leads.openings import opening_of
from leads.retrying import is_transient
from revops import departures, new_roles
from routing import replay_job
from sla import moving

logger = logging.getLogger(__name__)

RECONSIDER_ALL = "reconsider_all"
STEP = 200
AT_WORK = (Job.State.WAITING, Job.State.RUNNING)

# Takes a locked job and returns the cursor of the next step, or None when there is none.
Step = Callable[[Job, datetime], int | None]


@transaction.atomic
def start_reconsidering(*, by: User | None) -> Job:
    """Have every live lead judged by what is live now, a few hundred at a time. Returns the job
    that is at it already, if there is one.
    """
    Document.objects.select_for_update(no_key=True).get(kind=Document.Kind.CRITERIA)
    running = newest_reconsidering()
    if running is not None and is_at_work(running):
        return running
    total = Lead.objects.live().count()
    return Job.objects.create(kind=RECONSIDER_ALL, total_count=total, created_by=by)


def newest_reconsidering() -> Job | None:
    return Job.objects.filter(kind=RECONSIDER_ALL).order_by("id").last()


def is_at_work(job: Job | None) -> bool:
    return job is not None and job.state in AT_WORK


class Stepped(NamedTuple):
    """What job a step was done of, and whether another may follow at once."""

    job_id: int
    goes_on: bool


def run_steps(*, for_s: float) -> int:
    """Do steps of what is to be done, of all jobs in turn, for about `for_s` seconds. Returns how
    many. Another second of it may run meanwhile: jobs that are at work are passed over.
    """
    began, steps = monotonic(), 0
    had_theirs: set[int] = set()
    while monotonic() - began < for_s and (stepped := run_step(but_not=had_theirs)):
        steps += 1
        if not stepped.goes_on:
            had_theirs.add(stepped.job_id)
    return steps


def run_step(*, but_not: Collection[int] = ()) -> Stepped | None:
    """Do one step of the job that has waited longest for one, and is not among those `but_not`.
    None if there is none. Safe from any number of workers: a job that one is at work on is passed
    over by the others.

    A step that fails by chance (a deadlock, a lock held for long) is left for the next tick.
    """
    with transaction.atomic():
        job = _claim(but_not)
        if job is None:
            return None
        at = database_now()
        try:
            with transaction.atomic():
                cursor = STEPS[job.kind](job, at)
        except Exception as error:
            if is_transient(error):
                logger.warning("A step is done again.", extra={"job": job.pk})
                # Only this: what the step made of the job is rolled back with it.
                Job.objects.filter(pk=job.pk).update(heartbeat_at=at)
                return Stepped(job.pk, goes_on=False)
            logger.exception("A job failed.", extra={"job": job.pk})
            job.state, job.error, job.finished_at = Job.State.FAILED, str(error), at
        else:
            _note_progress(job, cursor, at)
        job.heartbeat_at = at
        job.save()
    return Stepped(job.pk, goes_on=job.kind not in THROTTLED or not _much_waits(at))


def _much_waits(at: datetime) -> bool:
    """Whether a step's worth of leads wait to be judged again."""
    return Lead.objects.filter(reconsider_at__lte=at)[:STEP].count() == STEP


def _claim(but_not: Collection[int]) -> Job | None:
    """Lock the job that nobody is at work on and whose last step is the longest ago."""
    return (
        Job.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .filter(state__in=AT_WORK)
        .exclude(pk__in=but_not)
        .order_by(F("heartbeat_at").asc(nulls_first=True), "id")
        .first()
    )


def _note_progress(job: Job, cursor: int | None, at: datetime) -> None:
    if cursor is None:
        job.state, job.finished_at = Job.State.DONE, at
    else:
        job.state, job.cursor = Job.State.RUNNING, cursor


def reconsider_some(job: Job, at: datetime) -> int | None:
    """Score the next few hundred leads anew, and have those judged for whom more may follow than
    another score; the pipeline takes them from there.
    """
    leads = Lead.objects.live().filter(pk__gt=job.cursor).order_by("pk")
    ids = list(leads.values_list("pk", flat=True)[:STEP])
    scored = rescore_in_bulk(ids, live_version(Document.Kind.CRITERIA, at), at)
    concerned = {each.lead_id for each in scored if _may_follow_more(each)}
    handoffs = Handoff.objects.risen() | Handoff.objects.in_review()
    concerned.update(handoffs.filter(lead__in=ids).values_list("lead_id", flat=True))
    Lead.objects.live().filter(pk__in=concerned, reconsider_at=None).update(reconsider_at=at)
    job.done_count = min(job.done_count + len(ids), job.total_count)
    return ids[-1] if len(ids) == STEP else None


def _may_follow_more(scored: Scored) -> bool:
    """Whether a disqualifier holds, or something would open a handoff if none is open."""
    evidence, criteria = scored.evidence, scored.standing.criteria
    if any(compiled.matches(evidence) for _, compiled in criteria.disqualifying):
        return True
    return opening_of(scored.standing, None) is not None


STEPS: dict[str, Step] = {
    RECONSIDER_ALL: reconsider_some,
    backtest.KIND: backtest.step,
    replay_job.KIND: replay_job.step,
    departures.KIND: departures.move_some,
    new_roles.KIND: new_roles.move_some,
    moving.KIND: moving.step,
}
# One step a tick while much waits: what they set off has to be worked off too.
THROTTLED = frozenset({RECONSIDER_ALL})
