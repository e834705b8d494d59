"""Closing a handoff for good, whoever does: a rep, a reviewer, whoever merges its lead."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from leads import handoffs
from leads.models import Assignment, Handoff, User
from sla import clocks


def close(
    handoff: Handoff,
    closed_as: Handoff.ClosedAs,
    *,
    reason: str,
    by: User,
    at: datetime,
    source: str = handoffs.Source.REP,
    keeps_owner: bool = False,
    spares: Collection[str] = (),
) -> None:
    """Ask no more for what was promised in a locked handoff, but for the kinds that it `spares`,
    and close it; its turn ends alike.
    """
    clocks.end(handoff, at=at, spares=spares)
    handoffs.close(
        handoff,
        closed_as=closed_as,
        outcome=Assignment.Outcome(closed_as.value),
        at=at,
        source=source,
        reason=reason,
        by=by,
        keeps_owner=keeps_owner,
    )
