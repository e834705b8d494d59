"""Where a lead stands under criteria: its points and band, cheaply asked again with a change."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from django.utils.functional import cached_property

from leads.activity_series import ActivityRecord, Series, latest_of
from leads.conditions import Compiled, Truth
from leads.decay import whole_points
from leads.evidence import Evidence
from leads.score_breakdown import Line, Section, Source
from leads.scoring_rules import Criteria, FitRule, Modifier, Signal

# What follows from facts, unless rules also ask what was done, or when.
OF_FACTS = ("is_disqualified", "fit", "missing_requirements", "fit_grade", "modifier_points")
# The tables of the criteria that each of these is made from.
TABLES = {
    "tallies": ("signals",),
    "signal_points": ("signals", "group_caps"),
    "is_disqualified": ("disqualifiers",),
    "fit": ("fit_rules",),
    "missing_requirements": ("fit_rules",),
    "modifier_points": ("modifiers",),
}


class Tally(NamedTuple):
    """A signal that happened, with what was found of it."""

    signal: Signal
    found: Sequence[Series]

    @property
    def last_day(self) -> int:
        return max(max(each.days) for each in self.found)

    def points_on(self, day: int) -> int:
        """Return what the signal gives on `day`, before its group's cap."""
        left = sum(self._left_on(day))
        # Of most leads most is too long ago to count.
        return self._within_cap(whole_points(self.signal.points * left)) if left else 0

    def line(self, day: int) -> Line:
        left = self._left_on(day)
        decayed = self._decayed(left)
        capped = self._within_cap(decayed)
        return Line(
            key=self.signal.key,
            label=self.signal.label,
            section="readiness",
            source="signal",
            points=capped,
            lost_to_decay=self.signal.points * len(left) - decayed,
            lost_to_cap=decayed - capped,
            activities=len(left),
            last_at=latest_of(self.found) if left else None,
        )

    def _left_on(self, day: int) -> list[int]:
        """Return what is left on `day`, in millionths, of each activity that still counts."""
        left = self.signal.left
        first = day - len(left)
        return [left[day - each] for series in self.found for each in series.days if each > first]

    def _decayed(self, left: Sequence[int]) -> int:
        return whole_points(self.signal.points * sum(left))

    def _within_cap(self, points: int) -> int:
        cap = self.signal.cap
        return points if cap is None else max(-cap, min(cap, points))


def tallies_of(signals: Iterable[tuple[int, Signal]], evidence: Evidence) -> dict[int, Tally]:
    """Return the tallies of those of `signals` that happened, by their place."""
    return {
        place: Tally(signal, found)
        for place, signal in signals
        if (found := evidence.done(signal.kind, signal.where))
    }


@dataclass(frozen=True)
class Standing:
    """A lead's evidence under criteria. What was worked out is kept and shared by what derives."""

    evidence: Evidence
    criteria: Criteria

    @cached_property
    def tallies(self) -> Mapping[int, Tally]:
        """The tallies of the signals that happened, by the place of each."""
        of_kind = self.criteria.signals_of_kind
        signals = (each for kind in self.evidence.by_kind for each in of_kind.get(kind, ()))
        return tallies_of(signals, self.evidence)

    @cached_property
    def is_disqualified(self) -> bool:
        return any(compiled.matches(self.evidence) for _, compiled in self.criteria.disqualifying)

    @cached_property
    def fit(self) -> int:
        return self.criteria.fit_points.total(self.evidence)

    @cached_property
    def missing_requirements(self) -> tuple[str, ...]:
        return tuple(
            rule.key
            for rule, compiled in self.criteria.required
            if not compiled.matches(self.evidence)
        )

    @cached_property
    def modifier_points(self) -> int:
        return sum(
            rule.points
            for rule, compiled in self.criteria.modifying
            if compiled.matches(self.evidence)
        )

    @cached_property
    def signal_points(self) -> int:
        return self._signal_points_on(self.evidence.day)

    def _signal_points_on(self, day: int) -> int:
        of_group: dict[str, int] = {}
        for each in self.tallies.values():
            group = each.signal.group
            of_group[group] = of_group.get(group, 0) + each.points_on(day)
        caps = self.criteria.cap_of_group
        return sum([min(points, caps.get(group, points)) for group, points in of_group.items()])

    @property
    def readiness(self) -> int:
        return self.modifier_points + self.signal_points

    @cached_property
    def fit_grade(self) -> str:
        return "C" if self.missing_requirements else self.criteria.bands.fit_grade(self.fit)

    @cached_property
    def band(self) -> str:
        return self.fit_grade + self.criteria.bands.readiness_grade(self.readiness)

    def lines(self) -> tuple[Line, ...]:
        """Return a line for each fit rule and modifier, and for each signal that fired."""
        fired = (line for line in self._signal_lines() if line.activities)
        fit = (self._rule_line(*each, "fit", "fit_rule") for each in self.criteria.fit)
        modifiers = (
            self._rule_line(*each, "readiness", "modifier") for each in self.criteria.modifying
        )
        return (*fit, *fired, *modifiers)

    def band_after(self, days: int) -> str:
        """Return the band so many days later if nothing happens."""
        if self.criteria.rules_change_with_time:
            return self.after_days(days).band
        points = self.modifier_points + self._signal_points_on(self.evidence.day + days)
        return self.fit_grade + self.criteria.bands.readiness_grade(points)

    def on(self, evidence: Evidence) -> "Standing":
        """Return where the lead stands on other evidence. What was worked out from facts alone is
        kept if the facts are the very same.
        """
        kept: dict[str, object] = {}
        if evidence.facts is self.evidence.facts and self.criteria.judges_facts_alone:
            known = vars(self)
            kept = {name: known[name] for name in OF_FACTS if name in known}
        return self._derived(evidence, kept)

    def after_days(self, days: int) -> "Standing":
        """Return where the lead stands so many days later if nothing happens."""
        return self._derived(self.evidence.after_days(days), {"tallies": self.tallies})

    def with_activity(self, activity: ActivityRecord) -> "Standing":
        """Return where the lead stands if `activity`, not later than now, had happened too."""
        evidence = self.evidence.with_activity(activity)
        again = tallies_of(self.criteria.signals_of_kind.get(activity.kind, ()), evidence)
        kept: dict[str, object] = {"tallies": {**self.tallies, **again}}
        if not self.criteria.rules_change_with_time:
            kept |= self._answers()
        return self._derived(evidence, kept)

    def with_fact(self, name: str, value: object) -> "Standing":
        """Return where the lead stands if the fact `name` had this value."""
        kept = {"tallies": self.tallies, "signal_points": self.signal_points}
        return self._derived(self.evidence.with_fact(name, value), kept)

    def under(self, criteria: Criteria) -> "Standing":
        """Return where the lead stands under other criteria. What was worked out already is kept
        where both have it from the very same rules.
        """
        alike = _alike(self.criteria, criteria)
        derived = Standing(self.evidence, criteria)
        known = vars(self).items()
        vars(derived).update((name, answer) for name, answer in known if name in alike)
        return derived

    def _answers(self) -> dict[str, object]:
        return {
            "fit": self.fit,
            "missing_requirements": self.missing_requirements,
            "modifier_points": self.modifier_points,
        }

    def _derived(self, evidence: Evidence, kept: Mapping[str, object]) -> "Standing":
        derived = Standing(evidence, self.criteria)
        vars(derived).update(kept)  # where cached_property keeps its answers
        return derived

    def _signal_lines(self) -> Iterable[Line]:
        day = self.evidence.day
        lines = {place: each.line(day) for place, each in sorted(self.tallies.items())}
        for group, cap in self.criteria.cap_of_group.items():
            places = [place for place in lines if self.tallies[place].signal.group == group]
            _cap_group(lines, places, cap)
        return lines.values()

    def _rule_line(
        self, rule: FitRule | Modifier, compiled: Compiled, section: Section, source: Source
    ) -> Line:
        truth = compiled.truth(self.evidence)
        is_unknown = truth is Truth.UNKNOWN
        return Line(
            key=rule.key,
            label=rule.label,
            section=section,
            source=source,
            points=rule.points if truth is Truth.TRUE else 0,
            truth=truth,
            unknown=compiled.unknown_facts(self.evidence) if is_unknown else (),
        )


@lru_cache(maxsize=8)
def _alike(one: Criteria, other: Criteria) -> frozenset[str]:
    """Return what both answer alike of the same evidence, having the very same tables for it."""
    return frozenset(
        name
        for name, tables in TABLES.items()
        if all(getattr(one, table) is getattr(other, table) for table in tables)
    )


def _cap_group(lines: dict[int, Line], places: Sequence[int], cap: int) -> None:
    """Take what is over `cap` from the group's lines in place, from the last one up."""
    overflow = sum(lines[place].points for place in places) - cap
    for place in reversed(places):
        if overflow <= 0:
            return
        lost = min(overflow, max(lines[place].points, 0))
        lines[place] = replace(
            lines[place], points=lines[place].points - lost, lost_to_group_cap=lost
        )
        overflow -= lost
