"""The one rule language: a condition is fact, operator, value.

Stored as JSON: a list of groups, any of which may hold; a group is a list of conditions, all of
which must hold. `[]` means always. A missing fact makes a condition unknown, not false.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leads.activity_series import count_of
from leads.condition_checks import problems
from leads.condition_trace import (
    TRUTH,
    ConditionTrace,
    GroupTrace,
    Trace,
    Truth,
    all_of,
    any_of,
)
from leads.condition_words import shown, subject, told
from leads.evidence import Evidence
from leads.facts import FACTS, Fact
from leads.operators import KNOWNNESS, NORMALISE, OPERATORS, Operator, make_test

__all__ = [
    "Compiled",
    "Condition",
    "ConditionTrace",
    "Conditions",
    "Evidence",
    "GroupTrace",
    "InvalidConditions",
    "Trace",
    "Truth",
    "compile_conditions",
    "describe",
    "validate",
]

Conditions = Sequence[Sequence[Mapping[str, Any]]]
Check = Callable[[Evidence], bool | None]
Read = Callable[[Evidence], Any]


class InvalidConditions(ValueError):
    """These conditions can't be saved or used; `messages` says why, a sentence each."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__(" ".join(messages))
        self.messages = messages


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, ready to be asked. `check` answers true, false or None for unknown."""

    fact: Fact
    operator: Operator
    value: object
    text: str
    read: Read
    check: Check

    @property
    def changes_with_time(self) -> bool:
        """Whether the answer may change by the passing of days alone."""
        return self.operator.is_relative or self.fact.is_behaviour

    def trace(self, evidence: Evidence) -> ConditionTrace:
        return self.answered(evidence, self.check(evidence))

    def answered(self, evidence: Evidence, answer: bool | None) -> ConditionTrace:
        """Return the trace of what `check` has answered."""
        if self.fact.is_behaviour:
            actual = self.read(evidence)
        else:
            actual = evidence.facts.get(self.fact.name)
        told = shown(self.fact, actual)
        return ConditionTrace(self.text, self.fact.name, actual, told, TRUTH[answer])


@dataclass(frozen=True, slots=True)
class Compiled:
    """Conditions made ready once per version; no groups means always."""

    groups: tuple[tuple[Condition, ...], ...]
    checks: tuple[tuple[Check, ...], ...]

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return tuple(condition for group in self.groups for condition in group)

    @property
    def changes_with_time(self) -> bool:
        return any(condition.changes_with_time for condition in self.conditions)

    def matches(self, evidence: Evidence) -> bool:
        """Whether the conditions are known to hold; stops at the first answer that decides."""
        for group in self.checks:
            for check in group:
                if not check(evidence):
                    break
            else:
                return True
        return not self.checks

    def truth(self, evidence: Evidence) -> Truth:
        """Whether the conditions hold, fail, or can't be told from what is known."""
        if not self.checks:
            return Truth.TRUE
        groups = [all_of([TRUTH[check(evidence)] for check in group]) for group in self.checks]
        return any_of(groups)

    def unknown_facts(self, evidence: Evidence) -> tuple[str, ...]:
        """Return the names of the facts whose absence left a condition unanswered."""
        unanswered = (each for each in self.conditions if each.check(evidence) is None)
        return tuple(dict.fromkeys(each.fact.name for each in unanswered))

    def trace(self, evidence: Evidence) -> Trace:
        """Return every condition with what was found, without stopping early."""
        groups = tuple(self._group_trace(group, evidence) for group in self.groups)
        return Trace(groups, any_of([each.truth for each in groups]) if groups else Truth.TRUE)

    @staticmethod
    def _group_trace(group: tuple[Condition, ...], evidence: Evidence) -> GroupTrace:
        traces = tuple(condition.trace(evidence) for condition in group)
        return GroupTrace(traces, all_of([each.truth for each in traces]))


def validate(
    conditions: object,
    *,
    extra_facts: Mapping[str, Fact] | None = None,
    allow_always: bool = False,
) -> list[str]:
    """Return what is wrong, as sentences a marketer understands; an empty list if nothing is.

    extra_facts: custom attributes by name, beside the registry.
    """
    return problems(conditions, {**FACTS, **(extra_facts or {})}, allow_always=allow_always)


def compile_conditions(
    conditions: Conditions, *, extra_facts: Mapping[str, Fact] | None = None
) -> Compiled:
    """Return `conditions` ready to be asked. Raises InvalidConditions if they can't be."""
    facts = {**FACTS, **(extra_facts or {})}
    if messages := problems(conditions, facts, allow_always=True):
        raise InvalidConditions(messages)
    groups = tuple(tuple(_condition(each, facts) for each in group) for group in conditions)
    return Compiled(groups, tuple(tuple(each.check for each in group) for group in groups))


def describe(conditions: Conditions, *, extra_facts: Mapping[str, Fact] | None = None) -> str:
    """Return `conditions` as a sentence; "Always" if there are none."""
    groups = compile_conditions(conditions, extra_facts=extra_facts).groups
    texts = [" and ".join(condition.text for condition in group) for group in groups]
    return ", or ".join(texts) or "Always"


def _condition(raw: Mapping[str, Any], facts: Mapping[str, Fact]) -> Condition:
    fact, operator, value = facts[raw["fact"]], OPERATORS[raw["op"]], raw.get("value")
    kind, where, days = raw.get("kind") or "", raw.get("where") or {}, raw.get("days")
    read = _behaviour_reader(fact, kind, where, days) if fact.is_behaviour else _fact_reader(fact)
    check = _check(fact, operator, value, read)
    asked = subject(fact, kind=kind, where=where, days=days)
    text = told(asked, fact, operator, value)
    return Condition(fact, operator, value, text, read, check)


def _check(fact: Fact, operator: Operator, value: object, read: Read) -> Check:
    if operator.key in KNOWNNESS:
        is_wanted_known = operator.key == "is_known"
        return lambda evidence: (read(evidence) is not None) is is_wanted_known
    test = make_test(fact, operator, value)

    def check(evidence: Evidence) -> bool | None:
        actual = read(evidence)
        return None if actual is None else test(actual, evidence.day)

    def check_fact(evidence: Evidence) -> bool | None:
        # `read` without its call where the value is there already: this runs most of all.
        try:
            actual = evidence.normalised[name]
        except KeyError:
            actual = read(evidence)
        return None if actual is None else test(actual, 0)

    name = fact.name
    return check if fact.is_behaviour or operator.is_relative else check_fact


def _fact_reader(fact: Fact) -> Read:
    name, normalise = fact.name, NORMALISE[fact.type]

    def read(evidence: Evidence) -> Any:
        known = evidence.normalised
        if name not in known:
            known[name] = normalise(evidence.facts.get(name))
        return known[name]

    return read


def _behaviour_reader(fact: Fact, kind: str, where: Mapping[str, object], days: int | None) -> Read:
    def count(evidence: Evidence) -> int:
        return count_of(evidence.done(kind, where, days=days))

    def distinct_days(evidence: Evidence) -> int:
        found = evidence.done(kind, where, days=days)
        return len(set().union(*(each.days for each in found)))

    def days_since_last(evidence: Evidence) -> int | None:
        found = evidence.done(kind, where, days=days)
        return evidence.day - max(max(each.days) for each in found) if found else None

    return {
        "activity.count": count,
        "activity.distinct_days": distinct_days,
        "activity.days_since_last": days_since_last,
    }[fact.name]
