"""Why leads were given back, in the shared words."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from feedback.models import Disposition, ReasonCode
from feedback.proportions import Share
from leads.models import Assignment, Lead


@dataclass(frozen=True, slots=True)
class Rejections:
    """What was answered about some leads, and why leads came back.

    rejected:  not accepted at all; later: given back after they were accepted.
    in_review: disqualified in review, before any rep had them.
    reasons:   key, label and share of each reason, the commonest first.
    """

    answered: int
    rejected: int
    later: int
    in_review: int
    reasons: list[tuple[str, str, Share]]

    @property
    def share(self) -> Share:
        return Share(self.rejected, self.answered)


def rejections(leads: QuerySet[Lead]) -> Rejections:
    """Return how many of `leads` reps and reviewers gave back, and why. What was only rerouted
    counts against nobody and is left out.
    """
    ids = leads.values("pk")
    rerouted = ReasonCode.Consequence.REROUTE
    answers = Assignment.objects.filter(handoff__lead__in=ids, answered_at__isnull=False)
    answered = answers.exclude(answer="rejected", disposition__code__consequence=rerouted).count()
    given_back = Disposition.objects.filter(handoff__lead__in=ids)
    given_back = given_back.exclude(code__consequence=rerouted)
    at_first = Q(kind=Disposition.Kind.REJECTED)
    told = given_back.aggregate(
        rejected=Count("pk", filter=at_first),
        in_review=Count("pk", filter=Q(assignment=None) & ~at_first),
        later=Count("pk", filter=Q(assignment__isnull=False) & ~at_first),
    )
    rows = (
        given_back.values("code__key", "code__label")
        .annotate(n=Count("handoff__lead", distinct=True))
        .order_by("-n")
    )
    total = sum(row["n"] for row in rows)
    reasons = [(row["code__key"], row["code__label"], Share(row["n"], total)) for row in rows]
    return Rejections(answered, reasons=reasons, **told)
