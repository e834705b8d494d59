"""What somebody sees of a failure of ours. None of it asks the database anything."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views import defaults

RETRY_SECONDS = 5
# Classes of what a server says as it goes, comes back, or has no room for another line.
AWAY = ("08", "53", "57P")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500; 503 with when to try again where the database is away, which is no fault of what
    was asked.
    """
    if not is_database_away(sys.exc_info()[1]):
        return defaults.server_error(request)
    is_stranger = request.path.startswith("/forms/")
    page = render_to_string("503.html", {"is_stranger": is_stranger})
    return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_SECONDS)})


def is_database_away(error: BaseException | None) -> bool:
    """Whether `error` is that no line to the database can be had, or that it went."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    code = getattr(error.__cause__, "sqlstate", None)
    return code is None or code.startswith(AWAY)
