"""Whether those who cover for somebody who is away are there themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from leads.models import Absence, User


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which a cover is away too. then: who covers for the cover; None: nobody does.
    is_circle: that leads back to somebody who is away already, so that nobody is there.
    """

    cover: User
    starts_at: datetime
    ends_at: datetime
    then: User | None
    is_circle: bool = False

    @property
    def in_words(self) -> str:
        span = in_days(self.starts_at, self.ends_at, self.cover.zone)
        if self.is_circle:
            return (
                f"{self.cover} is away {span} too, covered by {self.then}: nobody would be there."
            )
        then = f"{self.then} covers then" if self.then else "nobody covers then"
        return f"{self.cover}, who covers, is away {span} too; {then}."


def in_days(starts_at: datetime, ends_at: datetime, zone: str) -> str:
    """Return a time in words, as calendars in `zone` show it: "from 3 Dec to 5 Dec"."""
    first, last = (each.astimezone(ZoneInfo(zone)) for each in (starts_at, ends_at))
    return f"from {first:%-d %b} to {last:%-d %b}"


Away = Mapping[int, Sequence[Absence]]


def gaps(absence: Absence, away: Away | None = None) -> list[Gap]:
    """Return when who covers during `absence`, saved or not, is away, along the chain of covers.

    away: who is away in that time, by id; None reads it.
    """
    if away is None:
        away = away_between(absence.starts_at, absence.ends_at)
    return list(_gaps(absence, (absence.user,), absence.starts_at, absence.ends_at, away))


def away_between(starts_at: datetime, ends_at: datetime | None = None) -> Away:
    """Return who is away in between, by id, each the earliest first; None: at any time later."""
    found = Absence.objects.filter(ends_at__gt=starts_at)
    if ends_at is not None:
        found = found.filter(starts_at__lt=ends_at)
    away: dict[int, list[Absence]] = {}
    for each in found.select_related("user", "cover").order_by("starts_at"):
        away.setdefault(each.user_id, []).append(each)
    return away


def _gaps(
    absence: Absence, gone: tuple[User, ...], starts_at: datetime, ends_at: datetime, away: Away
) -> Iterator[Gap]:
    for other in away.get(absence.cover_id or 0, []):
        since, till = max(starts_at, other.starts_at), min(ends_at, other.ends_at)
        if since < till:
            is_circle = other.cover in gone
            yield Gap(other.user, since, till, other.cover, is_circle)
            if not is_circle:
                yield from _gaps(other, (*gone, other.user), since, till, away)


def counting_on(absence: Absence) -> list[Absence]:
    """Return the absences during which its person covers for somebody, but is away themselves."""
    covered = Absence.objects.filter(
        cover=absence.user, starts_at__lt=absence.ends_at, ends_at__gt=absence.starts_at
    )
    return list(covered.select_related("user").order_by("starts_at"))
