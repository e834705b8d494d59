"""What stages ask of a lead before it moves on, and how long it may stay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Exists, ExpressionWrapper, F, OuterRef, QuerySet
from django.db.models.fields import DateTimeField

from leads.conditions import (
    Conditions,
    Evidence,
    InvalidConditions,
    compile_conditions,
    describe,
)
from leads.custom_facts import all_attributes
from leads.fact_history import evidence_for
from leads.fact_sheet import band_facts, handoff_facts
from leads.facts import Fact
from leads.models import Handoff, Lead, Stage, StageTransition

# Where a lead is whose handoff waits because the stages ask for more, and which a hand-over by hand
# takes it out of.
OUTSIDE = (Stage.Key.ML, Stage.Key.DISQUALIFIED)


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
    if not _asked(lead.stage, to):
        return ""
    known = evidence or evidence_for(lead, at)
    now = handoff_facts(handoff) if handoff else band_facts(lead.band)
    known = known.with_facts({**known.facts, **now})
    return refusal_on(lead.stage, to, known, all_attributes())


def refusal_of(handoff: Handoff, evidence: Evidence) -> str:
    """Return what keeps the lead of a handoff from becoming MQL; "" if nothing does, or it is."""
    if handoff.lead.stage_id not in OUTSIDE:
        return ""
    mql = Stage.objects.get(pk=Stage.Key.MQL)
    return unmet(handoff.lead, mql, at=evidence.at, handoff=handoff, evidence=evidence)


def refusal_on(
    present: Stage, to: Stage, evidence: Evidence, attributes: Mapping[str, Fact]
) -> str:
    """Return what keeps a lead with this `evidence` from moving on; "" if nothing does. Criteria
    that make no sense any more let nobody through, and say so.
    """
    for words, conditions in _asked(present, to):
        try:
            asked = compile_conditions(conditions, extra_facts=attributes)
        except InvalidConditions as invalid:
            return f"{words} what can't be asked any more: {invalid}"
        if not asked.matches(evidence):
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


def reschedule_stays(stage: Stage) -> int:
    """Let the longest stay of `stage`, which changed, count for the leads that are in it, also for
    those that have been there for longer already. Of one stay nobody is told twice, and of stays
    that began in an imported past nobody at all. Returns how many leads have a date now.
    """
    if stage.longest_stay is None:
        there = Lead.objects.live().filter(stage=stage)
        there.exclude(stay_due_at=None).update(stay_due_at=None)
        return 0
    due = ExpressionWrapper(F("stage_since") + stage.longest_stay, output_field=DateTimeField())
    return _untold(stage).update(stay_due_at=due)


def overdue_at_once(stage: Stage, at: datetime) -> int:
    """Return of how many leads it would be said at once that they stay too long, if the longest
    stay of `stage`, which is not stored yet, held from `at` on.
    """
    if stage.longest_stay is None:
        return 0
    return _untold(stage).filter(stage_since__lte=at - stage.longest_stay).count()


def _untold(stage: Stage) -> QuerySet[Lead]:
    """Return the leads in `stage` of whose stay it may still be said that it is too long."""
    came = StageTransition.objects.filter(lead=OuterRef("pk"), seq=OuterRef("stage_seq"))
    there = Lead.objects.live().filter(~Exists(came.filter(is_historical=True)), stage=stage)
    return there.exclude(stay_told_seq=F("stage_seq"))
