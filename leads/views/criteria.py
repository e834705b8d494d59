"""The criteria: the live version, any other, and a draft to edit."""

from __future__ import annotations

import functools
from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from leads import documents
from leads.criteria_page import criteria_page, criteria_versions, may_edit, publications
from leads.instants import database_now
from leads.models import Version
from leads.requests import SignedInRequest


def editors_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let through who may change criteria; anybody else gets a 403."""

    @functools.wraps(view)
    def checked(request: SignedInRequest, **kwargs: object) -> HttpResponse:
        if not may_edit(request.user):
            raise PermissionDenied
        return view(request, **kwargs)

    return checked


def version_or_404(number: int) -> Version:
    return get_object_or_404(criteria_versions(), number=number)


@login_required
@require_GET
def live(request: SignedInRequest) -> HttpResponse:
    newest = publications().first()
    if newest is None:
        return render(request, "leads/criteria_none.html")
    return _show(request, newest.version)


@login_required
@require_GET
def version(request: SignedInRequest, number: int) -> HttpResponse:
    return _show(request, version_or_404(number))


def _show(request: SignedInRequest, shown: Version) -> HttpResponse:
    at = database_now()
    page = criteria_page(shown, request.user, at)
    return render(request, "leads/criteria.html", {"page": page, "version": shown, "at": at})


@login_required
@editors_only
@require_POST
def start_draft(request: SignedInRequest) -> HttpResponse:
    """Start a draft from what is live."""
    newest = publications().first()
    if newest is None:
        return redirect("leads:criteria")
    draft = documents.start_draft(newest.version, by=request.user)
    return redirect("leads:criteria_version", number=draft.number)
