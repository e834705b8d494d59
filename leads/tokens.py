"""Bearer tokens of intake sources: shown once, kept as SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db.models import Q

from leads.models import IntakeSource, IntakeToken, User

MARK = "hi_"  # says in a log or a leaked file what this is
PREFIX_LENGTH = 12
# How exact "last used" is: not one write a request.
LAST_USED_STEP = timedelta(minutes=1)


def issue_token(source: IntakeSource, *, by: User | None = None) -> str:
    """Make a token of `source` and return it. It can't be read again afterwards."""
    token = MARK + secrets.token_urlsafe(32)
    IntakeToken.objects.create(
        source=source, prefix=token[:PREFIX_LENGTH], digest=digest_of(token), created_by=by
    )
    return token


def known_token(token: str, *, at: datetime) -> IntakeToken | None:
    """Return the record of a token that may be used at `at`, noting its use; None for any other."""
    known = (
        IntakeToken.objects.select_related("source")
        .filter(digest=digest_of(token), revoked_at=None, source__is_active=True)
        .first()
    )
    if known is not None:
        _note_use(known, at)
    return known


def _note_use(token: IntakeToken, at: datetime) -> None:
    stale = Q(last_used_at=None) | Q(last_used_at__lt=at - LAST_USED_STEP)
    IntakeToken.objects.filter(stale, pk=token.pk).update(last_used_at=at)


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
