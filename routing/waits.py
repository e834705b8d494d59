"""Until when a decision holds its handoff, as its trace tells."""

from __future__ import annotations

from datetime import datetime

from routing.models import Decision


def waits_till(decision: Decision) -> datetime | None:
    """Return until when a decision lets its handoff wait; None: it doesn't."""
    asked = decision.trace.get("rules") or [{}]
    waits = asked[-1].get("waits")
    return datetime.fromisoformat(waits["till"]) if waits else None
