"""Giving somebody another job: who is no sales rep any more keeps no open handoff."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from leads.models import Job, Lead, Role, User
from leads.nudges import nudge
from revops import people
from revops.people import check_an_admin_stays, handoffs_of, put_to_work, reroute
from routing.claiming import lock

KIND = "new_role"
BATCH = 100


@transaction.atomic
def change_job(user: User, job: people.Job, *, by: User, fields: Iterable[str] = ()) -> Job | None:
    """Give `user`, who works here, another job, and save `fields` of them. Returns the work that
    moves their open handoffs to other reps, a hundred at a time, if it is no rep's; None if there
    is nothing to move.

    Waits for whoever is just passing them a lead: the work finds that one. Raises LostRace if they
    were let go meanwhile, or are the last admin and would no longer be one.
    """
    if job.role != Role.ADMIN:
        check_an_admin_stays(user)
    put_to_work(user, job, fields=fields)
    return None if job.role == Role.REP else _move_all(user, by=by)


@transaction.atomic
def move_what_is_left(user: User, *, by: User) -> Job | None:
    """Move the open handoffs of `user` to other reps, as a change of job does, if they are no rep:
    for what is left of a move that failed.
    """
    lock(user.pk)
    return None if User.objects.get(pk=user.pk).has_role(Role.REP) else _move_all(user, by=by)


def left_with(user: User) -> int:
    """Return how many open handoffs are with `user`, who is no rep, though nothing moves them."""
    if user.has_role(Role.REP) or moves_of(user).exists():
        return 0
    return handoffs_of(user).count()


def failure_of(user: User) -> str:
    """Return why the last move of their handoffs failed; "" if it did not."""
    newest = Job.objects.filter(kind=KIND, parameters__user=user.pk).order_by("pk").last()
    return newest.error if newest else ""


def _move_all(user: User, *, by: User) -> Job | None:
    total = handoffs_of(user).count()
    if total == 0:
        return None
    nudge("revops.tasks.run_jobs")
    # A step that is just ending this work may have looked before the change: wait for it.
    return moves_of(user).select_for_update(
        no_key=True, of=("self",)
    ).first() or Job.objects.create(
        kind=KIND, parameters={"user": user.pk}, total_count=total, created_by=by
    )


def moves_of(user: User) -> QuerySet[Job]:
    """Return what is still to move the handoffs of `user`, or moves them."""
    return Job.objects.filter(
        kind=KIND,
        parameters__user=user.pk,
        state__in=(Job.State.WAITING, Job.State.RUNNING),
    ).order_by("pk")


def move_some(job: Job, at: datetime) -> int | None:
    """Send the next open handoffs of somebody who is no rep any more back to be routed, by their
    leads' ids. Done only when they have none; at once if they are a rep again.

    What was moved is no longer theirs, so a step that is done again goes on with what is.
    """
    user = User.objects.get(pk=job.parameters["user"])
    if user.has_role(Role.REP):
        return None
    leads = Lead.objects.filter(pk__in=handoffs_of(user).values("lead")).order_by("pk")
    batch = list(leads.select_for_update(no_key=True)[:BATCH])
    reason = f"{user} is no sales rep any more"
    for lead in batch:
        reroute(lead, user, by=job.created_by, at=at, reason=reason)
    job.done_count += len(batch)
    # One that was passed at the last moment comes on top.
    job.total_count = max(job.total_count, job.done_count)
    nudge("revops.tasks.sweep")
    return batch[-1].pk if batch and handoffs_of(user).exists() else None
