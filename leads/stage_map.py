"""The stages as they are lived: who is where, for how long, and how leads move between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, ExpressionWrapper, F, OuterRef, QuerySet, Subquery
from django.db.models.fields import DurationField

from leads.conditions import Conditions
from leads.custom_facts import all_attributes
from leads.facts import Fact
from leads.models import Lead, Stage, StageTransition
from leads.percentiles import Percentile
from leads.version_words import conditions_in_words

LOOK_BACK = timedelta(days=90)
A_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class StageFigures:
    """A stage with its criteria in words and its figures.

    median_stay: of the `stays` that ended lately; None if none did.
    """

    stage: Stage
    entry: str
    exit: str
    here: int
    overstaying: int
    stays: int
    median_stay: timedelta | None

    @property
    def is_passed_at_once(self) -> bool:
        """Whether half of the leads or more left it in the second in which they came."""
        return self.median_stay is not None and self.median_stay < A_SECOND


@dataclass(frozen=True, slots=True)
class Move:
    """How many leads moved from one stage to another lately."""

    origin: str
    target: str
    leads: int


@dataclass(frozen=True, slots=True)
class StageMap:
    stages: Sequence[StageFigures]
    moves: Sequence[Move]


def stage_map(at: datetime) -> StageMap:
    """Return the stages with all leads, over the last 90 days."""
    leads = Lead.objects.live().order_by()
    moved = lately(at).filter(lead__in=leads)
    here = dict(leads.values_list("stage").annotate(n=Count("pk")))
    late = dict(leads.overstaying(at).values_list("stage").annotate(n=Count("pk")))
    stays = _stays(moved)
    attributes = all_attributes()
    return StageMap(
        [
            StageFigures(
                stage,
                _words(stage.entry_criteria, attributes),
                _words(stage.exit_criteria, attributes),
                here.get(stage.key, 0),
                late.get(stage.key, 0),
                *stays.get(stage.key, (0, None)),
            )
            for stage in Stage.objects.all()
        ],
        _moves(moved),
    )


def _words(conditions: Conditions, attributes: Mapping[str, Fact]) -> str:
    return conditions_in_words(conditions, attributes) if conditions else ""


def lately(at: datetime) -> QuerySet[StageTransition]:
    """Return the moves of the last 90 days, without an order."""
    return StageTransition.objects.filter(at__gt=at - LOOK_BACK, at__lte=at).order_by()


def _stays(moved: QuerySet[StageTransition]) -> Mapping[str, tuple[int, timedelta]]:
    """Return how many stays the moves ended, and their median length, by the stage left."""
    came = StageTransition.objects.filter(lead=OuterRef("lead"), seq=OuterRef("seq") - 1)
    length = ExpressionWrapper(F("at") - Subquery(came.values("at")), output_field=DurationField())
    rows = (
        moved.exclude(from_stage=None)
        .annotate(length=length)
        .values_list("from_stage")
        .annotate(n=Count("pk"), median=Percentile("length", 0.5))
    )
    return {stage: (n, median) for stage, n, median in rows}


def _moves(moved: QuerySet[StageTransition]) -> list[Move]:
    rows = (
        moved.exclude(from_stage=None)
        .values_list("from_stage", "to_stage")
        .annotate(n=Count("lead", distinct=True))
        .order_by("from_stage__position", "to_stage__position")
    )
    return [Move(*row) for row in rows]
