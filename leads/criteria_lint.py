"""The check of criteria: rules with ids that find what can hardly be meant. Pure.

Findings are warnings and forbid nothing; what forbids publishing is in `criteria_checks`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from leads.conditions import Evidence
from leads.linting import bands, conditions, effects
from leads.linting.checked import Checked, Finding, StageInUse
from leads.scoring_rules import Criteria

__all__ = ["RULES", "Checked", "Finding", "LintRule", "StageInUse", "lint"]


@dataclass(frozen=True, slots=True)
class LintRule:
    """One thing that is looked for. `help` says what to do about it."""

    id: str
    title: str
    help: str
    find: Callable[[Checked], Iterable[Finding]]


RULES: Mapping[str, LintRule] = {
    rule.id: rule
    for rule in (
        LintRule(
            conditions.CONTRADICTORY,
            "Contradiction",
            "Conditions that no lead can meet together. Change one, or move it to another group.",
            conditions.contradictory,
        ),
        LintRule(
            conditions.COUNTS_TWICE,
            "One event counts twice",
            "Two signals, or two hand-raises, that the same activity counts for. Filter one of"
            " them by a property, or put both under one group cap.",
            conditions.counts_twice,
        ),
        LintRule(
            bands.OUT_OF_REACH,
            "Threshold out of reach",
            "More points than all rules and caps together allow. Lower it, or raise a cap.",
            bands.threshold_out_of_reach,
        ),
        LintRule(
            conditions.SHADOWED,
            "Shadowed",
            "A rule that another one makes idle. Remove it, or change the order.",
            conditions.shadowed,
        ),
        LintRule(
            effects.NEVER_FIRES,
            "Never fires",
            "It held for no lead of the sample. Check the value, or whether the fact is filled in.",
            effects.never_fires,
        ),
        LintRule(
            effects.CHANGES_NO_BAND,
            "Changes no band",
            "Without it every lead of the sample would be in the same band. Give it more points,"
            " or remove it.",
            effects.changes_no_band,
        ),
        LintRule(
            effects.GATES_NOTHING,
            "Required field that gates nothing",
            "No handoff ever waits for it. Remove it, or require it where it may be missing.",
            effects.required_gates_nothing,
        ),
        LintRule(
            bands.NO_CONSEQUENCE,
            "Band without consequence",
            "Two grades that nothing treats differently: what opens a handoff, the routing table,"
            " policies and stages. Use the difference somewhere, or move the line.",
            bands.band_without_consequence,
        ),
        LintRule(
            bands.NO_EXIT,
            "Stage without exit",
            "Leads get stuck where nobody agreed on how they leave. Give it exit criteria or a"
            " longest stay.",
            bands.stage_without_exit,
        ),
    )
}


def lint(
    criteria: Criteria,
    sample: Sequence[tuple[int, Evidence]],
    *,
    next_steps: Mapping[str, str],
    stages: Sequence[StageInUse],
) -> list[Finding]:
    """Return what the check finds, in the order of `RULES`.

    criteria:   must be fit to be published (`criteria_problems` finds nothing).
    sample:     leads by id with what is known of them; of fewer than 100, rules that need leads
                say nothing.
    next_steps: by band, what follows from it; empty says nothing about consequences.
    """
    checked = Checked(criteria, sample, next_steps, stages)
    return [finding for rule in RULES.values() for finding in rule.find(checked)]
