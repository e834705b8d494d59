"""May this rep take this handoff now? If not, why, in words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery

from leads.models import Absence, Assignment, Handoff, Role, User
from routing.caps import Lately, over_cap, passed_lately
from routing.errors import Refused, Skip
from routing.models import Capacity

INACTIVE, NO_REP = "is inactive", "is no sales rep"
# What not even a manager can set aside.
NEVER = (INACTIVE, NO_REP)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rep, and why this handoff can't go to them now; no refusal: it can."""

    rep: User
    refusal: str

    @property
    def skip(self) -> Skip:
        return Skip(self.rep, self.refusal)


def candidates(
    rep_ids: Collection[int], handoff: Handoff | None, *, at: datetime
) -> list[Candidate]:
    """Return each of these people, by id, with what stands against giving them `handoff`.

    handoff: None for any that they didn't have before.
    """
    people = list(_people(rep_ids, handoff, at))
    lately = passed_lately(people, at)
    return [Candidate(rep, _refusal(rep, lately, at)) for rep in people]


def claim(rep_id: int, handoff: Handoff, *, at: datetime) -> User:
    """Lock a rep until the end of the transaction and return them, checked under the lock: nobody
    else can give them anything meanwhile, so that no cap is exceeded.

    Raises Refused, and holds no lock then: the savepoint gives it back, so that one rep tried
    after another never means two locks.
    """
    with transaction.atomic():
        lock(rep_id)
        (candidate,) = candidates([rep_id], handoff, at=at)
        if candidate.refusal:
            raise Refused(candidate.skip)
    return candidate.rep


def lock(rep_id: int) -> None:
    """Lock a rep's capacity, made if there is none yet, and the rep, who may just be leaving."""
    rows = (
        Capacity.objects.filter(rep=rep_id)
        .select_related("rep")
        .select_for_update(no_key=True, of=("self", "rep"))
    )
    if rows.first() is None:
        Capacity.objects.bulk_create([Capacity(rep_id=rep_id)], ignore_conflicts=True)
        rows.get()


def _people(rep_ids: Collection[int], handoff: Handoff | None, at: datetime) -> QuerySet[User]:
    itself = OuterRef("pk")
    roles = User.groups.through.objects.filter(user=itself, group__name=Role.REP)
    before = Assignment.objects.filter(handoff=handoff, rep=itself)
    away = Absence.objects.filter(user=itself, starts_at__lte=at, ends_at__gt=at)
    work = Handoff.objects.open().filter(owner=itself).values("owner").annotate(count=Count("pk"))
    return (
        User.objects.filter(pk__in=rep_ids)
        .select_related("capacity")
        .annotate(
            is_rep=Exists(roles),
            had_it=Exists(before),
            away_until=Subquery(away.values("ends_at")[:1]),
            open_count=Subquery(work.values("count")),
        )
        .order_by("pk")
    )


def _refusal(rep: User, lately: Lately, at: datetime) -> str:
    found = cast(Any, rep)  # with what _people annotated
    if not rep.is_active:
        return INACTIVE
    if not found.is_rep:
        return NO_REP
    if found.had_it:
        return "had this handoff before"
    if found.away_until:
        return f"is absent till {_day(found.away_until, rep.zone)}"
    return over_cap(rep, open_count=found.open_count or 0, lately=lately, at=at)


def _day(instant: datetime, zone: str) -> str:
    local = instant.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b}"
