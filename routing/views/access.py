"""Who may open the pages about rotas and territories."""

from __future__ import annotations

import functools
from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse

from leads.document_pages import may_edit
from leads.models import User
from leads.requests import SignedInRequest
from routing.table_pages import may_see_table

View = Callable[..., HttpResponse]


def only(may: Callable[[User], bool]) -> Callable[[View], View]:
    """Let through who is signed in and `may`; anybody else who is gets a 403."""

    def wrap(view: View) -> View:
        @functools.wraps(view)
        def checked(request: SignedInRequest, **kwargs: object) -> HttpResponse:
            if not may(request.user):
                raise PermissionDenied
            return view(request, **kwargs)

        return login_required(checked)

    return wrap


readers_only = only(may_see_table)
editors_only = only(may_edit)
