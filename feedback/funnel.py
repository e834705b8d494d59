"""The funnel: how many of the leads that entered got how far, together, by kind and by cohort.

A lead has reached a stage if it ever was in it or in a later one: stages can be left out, and what
was imported may have skipped some. Disqualified is no step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, ExpressionWrapper, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models import DateTimeField as InstantField
from django.db.models.functions import Greatest, TruncMonth, TruncWeek

from feedback.proportions import Share
from leads.models import Lead, Stage, StageTransition

# What leads can be told apart by: the field, and the name of its filter in the list of leads.
DIMENSIONS = {
    "source": ("Source", "source__name", "source"),
    "origin": ("Origin", "origin", "origin"),
    "campaign": ("Campaign", "campaign", "campaign"),
    "band": ("Band now", "band", "band"),
}
COHORTS = {"month": ("Month", TruncMonth), "week": ("Week", TruncWeek)}
LONGEST_TABLE = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of the funnel; `share` is of the step before."""

    key: str
    label: str
    count: int
    share: Share | None


@dataclass(frozen=True, slots=True)
class Line:
    """The funnel of one kind of lead. `name` is its value; `key` what the list filters by."""

    name: Any
    key: Any
    steps: Sequence[Step]

    @property
    def entered(self) -> int:
        return self.steps[0].count

    @property
    def mql_to_sql(self) -> Share:
        """The share of its MQLs that became SQLs: the one number both teams are judged by."""
        counts = {step.key: step.count for step in self.steps}
        return Share(counts[Stage.Key.SQL], counts[Stage.Key.MQL])

    @property
    def entered_to_won(self) -> Share:
        return Share(self.steps[-1].count, self.entered)


def stages() -> list[Stage]:
    """Return the steps of the funnel in order: the stages in use, but for Disqualified."""
    return list(Stage.objects.filter(is_used=True).exclude(key=Stage.Key.DISQUALIFIED))


def whole(leads: QuerySet[Lead]) -> Line:
    """Return the funnel of all `leads`."""
    steps = stages()
    counts = with_furthest(leads).aggregate(**_counts(steps))
    return Line("All", None, _steps(steps, counts))


def by_dimension(leads: QuerySet[Lead], dimension: str) -> list[Line]:
    """Return the funnel of each kind of lead, the largest first."""
    _, field, key_field = DIMENSIONS[dimension]
    steps = stages()
    rows = (
        with_furthest(leads)
        .values(kind=F(field), kind_key=F(key_field))
        .annotate(**_counts(steps))
        .order_by(f"-{Stage.Key.ML}", "kind")[:LONGEST_TABLE]
    )
    return [Line(row["kind"], row["kind_key"], _steps(steps, row)) for row in rows]


def by_cohort(leads: QuerySet[Lead], cohort: str, *, zone: str, first_weekday: int) -> list[Line]:
    """Return the funnel of the leads that entered in each month or week of `zone`, latest first.

    first_weekday: 0 is Monday. A line's name is the first day of its cohort.
    """
    _, truncate = COHORTS[cohort]
    shift = timedelta(days=first_weekday if cohort == "week" else 0)
    moved = ExpressionWrapper(F("entered_at") - shift, output_field=InstantField())
    steps = stages()
    rows = (
        with_furthest(leads)
        .annotate(began=truncate(moved, tzinfo=ZoneInfo(zone)))
        .values("began")
        .annotate(**_counts(steps))
        .order_by("-began")[:LONGEST_TABLE]
    )
    return [
        Line(first_day := (row["began"] + shift).date(), first_day, _steps(steps, row))
        for row in rows
    ]


def with_furthest(leads: QuerySet[Lead]) -> QuerySet[Lead]:
    """Annotate each lead with the position of the furthest stage that it ever was in, also as a
    lead that is part of it by now.
    """
    moves = StageTransition.objects.exclude(to_stage=Stage.Key.DISQUALIFIED).order_by()
    own, merged = (
        Subquery(
            moves.filter(**{of: OuterRef("pk")})
            .values(of)
            .annotate(furthest=Max("to_stage__position"))
            .values("furthest")
        )
        for of in ("lead", "lead__merged_into")
    )
    return leads.order_by().annotate(furthest=Greatest(own, merged))


def _counts(steps: Sequence[Stage]) -> dict[str, Count]:
    """Count the leads that reached each step; all of them reached the first."""
    first, *later = steps
    counts = {first.key: Count("pk")}
    return counts | {
        stage.key: Count("pk", filter=Q(furthest__gte=stage.position)) for stage in later
    }


def _steps(steps: Sequence[Stage], counts: Mapping[str, Any]) -> list[Step]:
    found: list[Step] = []
    for stage in steps:
        count = counts[stage.key]
        share = Share(count, found[-1].count) if found else None
        found.append(Step(stage.key, stage.label, count, share))
    return found
