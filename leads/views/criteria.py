"""The criteria: the live version, and any other."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from leads.criteria_page import criteria_page
from leads.criteria_pages import CRITERIA
from leads.instants import database_now
from leads.models import Version
from leads.requests import SignedInRequest
from leads.views.document_history import version_or_404


@login_required
@require_GET
def live(request: SignedInRequest) -> HttpResponse:
    newest = CRITERIA.publications().first()
    if newest is None:
        return render(request, "leads/criteria_none.html")
    return _show(request, newest.version)


@login_required
@require_GET
def version(request: SignedInRequest, number: int) -> HttpResponse:
    return _show(request, version_or_404(CRITERIA, number))


def _show(request: SignedInRequest, shown: Version) -> HttpResponse:
    at = database_now()
    page = criteria_page(shown, request.user, at)
    context = {"pages": CRITERIA, "page": page, "version": shown, "at": at}
    return render(request, "leads/criteria.html", context)
