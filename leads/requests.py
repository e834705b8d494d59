"""What a view gets once somebody has signed in."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from leads.models import User


class SignedInRequest(HttpRequest):
    user: User
    htmx: HtmxDetails


LONGEST_ID = 18  # digits, so that it fits a bigint


def read_id(text: str) -> int | None:
    """Return the whole number that `text` writes; None if it writes none that can be an id."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST_ID else None


def wants_fragment(request: SignedInRequest) -> bool:
    """Whether htmx asks for a part of the page; not when it goes back in history."""
    return bool(request.htmx) and not request.htmx.history_restore_request
