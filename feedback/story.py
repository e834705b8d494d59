"""What happened around a handoff, newest first: passed, opened, answered, touched, done since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from feedback.packets import kind_label
from leads.models import Activity, Assignment, Handoff, StageTransition, Touch

STEPS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    text: str
    note: str = ""


def story(handoff: Handoff) -> list[Step]:
    """Return the latest steps of `handoff`, with what the lead did since it opened."""
    steps = [
        Step(handoff.opened_at, f"Handoff opened: {handoff.reason}"),
        *_of_assignments(handoff),
        *_of_overrides(handoff),
        *_of_touches(handoff),
        *_of_lead(handoff),
    ]
    oldest_first = sorted(steps, key=attrgetter("at"))  # of the same instant: as told above
    return oldest_first[: -STEPS_SHOWN - 1 : -1]


def _of_assignments(handoff: Handoff) -> Iterator[Step]:
    for each in handoff.assignments.select_related("rep"):
        yield Step(each.passed_at, f"Passed to {each.rep}")
        if each.received_at and each.evidence == Assignment.Evidence.OPENED:
            yield Step(each.received_at, f"{each.rep} opened the packet")
        if each.answered_at:
            yield Step(each.answered_at, f"{each.get_answer_display()} by {each.rep}")
        if each.outcome == Assignment.Outcome.QUALIFIED and each.ended_at:
            yield Step(each.ended_at, f"Qualified by {each.rep}")  # who keeps the lead
        elif each.ended_at:
            yield Step(each.ended_at, f"{each.get_outcome_display()}, no longer with {each.rep}")


def _of_overrides(handoff: Handoff) -> Iterator[Step]:
    """Moves that the stages' criteria refused, and the reason for which they were made."""
    moves = StageTransition.objects.filter(handoff=handoff, is_override=True)
    for move in moves.select_related("from_stage", "to_stage", "by"):
        whose = f" by {move.by}" if move.by else ""
        yield Step(move.at, f"{move.from_stage} → {move.to_stage}, override{whose}", move.reason)


def _of_touches(handoff: Handoff) -> Iterator[Step]:
    for touch in Touch.objects.filter(handoff=handoff).select_related("by"):
        yield Step(touch.occurred_at, f"{touch} ({touch.by or 'automatic'})", touch.note)


def _of_lead(handoff: Handoff) -> Iterator[Step]:
    since = Activity.objects.known_for(handoff.lead_id, handoff.lead.account_id).filter(
        occurred_at__gt=handoff.opened_at
    )
    for activity in since.order_by("-occurred_at")[:STEPS_SHOWN]:
        yield Step(activity.occurred_at, f"The lead: {kind_label(activity.kind).lower()}")
