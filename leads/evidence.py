"""What is known of a lead at an instant: its facts and what it did. Pure; no database, no clock."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

_EPOCH_ORDINAL = datetime(1970, 1, 1, tzinfo=UTC).toordinal()


def utc_day(instant: datetime) -> int:
    """Return the proleptic ordinal of the UTC day that `instant` (aware) lies in."""
    if instant.tzinfo is UTC:
        return instant.toordinal()
    if instant.tzinfo is None:
        raise ValueError("An instant must carry its zone.")
    return _EPOCH_ORDINAL + int(instant.timestamp() // 86_400)


@dataclass(frozen=True, slots=True)
class ActivityRecord:
    """One thing a lead did; `occurred_at` is aware."""

    kind: str
    properties: Mapping[str, object]
    occurred_at: datetime


class Happening(NamedTuple):
    """An activity that counts, with the UTC day it happened on."""

    day: int
    activity: ActivityRecord


@dataclass(frozen=True)
class Evidence:
    """A lead's facts and activities as known at `at` (aware); later activities never count.

    facts:      by dotted name; a missing name or None is unknown. Dates may be ISO strings.
    normalised: facts as conditions compare them, filled in as they are asked; None is unknown.
    """

    facts: Mapping[str, object]
    activities: Sequence[ActivityRecord]
    at: datetime
    normalised: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def day(self) -> int:
        return utc_day(self.at)

    @cached_property
    def by_kind(self) -> dict[str, list[Happening]]:
        """What happened up to `at`, by kind, in the order given."""
        index: defaultdict[str, list[Happening]] = defaultdict(list)
        at = self.at
        for activity in self.activities:
            occurred_at = activity.occurred_at
            if occurred_at <= at:
                index[activity.kind].append(Happening(utc_day(occurred_at), activity))
        return dict(index)

    @property
    def count(self) -> int:
        """How much happened up to `at`."""
        return sum(map(len, self.by_kind.values()))

    def happenings(
        self, kind: str, where: Mapping[str, object] | None = None, *, days: int | None = None
    ) -> list[Happening]:
        """Return what happened of `kind` with every property of `where`, up to `days` UTC days ago.

        Today is 0 days ago, so `days=7` takes in today and the seven UTC days before it.
        """
        found = self.by_kind.get(kind, [])
        if where:
            found = [each for each in found if has_properties(each.activity, where)]
        if days is not None:
            oldest = self.day - days
            found = [each for each in found if each.day >= oldest]
        return found

    def after_days(self, days: int) -> "Evidence":
        """Return the same evidence as it looks so many days later if nothing happens."""
        later = Evidence(self.facts, self.activities, self.at + timedelta(days=days))
        return later._knowing(self.by_kind)

    def with_activity(self, activity: ActivityRecord) -> "Evidence":
        """Return the evidence with one more activity, which must not be later than `at`."""
        happening = Happening(utc_day(activity.occurred_at), activity)
        of_kind = [*self.by_kind.get(activity.kind, []), happening]
        more = Evidence(self.facts, (*self.activities, activity), self.at)
        return more._knowing({**self.by_kind, activity.kind: of_kind})

    def with_fact(self, name: str, value: object) -> "Evidence":
        other = Evidence({**self.facts, name: value}, self.activities, self.at)
        return other._knowing(self.by_kind)

    def _knowing(self, by_kind: dict[str, list[Happening]]) -> "Evidence":
        vars(self)["by_kind"] = by_kind  # where cached_property keeps its answer
        return self


def has_properties(activity: ActivityRecord, where: Mapping[str, object]) -> bool:
    """Whether each property in `where` has the value named; text compares case-folded."""
    properties = activity.properties
    return all(_same(properties.get(name), value) for name, value in where.items())


def _same(actual: object, wanted: object) -> bool:
    if isinstance(actual, str) and isinstance(wanted, str):
        return actual.strip().casefold() == wanted.strip().casefold()
    return actual == wanted
