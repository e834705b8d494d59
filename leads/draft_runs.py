"""What was worked out of a version by jobs, the newest first; and ending what is at work."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from django.db.models import QuerySet

from leads.models import DraftRun, Job, User, Version

Run = TypeVar("Run", bound=DraftRun)


def runs_of(kind: type[Run], version: Version) -> QuerySet[Run]:
    """Return what there is of this kind of `version`, the newest first."""
    runs = kind._default_manager.filter(version=version).select_related(
        "job", "version__document", "against__document", "created_by"
    )
    return runs.order_by("-id")


def newest(kind: type[Run], version: Version) -> Run | None:
    """Return the newest of `version`, ended or not; its result is read only if it is asked for."""
    return runs_of(kind, version).defer("result").first()


def newest_done(kind: type[Run], version: Version) -> Run | None:
    """Return the newest of `version` that came to its end, whatever began since."""
    return runs_of(kind, version).filter(job__state=Job.State.DONE).first()


def mark_of(kind: type[Run], version: Version) -> str:
    """Return what changes whenever one of `version` begins, goes on or ends; "" without any."""
    found = runs_of(kind, version).values_list("pk", "job__state", "job__done_count").first()
    return ".".join(str(each) for each in found or ())


def cancel(run: DraftRun, *, by: User, at: datetime) -> bool:
    """End one that is at work. Returns whether it still was."""
    at_work = Job.objects.filter(pk=run.job.pk, state__in=[Job.State.WAITING, Job.State.RUNNING])
    ended = at_work.update(state=Job.State.FAILED, error=f"Cancelled by {by}.", finished_at=at)
    return bool(ended)
