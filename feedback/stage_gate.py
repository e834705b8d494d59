"""What the stages ask today of a lead that a handoff would have opened for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from feedback.replay import WouldOpen
from leads.custom_facts import all_attributes
from leads.evidence import Evidence
from leads.fact_sheet import handoff_facts
from leads.facts import Fact
from leads.models import Handoff, Stage
from leads.stage_rules import refusal_on


@dataclass(frozen=True)
class StageGate:
    """The way to MQL from where a lead is that sales doesn't have: ML."""

    present: Stage
    to: Stage
    attributes: Mapping[str, Fact]

    def lets_on(self, opened: WouldOpen, band: str, evidence: Evidence) -> bool:
        """Whether the stages let a lead on, on `evidence`; `band` is that of its opening."""
        handoff = Handoff(path=opened.path, trigger_key=opened.key, band=band)
        known = evidence.with_facts({**evidence.facts, **handoff_facts(handoff)})
        return not refusal_on(self.present, self.to, known, self.attributes)


def stage_gate() -> StageGate:
    stages = Stage.objects.in_bulk([Stage.Key.ML, Stage.Key.MQL])
    return StageGate(stages[Stage.Key.ML], stages[Stage.Key.MQL], all_attributes())
