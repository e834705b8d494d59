"""The lines in which handoffs wait: one for each rota, and one for each person whom rules name.

In each they are passed by priority, then who was there first.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery

from leads.models import Handoff
from routing.models import Decision


def line_of_rota(rota_id: int) -> str:
    return f"rota:{rota_id}"


def line_of_rep(rep_id: int) -> str:
    """Return the line of those who are to go to a rep, or to who covers for them."""
    return f"rep:{rep_id}"


def in_line(waiting: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """Return waiting handoffs, the one that is next first."""
    return waiting.order_by("-priority", "opened_at", "pk")


def due(at: datetime) -> QuerySet[Handoff]:
    """Return the handoffs that are to be routed again by `at`, the one that is next first."""
    return in_line(Handoff.objects.filter(reroute_at__lte=at))


def ahead_of(handoff: Handoff, line: str, *, priority: int, at: datetime) -> int:
    """Return how many handoffs are due to be routed that wait in `line` and come before `handoff`,
    which has this `priority` in it.
    """
    same = Q(priority=priority)
    sooner = Q(opened_at__lt=handoff.opened_at) | Q(opened_at=handoff.opened_at, pk__lt=handoff.pk)
    before = due(at).filter(Q(priority__gt=priority) | same & sooner).exclude(pk=handoff.pk)
    newest = Decision.objects.filter(handoff=OuterRef("pk")).order_by("-id")
    return before.annotate(line=Subquery(newest.values("line")[:1])).filter(line=line).count()
