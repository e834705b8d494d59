"""A signed mark in a form: when it was shown, and a key of its own so that it counts once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core import signing

SALT = "leads.forms.stamps"


@dataclass(frozen=True, slots=True)
class Stamp:
    key: str
    shown_at: datetime

    def age(self, at: datetime) -> timedelta:
        return at - self.shown_at


def new_stamp(at: datetime) -> str:
    return signing.dumps([secrets.token_urlsafe(12), at.timestamp()], salt=SALT)


def read_stamp(text: str) -> Stamp | None:
    """Return what `new_stamp` signed; None for anything else."""
    try:
        key, shown_at = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return None
    return Stamp(key, datetime.fromtimestamp(shown_at, UTC))
