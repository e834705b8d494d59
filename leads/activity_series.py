"""What leads did, kept by what is alike: a lead does much, but little that differs. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()
_MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS_A_DAY = timedelta(days=1) // _MICROSECOND


def microseconds(instant: datetime) -> int:
    """Return the microseconds from 1970 to `instant` (aware)."""
    if instant.tzinfo is None:
        raise ValueError("An instant must carry its zone.")
    return (instant - _EPOCH) // _MICROSECOND


def instant_of(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def utc_day(instant: datetime) -> int:
    """Return the proleptic ordinal of the UTC day that `instant` (aware) lies in."""
    return _EPOCH_ORDINAL + microseconds(instant) // _MICROSECONDS_A_DAY


@dataclass(frozen=True, slots=True)
class ActivityRecord:
    """One thing a lead did; `occurred_at` is aware."""

    kind: str
    properties: Mapping[str, object]
    occurred_at: datetime


@dataclass(slots=True)
class Series:
    """Activities of one kind with the same properties, in the order in which they became known.
    Never changed; not frozen, which takes thrice as long to make, of what is made by the million.

    instants: when each happened, in microseconds since 1970.
    days:     the UTC day of each, a proleptic ordinal.
    told:     when each became known, likewise; empty where that was when it happened.
    """

    kind: str
    properties: Mapping[str, object]
    instants: Sequence[int]
    days: Sequence[int]
    told: Sequence[int] = field(default=(), compare=False)

    def __len__(self) -> int:
        return len(self.instants)

    @property
    def known(self) -> Sequence[int]:
        return self.told or self.instants

    def until(self, instant: int) -> "Series":
        """Return what of it was known at `instant`."""
        known = self.known
        count = bisect_right(known, instant)
        if count == len(known):
            return self
        instants, days, told = self.instants[:count], self.days[:count], self.told[:count]
        return Series(self.kind, self.properties, instants, days, told)

    def within(self, first: int, last: int) -> "Series":
        """Return what of it happened from the day `first` to the day `last`, both included."""
        places = [place for place, day in enumerate(self.days) if first <= day <= last]
        if len(places) == len(self):
            return self
        instants, days, told = (
            [column[place] for place in places] if column else ()
            for column in (self.instants, self.days, self.told)
        )
        return Series(self.kind, self.properties, instants, days, told)

    def records(self) -> Iterator[ActivityRecord]:
        for instant in self.instants:
            yield ActivityRecord(self.kind, self.properties, instant_of(instant))


def make_series(
    kind: str,
    properties: Mapping[str, object],
    instants: Sequence[int],
    told: Sequence[int] = (),
) -> Series:
    """Return the series of what happened at `instants`; `told`, if given, must ascend, or else
    `instants` must.
    """
    days = [_EPOCH_ORDINAL + each // _MICROSECONDS_A_DAY for each in instants]
    return Series(kind, properties, instants, days, told)


def series_of(records: Iterable[ActivityRecord], until: datetime) -> list[Series]:
    """Return the activities that happened up to `until`, as series."""
    alike: dict[tuple[str, str], tuple[ActivityRecord, list[int]]] = {}
    last = microseconds(until)
    for record in records:
        instant = microseconds(record.occurred_at)
        if instant <= last:
            key = record.kind, repr(record.properties)
            alike.setdefault(key, (record, []))[1].append(instant)
    return [
        make_series(first.kind, first.properties, sorted(instants))
        for first, instants in alike.values()
    ]


def count_of(found: Iterable[Series]) -> int:
    return sum([len(each.instants) for each in found])


def latest_of(found: Iterable[Series]) -> datetime | None:
    """Return when the latest of it happened; None if nothing did."""
    instants = [max(each.instants) for each in found if each.instants]
    return instant_of(max(instants)) if instants else None


def has_properties(properties: Mapping[str, object], where: Mapping[str, object]) -> bool:
    """Whether each property in `where` has the value named; text compares case-folded."""
    return all(_same(properties.get(name), value) for name, value in where.items())


def _same(actual: object, wanted: object) -> bool:
    if isinstance(actual, str) and isinstance(wanted, str):
        return actual.strip().casefold() == wanted.strip().casefold()
    return actual == wanted
