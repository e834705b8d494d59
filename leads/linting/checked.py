"""What the check of criteria looks at, and what it finds. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from leads.activity_series import Series
from leads.condition_logic import Group, groups_of
from leads.conditions import Compiled, Evidence
from leads.openings import acts_by_intent, acts_within, is_deep_enough
from leads.scoring_rules import (
    Criteria,
    DepthRule,
    Disqualifier,
    FitRule,
    HandRaise,
    Intent,
    Modifier,
    Signal,
)

# Fewer leads than this say nothing about what never happens: with 100, what one lead in thirty
# does is seen with 97 % certainty.
ENOUGH_LEADS = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in the criteria that can hardly be meant; a warning, never an error.

    id:             of the lint rule.
    rule:           what it is about, in the editor's words.
    table, row_key: where it stands; blank for what is no row.
    leads:          ids of the leads of the sample behind it.
    count:          how many of them; None where no leads are counted.
    """

    id: str
    rule: str
    sentence: str
    row_key: str = ""
    table: str = ""
    leads: tuple[int, ...] = ()
    count: int | None = None

    @property
    def anchor(self) -> str:
        """Where on the criteria page its row stands; blank for what isn't there."""
        if self.table in ("bands", "stages"):
            return "bands" if self.table == "bands" else ""
        return f"{self.table}-{self.row_key}".replace(":", "-").replace(".", "-")


@dataclass(frozen=True, slots=True)
class StageInUse:
    key: str
    label: str
    has_exit: bool
    is_final: bool


@dataclass(frozen=True, slots=True)
class Ruled:
    """A row with conditions: a fit rule, modifier or disqualifier."""

    table: str
    row: FitRule | Modifier | Disqualifier
    compiled: Compiled

    @property
    def groups(self) -> list[Group]:
        return groups_of(self.row.conditions, self.compiled)

    @property
    def is_required(self) -> bool:
        return isinstance(self.row, FitRule) and self.row.is_required


Acts = Mapping[Intent, Sequence[Series]]
Row = FitRule | Modifier | Disqualifier | Signal | HandRaise | DepthRule


@dataclass(frozen=True)
class Checked:
    """Criteria under check, and what is known beside them.

    sample:     leads by id, with what is known of them.
    next_steps: by band, what follows from it; bands with the same text lead to the same.
    """

    criteria: Criteria
    sample: Sequence[tuple[int, Evidence]]
    next_steps: Mapping[str, str]
    stages: Sequence[StageInUse]

    @property
    def is_enough(self) -> bool:
        return len(self.sample) >= ENOUGH_LEADS

    @cached_property
    def fit_rules(self) -> list[Ruled]:
        return [Ruled("fit", *each) for each in self.criteria.fit]

    @cached_property
    def disqualifiers(self) -> list[Ruled]:
        return [Ruled("disqualifiers", *each) for each in self.criteria.disqualifying]

    @cached_property
    def modifiers(self) -> list[Ruled]:
        return [Ruled("modifiers", *each) for each in self.criteria.modifying]

    @property
    def ruled(self) -> list[Ruled]:
        return [*self.fit_rules, *self.disqualifiers, *self.modifiers]

    @cached_property
    def fired(self) -> dict[tuple[str, str], tuple[int, ...]]:
        """The leads of the sample that each row ever fired on, by table and key."""
        found: dict[tuple[str, str], list[int]] = {(table, row.key): [] for table, row in self.rows}
        for lead_id, evidence in self.sample:
            for where in self._firing(evidence):
                found[where].append(lead_id)
        return {where: tuple(leads) for where, leads in found.items()}

    @cached_property
    def nobody_meets_requirements(self) -> bool:
        """Whether each lead of the sample lacks a required rule, so that all stay at fit C."""
        required = [self.fired["fit", rule.key] for rule, _ in self.criteria.required]
        return bool(required) and not set.intersection(*map(set, required))

    @property
    def rows(self) -> list[tuple[str, Row]]:
        return [
            *((each.table, each.row) for each in self.ruled),
            *(("signals", signal) for signal in self.criteria.signals),
            *(("hand-raises", rule) for rule in self.criteria.hand_raises),
            *(("depth", rule) for rule in self.criteria.depth_rules),
        ]

    def _firing(self, evidence: Evidence) -> Iterator[tuple[str, str]]:
        for ruled in self.ruled:
            if ruled.compiled.matches(evidence):
                yield ruled.table, ruled.row.key
        for signal in self.criteria.signals:
            if evidence.done(signal.kind, signal.where):
                yield "signals", signal.key
        for raised in self.criteria.hand_raises:
            if _ever_raised(raised, evidence):
                yield "hand-raises", raised.key
        if not self.criteria.depth_rules:
            return
        acts = acts_by_intent(evidence, self.criteria)
        for rule in self.criteria.depth_rules:
            if _ever_deep(rule, acts):
                yield "depth", rule.key


def _ever_raised(rule: HandRaise, evidence: Evidence) -> bool:
    """Whether it happened often enough within one window, whenever that was."""
    days = sorted(day for each in evidence.done(rule.kind, rule.where) for day in each.days)
    if rule.window_days is None:
        return len(days) >= rule.times
    firsts = zip(days, days[rule.times - 1 :], strict=False)
    return any(last - first <= rule.window_days for first, last in firsts)


def _ever_deep(rule: DepthRule, acts: Acts) -> bool:
    ends = {day for found in acts.values() for each in found for day in each.days}
    return any(is_deep_enough(rule, acts_within(rule, acts, day)) for day in ends)
