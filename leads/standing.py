"""Where a lead stands under criteria: its points and band, cheaply asked again with a change."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from leads.conditions import Compiled, Truth
from leads.decay import remaining, whole_points
from leads.evidence import ActivityRecord, Evidence, has_properties, utc_day
from leads.score_breakdown import Line, Section, Source
from leads.scoring_rules import Criteria, FitRule, Modifier, Signal


@dataclass(frozen=True, slots=True)
class Tally:
    """How often a signal happened on each UTC day (ordinal)."""

    signal: Signal
    days: Mapping[int, int]
    last_at: datetime | None

    def plus(self, activity: ActivityRecord) -> "Tally":
        """Return the tally with `activity` counted, if it is one of this signal."""
        if activity.kind != self.signal.kind or not has_properties(activity, self.signal.where):
            return self
        days = Counter(self.days)
        days[utc_day(activity.occurred_at)] += 1
        last_at = max(self.last_at or activity.occurred_at, activity.occurred_at)
        return Tally(self.signal, days, last_at)

    def line(self, day: int) -> Line:
        """Return what the signal gives on `day`, before its group's cap."""
        signal, count, millionths = self.signal, 0, 0
        for happened_on, times in self.days.items():
            age = day - happened_on
            if signal.window_days is None or age <= signal.window_days:
                count += times
                millionths += times * self._share(age)
        earned, decayed = signal.points * count, whole_points(signal.points * millionths)
        points = decayed if signal.cap is None else max(-signal.cap, min(signal.cap, decayed))
        return Line(
            key=signal.key,
            label=signal.label,
            section="readiness",
            source="signal",
            points=points,
            lost_to_decay=earned - decayed,
            lost_to_cap=decayed - points,
            activities=count,
            last_at=self.last_at if count else None,
        )

    def _share(self, age: int) -> int:
        signal = self.signal
        return remaining(
            signal.decay,
            age,
            half_life_days=signal.half_life_days,
            window_days=signal.window_days,
        )


def tally(signal: Signal, evidence: Evidence) -> Tally:
    found = evidence.happenings(signal.kind, signal.where)
    last_at = max((each.activity.occurred_at for each in found), default=None)
    return Tally(signal, Counter(each.day for each in found), last_at)


@dataclass(frozen=True)
class Standing:
    """A lead's evidence under criteria. What was worked out is kept and shared by what derives."""

    evidence: Evidence
    criteria: Criteria

    @cached_property
    def tallies(self) -> tuple[Tally, ...]:
        return tuple(tally(signal, self.evidence) for signal in self.criteria.signals)

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
    def signal_lines(self) -> tuple[Line, ...]:
        """What each signal gives after its own cap and its group's."""
        lines = [each.line(self.evidence.day) for each in self.tallies]
        for group, cap in self.criteria.cap_of_group.items():
            _cap_group(lines, self._places_in(group), cap)
        return tuple(lines)

    @cached_property
    def readiness(self) -> int:
        return self.modifier_points + sum(line.points for line in self.signal_lines)

    @property
    def fit_grade(self) -> str:
        return "C" if self.missing_requirements else self.criteria.bands.fit_grade(self.fit)

    @property
    def band(self) -> str:
        return self.fit_grade + self.criteria.bands.readiness_grade(self.readiness)

    def lines(self) -> tuple[Line, ...]:
        """Return a line for each fit rule and modifier, and for each signal that fired."""
        fired = (line for line in self.signal_lines if line.activities)
        fit = (self._rule_line(*each, "fit", "fit_rule") for each in self.criteria.fit)
        modifiers = (
            self._rule_line(*each, "readiness", "modifier") for each in self.criteria.modifying
        )
        return (*fit, *fired, *modifiers)

    def after_days(self, days: int) -> "Standing":
        """Return where the lead stands so many days later if nothing happens."""
        kept: dict[str, object] = {"tallies": self.tallies}
        if not self.criteria.rules_change_with_time:
            kept |= self._answers()
        return self._derived(self.evidence.after_days(days), kept)

    def with_activity(self, activity: ActivityRecord) -> "Standing":
        """Return where the lead stands if `activity`, not later than now, had happened too."""
        kept: dict[str, object] = {"tallies": tuple(each.plus(activity) for each in self.tallies)}
        if not self.criteria.rules_change_with_time:
            kept |= self._answers()
        return self._derived(self.evidence.with_activity(activity), kept)

    def with_fact(self, name: str, value: object) -> "Standing":
        """Return where the lead stands if the fact `name` had this value."""
        kept = {"tallies": self.tallies, "signal_lines": self.signal_lines}
        return self._derived(self.evidence.with_fact(name, value), kept)

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

    def _places_in(self, group: str) -> list[int]:
        return [place for place, each in enumerate(self.tallies) if each.signal.group == group]

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


def _cap_group(lines: list[Line], places: list[int], cap: int) -> None:
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
