"""The order in which waiting handoffs are passed: by priority, then who was there first."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from leads.models import Handoff


def in_line(waiting: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """Return waiting handoffs, the one that is next first."""
    return waiting.order_by("-priority", "opened_at", "pk")


def due(at: datetime) -> QuerySet[Handoff]:
    """Return the handoffs that are to be routed again by `at`, the one that is next first."""
    return in_line(Handoff.objects.filter(reroute_at__lte=at))


def ahead_of(handoff: Handoff, at: datetime) -> int:
    """Return how many handoffs are due to be routed and come before `handoff`."""
    same = Q(priority=handoff.priority)
    sooner = Q(opened_at__lt=handoff.opened_at) | Q(opened_at=handoff.opened_at, pk__lt=handoff.pk)
    before = Q(priority__gt=handoff.priority) | same & sooner
    return due(at).filter(before).exclude(pk=handoff.pk).count()
