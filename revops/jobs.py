"""Long work: each kind of job is a step that does a little and says how far it came."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from leads.instants import database_now
from leads.models import Job, Lead, User

logger = logging.getLogger(__name__)

RECONSIDER_ALL = "reconsider_all"
STEP = 200

# Takes a locked job and returns the cursor of the next step, or None when there is none.
Step = Callable[[Job, datetime], int | None]


def start_reconsidering(*, by: User | None) -> Job:
    """Have every live lead judged by what is live now, a few hundred at a time."""
    total = Lead.objects.live().count()
    return Job.objects.create(kind=RECONSIDER_ALL, total_count=total, created_by=by)


def run_step() -> bool:
    """Do one step of the oldest job. Returns whether there was one to do. Safe from any number of
    workers: a job that one is at work on is passed over by the others.
    """
    with transaction.atomic():
        job = (
            Job.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
            .filter(state__in=[Job.State.WAITING, Job.State.RUNNING])
            .order_by("id")
            .first()
        )
        if job is None:
            return False
        at = database_now()
        try:
            with transaction.atomic():
                cursor = STEPS[job.kind](job, at)
        except Exception as error:
            logger.exception("A job failed.", extra={"job": job.pk})
            job.state, job.error, job.finished_at = Job.State.FAILED, str(error), at
        else:
            _note_progress(job, cursor, at)
        job.heartbeat_at = at
        job.save()
    return True


def _note_progress(job: Job, cursor: int | None, at: datetime) -> None:
    if cursor is None:
        job.state, job.finished_at = Job.State.DONE, at
    else:
        job.state, job.cursor = Job.State.RUNNING, cursor


def reconsider_some(job: Job, at: datetime) -> int | None:
    """Mark the next few hundred leads to be reconsidered; the pipeline takes them from there."""
    ids = list(
        Lead.objects.live()
        .filter(pk__gt=job.cursor)
        .order_by("pk")
        .values_list("pk", flat=True)[:STEP]
    )
    Lead.objects.filter(pk__in=ids, reconsider_at=None).update(reconsider_at=at)
    job.done_count = min(job.done_count + len(ids), job.total_count)
    return ids[-1] if len(ids) == STEP else None


STEPS: dict[str, Step] = {RECONSIDER_ALL: reconsider_some}
