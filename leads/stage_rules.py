"""What stages ask of a lead before it moves on, and how long it may stay."""

from __future__ import annotations

from datetime import datetime

from django.db.models import ExpressionWrapper, F, Q
from django.db.models.fields import DateTimeField

from leads.conditions import Conditions, Evidence, compile_conditions, describe
from leads.custom_facts import all_declared_facts
from leads.fact_history import evidence_for
from leads.fact_sheet import band_facts, handoff_facts
from leads.models import Handoff, Lead, Stage


def unmet(
    lead: Lead,
    to: Stage,
    *,
    at: datetime,
    handoff: Handoff | None = None,
    evidence: Evidence | None = None,
) -> str:
    """Return what keeps `lead` from moving on to the stage `to`, as a sentence; "" if nothing does.

    Moving on asks the exit criteria of the stage it is in and the entry criteria of the other.
    Moving back asks nothing, and neither does disqualification.
    evidence: what is asked; None reads what was known at `at`.
    """
    asked = _asked(lead.stage, to)
    if not asked:
        return ""
    known = evidence or evidence_for(lead, at)
    now = handoff_facts(handoff) if handoff else band_facts(lead.band)
    known = Evidence({**known.facts, **now}, known.activities, at)
    attributes = all_declared_facts()
    for words, conditions in asked:
        if not compile_conditions(conditions, extra_facts=attributes).matches(known):
            return f"{words}: {describe(conditions, extra_facts=attributes)}."
    return ""


def _asked(present: Stage, to: Stage) -> list[tuple[str, Conditions]]:
    is_disqualified = present.key == Stage.Key.DISQUALIFIED
    is_further = to.position > present.position or is_disqualified
    if not is_further or to.key == Stage.Key.DISQUALIFIED:
        return []
    asked = [(f"{to.label} asks for", to.entry_criteria)]
    if not is_disqualified:
        asked.insert(0, (f"To leave {present.label}", present.exit_criteria))
    return [(words, conditions) for words, conditions in asked if conditions]


def stay_due_at(stage: Stage, since: datetime) -> datetime | None:
    """Return when a stay in `stage` since then is too long; None if it may last for ever."""
    return since + stage.longest_stay if stage.longest_stay else None


def reschedule_stays(stage: Stage, at: datetime) -> int:
    """Let the longest stay of `stage`, which changed, count for the leads that are in it. Of stays
    that were too long before, nobody is told twice. Returns how many leads have a new date.
    """
    there = Lead.objects.live().filter(stage=stage)
    if stage.longest_stay is None:
        return there.exclude(stay_due_at=None).update(stay_due_at=None)
    due = ExpressionWrapper(F("stage_since") + stage.longest_stay, output_field=DateTimeField())
    told = Q(stay_due_at=None, due__lte=at)
    return there.annotate(due=due).exclude(told).update(stay_due_at=due)
