"""What a version would do: to one lead, and to where all leads stand."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from leads.conditions import InvalidConditions
from leads.criteria_compare import compare, distribution, offered
from leads.criteria_pages import CRITERIA
from leads.instants import database_now
from leads.models import Lead, Version
from leads.requests import SignedInRequest, read_id, wants_fragment
from leads.views.document_history import version_or_404


@login_required
@require_GET
@vary_on_headers("HX-Request")
def one_lead(request: SignedInRequest, number: int) -> HttpResponse:
    """One lead (?lead=5) by what is live and by a version, or leads to choose from (?q=words)."""
    version, at = version_or_404(CRITERIA, number), database_now()
    live = _live_beside(version)
    words, lead_id = request.GET.get("q", "").strip(), read_id(request.GET.get("lead", ""))
    context = {"version": version, "live": live, "at": at, "words": words}
    if lead_id is not None and not words:
        visible = Lead.objects.visible_to(request.user).live()
        lead = get_object_or_404(visible.select_related("account"), pk=lead_id)
        context |= _compared(lead, live, version)
    else:
        context["offered"] = offered(request.user, words)
    template = "_criteria_lead.html" if wants_fragment(request) else "criteria_lead.html"
    return render(request, f"leads/{template}", context)


def _compared(lead: Lead, live: Version, version: Version) -> dict[str, object]:
    try:
        return {"comparison": compare(lead, live, version, database_now())}
    except InvalidConditions as invalid:
        return {"refused": invalid.messages}


@login_required
@require_GET
@vary_on_headers("HX-Request")
def all_leads(request: SignedInRequest, number: int) -> HttpResponse:
    """Where all leads stand by what is live and by a version."""
    version, at = version_or_404(CRITERIA, number), database_now()
    live = _live_beside(version)
    context: dict[str, object] = {"version": version, "live": live, "at": at}
    try:
        context["found"] = distribution(live, version, at)
    except InvalidConditions as invalid:
        context["refused"] = invalid.messages
    is_part = wants_fragment(request)
    template = "_criteria_distribution.html" if is_part else "criteria_distribution.html"
    return render(request, f"leads/{template}", {**context, "is_part": is_part})


def _live_beside(version: Version) -> Version:
    """Return what is live, to compare `version` with; itself where nothing is."""
    newest = CRITERIA.publications().first()
    return newest.version if newest else version
