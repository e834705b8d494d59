"""Who may open a page."""

from __future__ import annotations

import functools
from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse

from leads.document_pages import DocumentPages, may_edit
from leads.models import Role, User
from leads.requests import SignedInRequest

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


def only_role(*roles: Role) -> Callable[[View], View]:
    """Let through who has one of `roles`, as `only` does."""
    return only(lambda user: user.has_role(*roles))


def page_readers_only(view: View) -> View:
    """Let through who may see the pages of the document, as `only` does."""

    @functools.wraps(view)
    def checked(request: SignedInRequest, pages: DocumentPages, **kwargs: object) -> HttpResponse:
        if not pages.may_see(request.user):
            raise PermissionDenied
        return view(request, pages=pages, **kwargs)

    return login_required(checked)


admins_only = only_role(Role.ADMIN)
# Who changes drafts sets up what stands beside them as well.
editors_only = only(may_edit)
