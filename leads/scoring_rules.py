"""The rules a score is made of, as plain values. `leads/scoring.py` applies them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from leads.conditions import Compiled, Conditions, compile_conditions
from leads.decay import shares
from leads.facts import Fact
from leads.rule_index import PointsIndex

Intent = Literal["high", "meaningful", "supportive"]
Decay = Literal["none", "linear", "half_life"]
Where = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class FitRule:
    """Points for fit. A required one that is not known to hold keeps the fit grade at C."""

    key: str
    label: str
    conditions: Conditions
    points: int
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Disqualifier:
    key: str
    label: str
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class Signal:
    """Points for each activity of a kind.

    window_days: an activity older than this many whole UTC days counts no more; None is ten
                 years. Linear decay reaches zero on its last day.
    cap:         the most that this signal gives after decay; None is no limit.
    group:       the key of the group whose cap it shares; "" is none.
    """

    key: str
    label: str
    kind: str
    where: Where
    points: int
    intent: Intent = "supportive"
    decay: Decay = "none"
    half_life_days: int | None = None
    window_days: int | None = None
    cap: int | None = None
    group: str = ""

    @property
    def left(self) -> Sequence[int]:
        """What is left of the points, in millionths, 0, 1, 2 … days later, while any counts."""
        return shares(self.decay, self.half_life_days, self.window_days)


@dataclass(frozen=True, slots=True)
class Modifier:
    """Readiness points for a buying signal; never a gate."""

    key: str
    label: str
    conditions: Conditions
    points: int


@dataclass(frozen=True, slots=True)
class GroupCap:
    group: str
    cap: int


@dataclass(frozen=True, slots=True)
class HandRaise:
    """What opens a handoff at once; `times` asks for it that often within the window."""

    key: str
    label: str
    kind: str
    where: Where = field(default_factory=dict)
    window_days: int | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class DepthRule:
    """So many activities of each intent within the window open a handoff like a hand-raise.

    A stronger activity may serve a weaker need; none serves two.
    """

    key: str
    label: str
    high: int
    meaningful: int
    supportive: int
    window_days: int


@dataclass(frozen=True, slots=True)
class RequiredField:
    """A fact that must be known on a path: "hand_raise", "score", "sql"…, or "any" for all."""

    path: str
    fact: str


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """What a rep confirms before a lead is qualified; no score comes of it."""

    key: str
    label: str
    framework: str
    help: str = ""
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Bands:
    """The least number of points for a grade (below B is C, below 2 is 3), and what opens."""

    fit_a: int
    fit_b: int
    readiness_1: int
    readiness_2: int
    opens_at: frozenset[str]

    def fit_grade(self, points: int) -> str:
        if points >= self.fit_a:
            return "A"
        return "B" if points >= self.fit_b else "C"

    def readiness_grade(self, points: int) -> str:
        if points >= self.readiness_1:
            return "1"
        return "2" if points >= self.readiness_2 else "3"


@dataclass(frozen=True, eq=False)
class Criteria:
    """One version's rules. Conditions are compiled on first use and kept with the object, which
    equals none but itself.
    """

    fit_rules: tuple[FitRule, ...]
    disqualifiers: tuple[Disqualifier, ...]
    signals: tuple[Signal, ...]
    modifiers: tuple[Modifier, ...]
    group_caps: tuple[GroupCap, ...]
    hand_raises: tuple[HandRaise, ...]
    depth_rules: tuple[DepthRule, ...]
    required_fields: tuple[RequiredField, ...]
    bands: Bands
    checklist: tuple[ChecklistItem, ...] = ()
    extra_facts: Mapping[str, Fact] = field(default_factory=dict)

    @cached_property
    def fit(self) -> tuple[tuple[FitRule, Compiled], ...]:
        return tuple((rule, self.compile(rule.conditions)) for rule in self.fit_rules)

    @cached_property
    def required(self) -> tuple[tuple[FitRule, Compiled], ...]:
        return tuple((rule, compiled) for rule, compiled in self.fit if rule.is_required)

    @cached_property
    def fit_points(self) -> PointsIndex:
        return PointsIndex([(rule.points, compiled) for rule, compiled in self.fit])

    @cached_property
    def disqualifying(self) -> tuple[tuple[Disqualifier, Compiled], ...]:
        return tuple((rule, self.compile(rule.conditions)) for rule in self.disqualifiers)

    @cached_property
    def modifying(self) -> tuple[tuple[Modifier, Compiled], ...]:
        return tuple((rule, self.compile(rule.conditions)) for rule in self.modifiers)

    @cached_property
    def fit_grades_that_open(self) -> frozenset[str]:
        return frozenset(band[0] for band in self.bands.opens_at)

    @cached_property
    def signals_of_kind(self) -> Mapping[str, Sequence[tuple[int, Signal]]]:
        """The signals for each kind of activity, with their places."""
        found: dict[str, list[tuple[int, Signal]]] = {}
        for place, signal in enumerate(self.signals):
            found.setdefault(signal.kind, []).append((place, signal))
        return found

    @cached_property
    def cap_of_group(self) -> Mapping[str, int]:
        return {limit.group: limit.cap for limit in self.group_caps}

    @cached_property
    def kinds_of_intent(self) -> Mapping[Intent, frozenset[str]]:
        """The kinds of activity that signals of each intent are for."""
        intents: tuple[Intent, ...] = ("high", "meaningful", "supportive")
        return {
            intent: frozenset(each.kind for each in self.signals if each.intent == intent)
            for intent in intents
        }

    @cached_property
    def rules_change_with_time(self) -> bool:
        """Whether a fit rule or modifier may turn by the passing of days alone."""
        compiled = [each for _, each in (*self.fit, *self.modifying)]
        return any(each.changes_with_time for each in compiled)

    @cached_property
    def judges_facts_alone(self) -> bool:
        """Whether what a lead did, and when, matters to signals and openings alone."""
        disqualifying = (compiled for _, compiled in self.disqualifying)
        return not self.rules_change_with_time and not any(
            compiled.changes_with_time for compiled in disqualifying
        )

    @cached_property
    def only_falls(self) -> bool:
        """Whether the passing of days can only take points away, so that the band moves one way."""
        has_negatives = any(signal.points < 0 for signal in self.signals)
        return not has_negatives and not self.rules_change_with_time

    def compile(self, conditions: Conditions) -> Compiled:
        return compile_conditions(conditions, extra_facts=self.extra_facts)
