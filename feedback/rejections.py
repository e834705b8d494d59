"""Why leads were given back, in the shared words."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, QuerySet

from feedback.models import Disposition, ReasonCode
from feedback.proportions import Share
from leads.models import Assignment, Lead


@dataclass(frozen=True, slots=True)
class Rejections:
    """What was answered about some leads: how many were answered, and why leads came back."""

    answered: int
    given_back: int
    reasons: list[tuple[str, str, Share]]

    @property
    def share(self) -> Share:
        return Share(self.given_back, self.answered)


def rejections(leads: QuerySet[Lead]) -> Rejections:
    """Return why reps gave back `leads`: key, label and share of each reason, the commonest first.

    What was only rerouted counts against nobody and is left out.
    """
    given_back = Disposition.objects.filter(assignment__handoff__lead__in=leads.values("pk"))
    given_back = given_back.exclude(code__consequence=ReasonCode.Consequence.REROUTE)
    answered = Assignment.objects.filter(
        handoff__lead__in=leads.values("pk"), answered_at__isnull=False
    ).count()
    rows = given_back.values("code__key", "code__label").annotate(n=Count("pk")).order_by("-n")
    total = sum(row["n"] for row in rows)
    reasons = [(row["code__key"], row["code__label"], Share(row["n"], total)) for row in rows]
    return Rejections(answered, total, reasons)
