"""Adding people, changing what they do, and letting them go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import Group
from django.db import transaction

from leads import handoffs, ownership
from leads.models import (
    Assignment,
    Document,
    Handoff,
    Lead,
    OwnershipChange,
    Queue,
    Role,
    User,
)
from leads.nudges import nudge
from routing.models import Capacity, Rota, RotaMember
from sla import clocks
from sla.models import RepHours

WITH_RECORDS_ADMIN = {Role.MARKETING_OPS, Role.ADMIN}


@dataclass(frozen=True, slots=True)
class Job:
    """What somebody does here: role, hours, rotas, and how many open leads they take."""

    role: str
    calendar: Document | None = None
    rotas: tuple[Rota, ...] = ()
    max_open: int | None = None


@transaction.atomic
def put_to_work(user: User, job: Job) -> None:
    """Save `user` and give them the role, hours, rotas and cap of `job`, and no others."""
    user.is_staff = job.role in WITH_RECORDS_ADMIN
    user.save()
    user.groups.set([Group.objects.get(name=job.role)])
    if job.calendar is None:
        RepHours.objects.filter(rep=user).delete()
    else:
        RepHours.objects.update_or_create(rep=user, defaults={"calendar": job.calendar})
    _join_rotas(user, job.rotas)
    Capacity.objects.update_or_create(rep=user, defaults={"max_open": job.max_open})


@transaction.atomic
def let_go(user: User, *, by: User, at: datetime) -> int:
    """Deactivate `user` and move every lead that they still answer for: open handoffs to the next
    rep, the others to their manager or back to marketing. Returns how many leads moved.
    """
    User.objects.filter(pk=user.pk).update(is_active=False)
    RotaMember.objects.filter(rep=user).delete()
    reason = f"{user} left"
    held = Handoff.objects.with_reps().filter(owner=user).order_by("lead")
    moving = list(held.values_list("pk", flat=True))
    for pk in moving:
        _reroute(pk, by=by, at=at, reason=reason)
    kept = Lead.objects.filter(owner=user).order_by("pk").select_for_update(no_key=True)
    for lead in kept:
        heir = (user.team and user.team.manager) or Queue.objects.get(key=handoffs.NURTURE)
        source = OwnershipChange.Source.MANAGER
        ownership.take(lead, to=heir, source=source, reason=reason, by=by, at=at)
    nudge("revops.tasks.sweep")
    return len(moving) + len(kept)


def _join_rotas(user: User, rotas: Iterable[Rota]) -> None:
    wanted = {rota.pk for rota in rotas}
    RotaMember.objects.filter(rep=user).exclude(rota__in=wanted).delete()
    RotaMember.objects.bulk_create(
        [RotaMember(rota_id=pk, rep=user) for pk in wanted], ignore_conflicts=True
    )


def _reroute(handoff_id: int, *, by: User, at: datetime, reason: str) -> None:
    handoff = handoffs.locked(handoff_id)
    assignment = handoffs.open_assignment(handoff)
    if assignment is not None:
        clocks.end(assignment, at=at)
    handoffs.back_to_routing(
        handoff,
        at=at,
        reason=reason,
        source=OwnershipChange.Source.MANAGER,
        by=by,
        outcome=Assignment.Outcome.REASSIGNED,
    )
