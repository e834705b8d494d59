"""What can go wrong in routing. The message of each is a sentence for the user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from leads.models import User


@dataclass(frozen=True, slots=True)
class Skip:
    """A rep who was passed over, and why, in words."""

    rep: User
    reason: str

    def to_json(self) -> dict[str, object]:
        return {"rep": self.rep.pk, "name": str(self.rep), "reason": self.reason}

    def __str__(self) -> str:
        return f"{self.rep} {self.reason}"


class RoutingError(Exception):
    """Base of the errors that are the user's to read."""


class Refused(RoutingError):
    """One rep can't take the handoff."""

    def __init__(self, skip: Skip) -> None:
        super().__init__(f"{skip}.")
        self.skip = skip


class NobodyAvailable(RoutingError):
    """A rule leads to nobody. `skips` says who was passed over, `missing` which facts would have
    been needed to tell.
    """

    def __init__(
        self, sentence: str, *, skips: Sequence[Skip] = (), missing: Sequence[str] = ()
    ) -> None:
        super().__init__(sentence)
        self.skips = tuple(skips)
        self.missing = tuple(missing)


class HasToWait(RoutingError):
    """A rule that passes leads in order while somebody is at work holds this one until `till`.

    reason: in words that stand by themselves, with the zone of whoever is waited for.
    line:   in which it waits (`routing/lines.py`).
    """

    def __init__(
        self, sentence: str, *, reason: str, till: datetime, line: str, skips: Sequence[Skip] = ()
    ) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.till = till
        self.line = line
        self.skips = tuple(skips)


class CannotTake(RoutingError):
    """A handoff can't be given to this person, not even by hand."""
