"""Places in a long list, as text for an address: where the next page begins."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime


def place_text(at: datetime, *numbers: int) -> str:
    text = " ".join([at.isoformat(), *map(str, numbers)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_place(text: str, *, numbers: int) -> tuple[datetime, tuple[int, ...]] | None:
    """Return what `place_text` wrote with so many numbers; None for nothing or anything else."""
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        instant, *rest = decoded.split(" ")
        at, found = datetime.fromisoformat(instant), tuple(map(int, rest))
    except (ValueError, binascii.Error):
        return None
    return (at, found) if at.tzinfo and len(found) == numbers else None
