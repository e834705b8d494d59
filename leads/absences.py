"""When people are away: their leads go to others until they return by themselves."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from leads.models import Absence, User


def coming(user: User, at: datetime) -> QuerySet[Absence]:
    """Return the absences of `user` that are not over, the next first."""
    return Absence.objects.filter(user=user, ends_at__gt=at).order_by("starts_at")


def end(absence: Absence, *, at: datetime) -> bool:
    """Return early: end a running absence at `at`, call off one that has not begun.

    Returns whether there was anything to end; a second call does nothing.
    """
    begun = Absence.objects.filter(pk=absence.pk, starts_at__lt=at, ends_at__gt=at)
    if begun.update(ends_at=at):
        return True
    deleted, _ = Absence.objects.filter(pk=absence.pk, starts_at__gte=at).delete()
    return bool(deleted)
