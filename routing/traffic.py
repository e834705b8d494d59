"""What each row of the routing table took lately, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from leads.handoffs import MISSING, REVIEW
from leads.models import Assignment, OwnershipChange
from routing.models import Decision, RoutingRule
from sla.judging import judged, missed
from sla.models import Clock, Target

LATELY = timedelta(days=30)
LONG = timedelta(days=90)
# Of fewer decisions in all than this, a row without any says nothing.
ENOUGH_DECISIONS = 30
PROMISES = (Target.Kind.ACCEPT, Target.Kind.FIRST_TOUCH)

# What the leads behind a number are asked for by.
WHICH = {
    "taken": Q(),
    "answered": ~Q(assignment__answer="") & Q(assignment__isnull=False),
    "accepted": Q(assignment__answer=Assignment.Answer.ACCEPTED),
    "promised": Q(is_judged=True),
    "missed": Q(is_missed=True),
}

# Why a lead went to review before any row was asked.
WHY_UNASKED = {
    "missing": Q(reason__startswith=MISSING),
    "refused": ~Q(reason__startswith=MISSING),
}


@dataclass(frozen=True, slots=True)
class Traffic:
    """How many handoffs a row took in 30 days, how many of them were answered and accepted, and of
    how many a promise to accept or to respond came due and was missed.
    """

    taken: int = 0
    answered: int = 0
    accepted: int = 0
    promised: int = 0
    missed: int = 0


def traffic_by_row(at: datetime) -> dict[str, Traffic]:
    """Return the traffic of each row, by its key."""
    counts = {
        name: Count("pk", filter=condition) if condition else Count("pk")
        for name, condition in WHICH.items()
    }
    rows = decisions_lately(at).order_by().values("rule_key").annotate(**counts)
    return {key: Traffic(*numbers) for key, *numbers in rows.values_list("rule_key", *counts)}


def decisions_lately(at: datetime) -> QuerySet[Decision]:
    """Return what the table decided in the last 30 days, newest first. That one waits for an
    opening is no decision yet.
    """
    clocks = Clock.objects.filter(assignment=OuterRef("assignment"), kind__in=PROMISES)
    return (
        decided(at - LATELY, at)
        .annotate(
            is_judged=Exists(clocks.filter(judged(at))), is_missed=Exists(clocks.filter(missed(at)))
        )
        .order_by("-at", "-pk")
    )


def decided(since: datetime, at: datetime) -> QuerySet[Decision]:
    """Return what rows of the table decided from `since` on."""
    decisions = Decision.objects.filter(at__gt=since, at__lte=at, waits_till=None)
    return decisions.exclude(rule_key="")


@dataclass(frozen=True, slots=True)
class Unasked:
    """How many leads went to review in 30 days before the table was asked: because a field that a
    handoff needs was missing, or because their stage did not let them become MQL.
    """

    missing: int
    refused: int


def traffic_before(at: datetime) -> Unasked:
    counts = {name: Count("lead", filter=why, distinct=True) for name, why in WHY_UNASKED.items()}
    return Unasked(**sent_unasked(at).aggregate(**counts))


def sent_unasked(at: datetime) -> QuerySet[OwnershipChange]:
    """Return by what leads went to review in the last 30 days without any decision on their handoff
    before: the table was not asked. What somebody gave back is not among them.
    """
    to_review = OwnershipChange.objects.filter(
        to_queue__key=REVIEW,
        at__gt=at - LATELY,
        at__lte=at,
        source=OwnershipChange.Source.ROUTING,
        by=None,
    )
    decided = Decision.objects.filter(
        Q(handoff__closed_at=None) | Q(handoff__closed_at__gte=OuterRef("at")),
        handoff__lead=OuterRef("lead"),
        at__lte=OuterRef("at"),
    )
    return to_review.filter(~Exists(decided))


def unused_rows(rows: Iterable[RoutingRule], at: datetime) -> set[str]:
    """Return the keys of those rows that took nothing in 90 days though they were live for 30; none
    where the whole table decided too little.
    """
    counts = decided(at - LONG, at).order_by().values("rule_key").annotate(n=Count("pk"))
    taken = dict(counts.values_list("rule_key", "n"))
    if sum(taken.values()) < ENOUGH_DECISIONS:
        return set()
    old = RoutingRule.objects.filter(version__publications__at__lte=at - LATELY)
    standing = set(old.values_list("key", flat=True))
    return {row.key for row in rows if row.conditions and row.key in standing - taken.keys()}
