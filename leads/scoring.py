"""The score of a lead: a pure function of its facts, its activities, the criteria and an instant.

Points step at whole UTC days, so a score is constant within a day unless something happens.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from leads.activity_series import ActivityRecord, series_of
from leads.conditions import Evidence, Truth
from leads.openings import Opening, missing_fields, opening
from leads.score_breakdown import Line, Score
from leads.score_changes import Flip, nearest_flips, next_band_change
from leads.scoring_rules import (
    Bands,
    ChecklistItem,
    Criteria,
    DepthRule,
    Disqualifier,
    FitRule,
    GroupCap,
    HandRaise,
    Modifier,
    RequiredField,
    Signal,
)
from leads.standing import Standing

__all__ = [
    "ActivityRecord",
    "Bands",
    "ChecklistItem",
    "Criteria",
    "DepthRule",
    "Disqualifier",
    "FitRule",
    "Flip",
    "GroupCap",
    "HandRaise",
    "Line",
    "Modifier",
    "Opening",
    "RequiredField",
    "Score",
    "Signal",
    "missing_fields",
    "nearest_flips",
    "is_better_band",
    "next_band_change",
    "opening",
    "score",
    "score_of",
]


def score(
    facts: Mapping[str, object],
    activities: Sequence[ActivityRecord],
    criteria: Criteria,
    at: datetime,
) -> Score:
    """Return the score at `at` (aware) from what was known then; its lines sum to its totals."""
    return score_of(Standing(Evidence(facts, series_of(activities, at), at), criteria))


def score_of(standing: Standing) -> Score:
    """Return what `score` does, from where a lead stands."""
    criteria = standing.criteria
    disqualifying = [
        (rule.key, compiled.truth(standing.evidence)) for rule, compiled in criteria.disqualifying
    ]
    return Score(
        fit=standing.fit,
        readiness=standing.readiness,
        fit_grade=standing.fit_grade,
        readiness_grade=criteria.bands.readiness_grade(standing.readiness),
        disqualified_by=tuple(key for key, truth in disqualifying if truth is Truth.TRUE),
        undecided=tuple(key for key, truth in disqualifying if truth is Truth.UNKNOWN),
        missing_requirements=standing.missing_requirements,
        breakdown=standing.lines(),
    )


def is_better_band(band: str, than: str) -> bool:
    """Whether a band is better in fit or readiness than another, and worse in neither: B1 than B2,
    but not A3 than B1.
    """
    return band < than and band[1:] <= than[1:]
