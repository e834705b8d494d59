"""What was asked on the way to a decision, as `Decision.trace` keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from leads.conditions import Compiled, Condition, Trace
from leads.evidence import Evidence
from routing.errors import HasToWait, NobodyAvailable, Skip
from routing.table import Rule
from routing.territories import labels_of

# Other facts, of a score or a handoff, are as known as they can be: no reviewer can fill them in.
WHAT_SOMEBODY_CAN_TELL = ("person.", "account.", "lead.", "custom.")


@dataclass(slots=True)
class Log:
    """Each rule asked, in order; who was skipped; what would have had to be known.

    failed: the conditions that kept rules from holding, each once: in a long table many ask alike.
    places: of these, by fact and text.
    """

    rules: list[dict[str, object]] = field(default_factory=list)
    failed: list[dict[str, object]] = field(default_factory=list)
    places: dict[tuple[str, str], int] = field(default_factory=dict)
    skipped: list[dict[str, object]] = field(default_factory=list)
    nobody: list[str] = field(default_factory=list)
    unknown: dict[str, None] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)

    def holds(self, rule: Rule, evidence: Evidence) -> bool:
        """Return whether `rule` is known to hold. One that doesn't is logged with what kept it from
        holding, and no more: most rules of a long table don't.
        """
        failed = _failed(rule.conditions, evidence)
        if not failed:
            return True
        places = [self._place(each, answer, evidence) for each, answer in failed]
        self.rules.append({"key": rule.key, "label": rule.label, "failed": places})
        return False

    def _place(self, condition: Condition, answer: bool | None, evidence: Evidence) -> int:
        """Return the place of a condition among those that failed; noted the first time."""
        fact = condition.fact.name
        place = self.places.setdefault((fact, condition.text), len(self.failed))
        if place == len(self.failed):
            self.failed.append(condition.answered(evidence, answer).to_json())
            if answer is None and fact.startswith(WHAT_SOMEBODY_CAN_TELL):
                self.unknown[fact] = None
        return place

    def trace(self, rule: Rule, evidence: Evidence) -> Trace:
        return rule.conditions.trace(evidence)

    def add_matched(self, rule: Rule, trace: Trace, skips: Sequence[Skip]) -> None:
        """Log the rule that decides."""
        self._add(rule, trace)
        self.add_skips(rule, skips)

    def add_nobody(self, rule: Rule, trace: Trace, nobody: NobodyAvailable) -> None:
        """Log a rule that holds but leads to nobody now."""
        self._add(rule, trace, nobody=str(nobody))
        self.add_skips(rule, nobody.skips)
        self.nobody.append(str(nobody))
        self.missing |= dict.fromkeys(nobody.missing)

    def add_waits(self, rule: Rule, trace: Trace, wait: HasToWait) -> None:
        """Log a rule that holds the lead until somebody opens."""
        waits = {"till": wait.till.isoformat(), "reason": wait.reason}
        self._add(rule, trace, nobody=str(wait), waits=waits)
        self.add_skips(rule, wait.skips)

    def why_nobody(self) -> str:
        """Return in words why no rule led anywhere."""
        unknown = f"{labels_of(list(self.unknown))} unknown." if self.unknown else ""
        if self.nobody:
            return " ".join([*self.nobody, unknown]).strip()
        return f"No rule matched: {unknown}" if unknown else "No rule fits this lead."

    def to_json(self) -> dict[str, object]:
        return {"rules": self.rules, "failed": self.failed, "skipped": self.skipped}

    def _add(self, rule: Rule, trace: Trace, **more: object) -> None:
        told = trace.to_json()
        entry = {"key": rule.key, "label": rule.label, "matched": True, "trace": told, **more}
        self.rules.append(entry)

    def add_skips(self, rule: Rule, skips: Sequence[Skip]) -> None:
        """Log who was passed over by `rule`."""
        self.skipped += [{**each.to_json(), "rule": rule.key} for each in skips]


def spelled_out(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return a trace as a decision keeps it, with the conditions that kept a rule from holding told
    with that rule. Older decisions keep them there.
    """
    trace = dict(kept)
    failed: Sequence[Mapping[str, str]] = trace.pop("failed", [])
    trace["rules"] = [
        {**rule, "failed": [failed[each] if isinstance(each, int) else each for each in places]}
        if (places := rule.get("failed"))
        else rule
        for rule in trace.get("rules", [])
    ]
    return trace


def _failed(conditions: Compiled, evidence: Evidence) -> list[tuple[Condition, bool | None]]:
    """Return what keeps conditions from holding, with its answer: of each group the first that is
    false, else those that are unknown; nothing if they hold.
    """
    failed: list[tuple[Condition, bool | None]] = []
    for group in conditions.groups:
        kept = _kept_from_holding(group, evidence)
        if not kept:
            return []
        failed += kept
    return failed


def _kept_from_holding(
    group: Sequence[Condition], evidence: Evidence
) -> list[tuple[Condition, bool | None]]:
    unknown: list[tuple[Condition, bool | None]] = []
    for condition in group:
        answer = condition.check(evidence)
        if answer is None:
            unknown.append((condition, None))
        elif not answer:
            return [(condition, answer)]
    return unknown
