"""Who is away when, who covers, and what becomes of what they have open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet

from leads.absence_covers import Gap, away_between, gaps
from leads.models import Absence, Handoff, Role, User


@dataclass(frozen=True, slots=True)
class Away:
    """open_count: open handoffs that the reader sees. gaps: when who covers is away too."""

    absence: Absence
    is_now: bool
    open_count: int
    gaps: Sequence[Gap]
    may_change: bool


def may_see_absences(user: User) -> bool:
    return user.sees_everything or user.has_role(Role.MANAGER)


def may_change_absences(user: User) -> bool:
    return user.has_role(Role.MANAGER, Role.MARKETING_OPS, Role.ADMIN)


def people_of(user: User) -> QuerySet[User]:
    """Return whose absences `user` enters: everybody's, or those of a manager's teams and own."""
    people = User.objects.filter(is_active=True).order_by("name")
    if user.has_role(Role.MARKETING_OPS, Role.ADMIN):
        return people
    if user.has_role(Role.MANAGER):
        return people.filter(team__manager=user) | people.filter(pk=user.pk)
    return people.none()


def absences_seen_by(user: User) -> QuerySet[Absence]:
    if user.sees_everything:
        return Absence.objects.filter(user__is_active=True)
    return Absence.objects.filter(user__in=people_of(user))


def away_list(user: User, at: datetime) -> list[Away]:
    """Return who is away now or later, whoever comes back first on top."""
    found = absences_seen_by(user).filter(ends_at__gt=at).select_related("user__team", "cover")
    absences = list(found.order_by("starts_at", "ends_at", "pk"))
    counts = _open_counts({each.user_id for each in absences}, user)
    away = away_between(at)
    own = set(people_of(user).values_list("pk", flat=True))
    return [
        Away(
            absence=each,
            is_now=each.starts_at <= at,
            open_count=counts.get(each.user_id, 0),
            gaps=gaps(each, away),
            may_change=each.user_id in own,
        )
        for each in absences
    ]


def _open_counts(people: set[int], user: User) -> dict[int, int]:
    rows = open_handoffs(user).filter(owner__in=people).values("owner")
    return dict(rows.annotate(count=Count("pk")).values_list("owner", "count"))


def open_handoffs(user: User) -> QuerySet[Handoff]:
    """Return the handoffs that reps have, as far as `user` sees them."""
    return Handoff.objects.visible_to(user).with_reps()
