"""Kept, missed, open: how a clock is judged, and how many were what. All of it in SQL."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, F, Q

from sla.haste import stopped_in_haste
from sla.models import Clock
from sla.models.clocks import ClockQuerySet

IN_TIME = Q(stop_reason=Clock.StopReason.MET, stopped_at__lte=F("due_at"))
# Stopped in time, by a touch that was too hasty to be meant: neither kept nor missed.
HASTY = IN_TIME & stopped_in_haste()
KEPT = IN_TIME & ~stopped_in_haste()


def missed(at: datetime) -> Q:
    """Stopped after its deadline, by whatever, or past it and still running at `at`. What
    went on in another handoff is counted there.
    """
    return Q(stopped_at__gt=F("due_at"), went_on=False) | Q(stopped_at=None, due_at__lte=at)


def still_open(at: datetime) -> Q:
    return Q(stopped_at=None, due_at__gt=at)


def judged(at: datetime) -> Q:
    return KEPT | missed(at)


@dataclass(frozen=True, slots=True)
class Share:
    """How many promises were kept of those that were decided. `rate` is 0 to 1; None: no such.

    hasty: how many more were stopped by a hasty touch, which decides nothing.
    """

    kept: int = 0
    n: int = 0
    hasty: int = 0

    @property
    def rate(self) -> float | None:
        return self.kept / self.n if self.n else None

    @property
    def percent(self) -> float | None:
        return self.rate * 100 if self.rate is not None else None

    @property
    def missed(self) -> int:
        return self.n - self.kept


@dataclass(slots=True)
class Shares:
    """What was kept for one source or rep, by kind of promise."""

    by_kind: dict[str, Share] = field(default_factory=dict)

    def of(self, kind: str) -> Share:
        return self.by_kind.get(kind, Share())

    @property
    def hasty(self) -> int:
        return sum(share.hasty for share in self.by_kind.values())

    @property
    def missed(self) -> int:
        return sum(share.missed for share in self.by_kind.values())


def share(clocks: ClockQuerySet, at: datetime) -> Share:
    """Return how many of `clocks` were kept."""
    return _share(clocks.aggregate(**_counts(at)))


def shares_by(clocks: ClockQuerySet, at: datetime, *, by: str) -> dict[int | None, Shares]:
    """Return what was kept of `clocks` by the field `by`."""
    found: dict[int | None, Shares] = {}
    for row in clocks.order_by().values(by, "kind").annotate(**_counts(at)):
        shares = found.setdefault(row[by], Shares())
        shares.by_kind[row["kind"]] = _share(row)
    return found


def at_risk(clocks: ClockQuerySet, at: datetime) -> ClockQuerySet:
    """Running clocks that have reached their first level, least time left first."""
    return clocks.running().filter(level_ats__0__lte=at).order_by("due_at", "pk")


def _counts(at: datetime) -> dict[str, Count]:
    """What a share is made of: whether a touch was hasty is asked once of each clock."""
    return {
        "in_time": Count("pk", filter=IN_TIME),
        "hasty": Count("pk", filter=HASTY),
        "missed": Count("pk", filter=missed(at)),
    }


def _share(counts: Mapping[str, int]) -> Share:
    kept = counts["in_time"] - counts["hasty"]
    return Share(kept, kept + counts["missed"], counts["hasty"])
