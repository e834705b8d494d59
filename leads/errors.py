"""What can go wrong in this app. The message of each is a sentence for the user."""

from __future__ import annotations

from datetime import datetime

from leads.models import RefusedOwnership, User


class LeadsError(Exception):
    """Base of the errors that are the user's to read."""


class LostRace(LeadsError):
    """Somebody else was first. `winner` is who (None: nobody in particular), `at` when."""

    def __init__(self, sentence: str, *, winner: User | None = None, at: datetime | None = None):
        super().__init__(sentence)
        self.winner = winner
        self.at = at


class Outranked(LeadsError):
    """Somebody with a stronger word made the present owner. `asked` is what was asked for in vain,
    not saved: a transaction that fails would take it along.
    """

    def __init__(self, asked: RefusedOwnership) -> None:
        super().__init__(f"{asked.because} Nothing was changed.")
        self.asked = asked


class EntryRefused(LeadsError):
    """A lead does not meet what a stage asks for on entry."""


class HandoffIsOpen(LeadsError):
    """A lead has an open handoff already."""


class WithSales(LeadsError):
    """A lead is past the handoff: sales has it already."""


class NotPublishable(LeadsError):
    """A version can't go live as it is."""


class StaleDraft(LeadsError):
    """Somebody else changed the draft in between."""
