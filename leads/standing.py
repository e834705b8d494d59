"""Where a lead stands under criteria: its points and band, cheaply asked again with a change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from leads.activity_series import ActivityRecord, Series, has_properties, latest_of, series_of
from leads.conditions import Compiled, Truth
from leads.decay import shares, whole_points
from leads.evidence import Evidence
from leads.score_breakdown import Line, Section, Source
from leads.scoring_rules import Criteria, FitRule, Modifier, Signal


class Amounts(NamedTuple):
    """How many activities count, and their points: whole, after decay, after the signal's cap."""

    activities: int
    earned: int
    decayed: int
    capped: int


# What follows from facts, unless rules also ask what was done, or when.
OF_FACTS = ("is_disqualified", "fit", "missing_requirements", "modifier_points")
NOTHING = Amounts(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a signal happened on each UTC day (ordinal), in what was found of it."""

    signal: Signal
    days: Mapping[int, int]
    found: Sequence[Series]

    def plus(self, activity: ActivityRecord) -> "Tally":
        """Return the tally with `activity` counted, if it is one of this signal."""
        if activity.kind != self.signal.kind or not has_properties(
            activity.properties, self.signal.where
        ):
            return self
        return _tally(self.signal, [*self.found, *series_of([activity], activity.occurred_at)])

    def amounts(self, day: int) -> Amounts:
        """Return what the signal gives on `day`, before its group's cap."""
        if not self.days:
            return NOTHING
        signal, count, millionths = self.signal, 0, 0
        left = shares(signal.decay, signal.half_life_days, signal.window_days)
        too_old = day - len(left)
        for happened_on, times in self.days.items():
            if happened_on > too_old:
                count += times
                millionths += times * left[day - happened_on]
        decayed = whole_points(signal.points * millionths)
        capped = decayed if signal.cap is None else max(-signal.cap, min(signal.cap, decayed))
        return Amounts(count, signal.points * count, decayed, capped)

    def line(self, day: int) -> Line:
        amounts = self.amounts(day)
        return Line(
            key=self.signal.key,
            label=self.signal.label,
            section="readiness",
            source="signal",
            points=amounts.capped,
            lost_to_decay=amounts.earned - amounts.decayed,
            lost_to_cap=amounts.decayed - amounts.capped,
            activities=amounts.activities,
            last_at=latest_of(self.found) if amounts.activities else None,
        )


def tally(signal: Signal, evidence: Evidence) -> Tally:
    return _tally(signal, evidence.done(signal.kind, signal.where))


def _tally(signal: Signal, found: Sequence[Series]) -> Tally:
    days: dict[int, int] = {}
    for each in found:
        for day in each.days:
            days[day] = days.get(day, 0) + 1
    return Tally(signal, days, found)


@dataclass(frozen=True)
class Standing:
    """A lead's evidence under criteria. What was worked out is kept and shared by what derives."""

    evidence: Evidence
    criteria: Criteria

    @cached_property
    def tallies(self) -> tuple[Tally, ...]:
        evidence = self.evidence
        return tuple(
            tally(signal, evidence) if signal.kind in evidence.by_kind else Tally(signal, {}, ())
            for signal in self.criteria.signals
        )

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
            for rule, compiled in self.criteria.fit
            if rule.is_required and not compiled.matches(self.evidence)
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
        points = [each.amounts(day).capped for each in self.tallies]
        return sum(points) - sum(
            max(0, sum(points[place] for place in places) - cap)
            for places, cap in self.criteria.capped_groups
        )

    @property
    def readiness(self) -> int:
        return self.modifier_points + self.signal_points

    @property
    def fit_grade(self) -> str:
        return "C" if self.missing_requirements else self.criteria.bands.fit_grade(self.fit)

    @property
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
        kept: dict[str, object] = {"tallies": tuple(each.plus(activity) for each in self.tallies)}
        if not self.criteria.rules_change_with_time:
            kept |= self._answers()
        return self._derived(self.evidence.with_activity(activity), kept)

    def with_fact(self, name: str, value: object) -> "Standing":
        """Return where the lead stands if the fact `name` had this value."""
        kept = {"tallies": self.tallies, "signal_points": self.signal_points}
        return self._derived(self.evidence.with_fact(name, value), kept)

    def under(self, criteria: Criteria) -> "Standing":
        """Return where the lead stands under other criteria. What was worked out already is kept
        where both have it from the very same rules.
        """
        own, kept = self.criteria, set[str]()
        if criteria.signals is own.signals:
            kept.add("tallies")
            if criteria.group_caps is own.group_caps:
                kept.add("signal_points")
        if criteria.fit_rules is own.fit_rules:
            kept |= {"fit", "missing_requirements"}
        if criteria.disqualifiers is own.disqualifiers:
            kept.add("is_disqualified")
        if criteria.modifiers is own.modifiers:
            kept.add("modifier_points")
        derived = Standing(self.evidence, criteria)
        vars(derived).update((name, vars(self)[name]) for name in kept & vars(self).keys())
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

    def _signal_lines(self) -> list[Line]:
        lines = [each.line(self.evidence.day) for each in self.tallies]
        for places, cap in self.criteria.capped_groups:
            _cap_group(lines, places, cap)
        return lines

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


def _cap_group(lines: list[Line], places: Sequence[int], cap: int) -> None:
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
