"""Adding people and changing what they do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet

from leads import handoffs
from leads.errors import LostRace
from leads.models import (
    Assignment,
    Document,
    Handoff,
    Lead,
    OwnershipChange,
    Role,
    Team,
    User,
)
from routing.claiming import lock
from routing.models import Capacity, Rota, RotaMember
from sla import clocks, retiring
from sla.models import RepHours, TeamHours

LEFT_MEANWHILE = "{} was let go meanwhile. Nothing is saved."
NO_ADMIN_LEFT = "{} is the last admin. Make another first."
WITH_RECORDS_ADMIN = {Role.MARKETING_OPS, Role.ADMIN}


@dataclass(frozen=True, slots=True)
class Job:
    """What somebody does here: role, hours and rotas; how many leads they take and, where a row of
    the routing table asks, of what. languages: by their codes. within_team: only the hours in which
    the team is open too.
    """

    role: str
    calendar: Document | None = None
    rotas: tuple[Rota, ...] = ()
    max_open: int | None = None
    max_per_day: int | None = None
    max_per_week: int | None = None
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    is_online: bool = True
    within_team: bool = False

    @property
    def capacity(self) -> dict[str, object]:
        return {
            "is_online": self.is_online,
            "max_open": self.max_open,
            "max_per_day": self.max_per_day,
            "max_per_week": self.max_per_week,
            "skills": list(self.skills),
            "languages": list(self.languages),
        }


@transaction.atomic
def put_to_work(user: User, job: Job, *, fields: Iterable[str] = ()) -> None:
    """Save `user` and give them the role, hours, rotas and cap of `job`, and no others.

    fields: what to save of somebody who is here already.
    Raises LostRace if they were let go after `user` was read, or the calendar retired meanwhile.
    """
    user.is_staff = job.role in WITH_RECORDS_ADMIN
    if user.pk is None:
        user.save()
    else:
        _hold(user)
        user.save(update_fields=["is_staff", *fields])
    user.groups.set([Group.objects.get(name=job.role)])
    if job.calendar is None:
        RepHours.objects.filter(rep=user).delete()
    else:
        retiring.hold(job.calendar)
        hours = {"calendar": job.calendar, "within_team": job.within_team}
        RepHours.objects.update_or_create(rep=user, defaults=hours)
    _join_rotas(user, job.rotas)
    Capacity.objects.update_or_create(rep=user, defaults=job.capacity)


@transaction.atomic
def have_work_by(team: Team, calendar: Document | None) -> None:
    """Give `team` the hours of `calendar`; None: those of the company. Raises LostRace if it was
    retired meanwhile.
    """
    if calendar is None:
        TeamHours.objects.filter(team=team).delete()
    else:
        retiring.hold(calendar)
        TeamHours.objects.update_or_create(team=team, defaults={"calendar": calendar})


def _hold(user: User) -> None:
    """Lock `user` till the transaction ends. Raises LostRace if they were let go meanwhile."""
    lock(user.pk)  # capacity, then person: as routing does
    if user.is_active and not User.objects.filter(pk=user.pk, is_active=True).exists():
        raise LostRace(LEFT_MEANWHILE.format(user))


def check_an_admin_stays(user: User) -> None:
    """Raise LostRace if without `user` nobody is an admin. Holds the group till the transaction
    ends: of two admins who would let each other go, the second is asked after the first has.
    """
    admins = Group.objects.select_for_update(no_key=True).get(name=Role.ADMIN)
    active = User.objects.filter(groups=admins, is_active=True)
    if active.filter(pk=user.pk).exists() and not active.exclude(pk=user.pk).exists():
        raise LostRace(NO_ADMIN_LEFT.format(user))


def _join_rotas(user: User, rotas: Iterable[Rota]) -> None:
    wanted = {rota.pk for rota in rotas}
    RotaMember.objects.filter(rep=user).exclude(rota__in=wanted).delete()
    RotaMember.objects.bulk_create(
        [RotaMember(rota_id=pk, rep=user) for pk in wanted], ignore_conflicts=True
    )


def handoffs_of(user: User) -> QuerySet[Handoff]:
    """Return the open handoffs that `user` has."""
    return Handoff.objects.with_reps().filter(owner=user)


def reroute(lead: Lead, user: User, *, by: User | None, at: datetime, reason: str) -> bool:
    """Send the open handoff of a locked lead on, if it is with `user`; returns whether it was."""
    found = handoffs_of(user).filter(lead=lead).first()
    if found is None:
        return False
    handoff = handoffs.locked(found.pk)
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
    return True
