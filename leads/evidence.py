"""What is known of a lead at an instant: its facts and what it did. Pure; no database, no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from django.utils.functional import cached_property

from leads.activity_series import (
    ActivityRecord,
    Series,
    count_of,
    has_properties,
    series_of,
    utc_day,
)


@dataclass(frozen=True)
class Evidence:
    """A lead's facts as known at `at` (aware), and what had happened by then.

    facts:      by dotted name; a missing name or None is unknown. Dates may be ISO strings.
    series:     what it and its company did.
    normalised: facts as conditions compare them, filled in as they are asked; None is unknown.
    """

    facts: Mapping[str, object]
    series: Sequence[Series]
    at: datetime
    normalised: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def day(self) -> int:
        return utc_day(self.at)

    @cached_property
    def by_kind(self) -> dict[str, list[Series]]:
        index: dict[str, list[Series]] = {}
        for each in self.series:
            index.setdefault(each.kind, []).append(each)
        return index

    @cached_property
    def activities(self) -> list[ActivityRecord]:
        """What happened, oldest first."""
        found = [record for each in self.series for record in each.records()]
        return sorted(found, key=attrgetter("occurred_at"))

    @property
    def count(self) -> int:
        """How much happened."""
        return count_of(self.series)

    def done(
        self, kind: str, where: Mapping[str, object] | None = None, *, days: int | None = None
    ) -> list[Series]:
        """Return what was done of `kind` with every property of `where`, up to `days` UTC days ago.

        Today is 0 days ago, so `days=7` takes in today and the seven UTC days before it. No series
        that is returned is empty.
        """
        found = self.by_kind.get(kind, [])
        if where:
            found = [each for each in found if has_properties(each.properties, where)]
        if days is not None:
            recent = (each.within(self.day - days, self.day) for each in found)
            found = [each for each in recent if each]
        return found

    def after_days(self, days: int) -> "Evidence":
        """Return the same evidence as it looks so many days later if nothing happens."""
        later = Evidence(self.facts, self.series, self.at + timedelta(days=days))
        return later._knowing(self.by_kind)

    def with_activity(self, activity: ActivityRecord) -> "Evidence":
        """Return the evidence with one more activity, which must not be later than `at`."""
        more = series_of([activity], self.at)
        return Evidence(self.facts, (*self.series, *more), self.at)

    def with_fact(self, name: str, value: object) -> "Evidence":
        return self.with_facts({**self.facts, name: value})

    def with_facts(self, facts: Mapping[str, object]) -> "Evidence":
        """Return the evidence with these facts in place of its own."""
        return Evidence(facts, self.series, self.at)._knowing(self.by_kind)

    def _knowing(self, by_kind: dict[str, list[Series]]) -> "Evidence":
        vars(self)["by_kind"] = by_kind  # where cached_property keeps its answer
        return self
