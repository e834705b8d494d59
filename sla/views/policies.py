"""The promises: the live set, any other version, its check, and what it would mean for a lead."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from leads.conditions import InvalidConditions
from leads.criteria_compare import offered
from leads.document_pages import DocumentPages, around
from leads.instants import database_now
from leads.models import Lead, Version
from leads.requests import SignedInRequest, read_id, wants_fragment
from leads.views.access import page_readers_only
from leads.views.document_history import version_or_404
from sla.closed_hours import closed_hours
from sla.cover import DAYS
from sla.policy_check import problems_of, warnings_of
from sla.policy_page import policy_views
from sla.policy_trying import openings, try_policies

ROWS_A_PAGE = 50


@page_readers_only
@require_GET
def policies(request: SignedInRequest, pages: DocumentPages) -> HttpResponse:
    newest = pages.publications().first()
    if newest is None:
        return render(request, "sla/policies_none.html")
    return _show(request, pages, newest.version)


@page_readers_only
@require_GET
def version(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    return _show(request, pages, version_or_404(pages, number))


def _show(request: SignedInRequest, pages: DocumentPages, shown: Version) -> HttpResponse:
    stands = around(pages, shown, request.user)
    tables = pages.tables_of(shown, stands.compared if shown.is_draft else shown)
    context = {
        "pages": pages,
        "version": shown,
        "around": stands,
        "page": {"around": stands},
        "diff": tables.diff,
        "rows": policy_views(tables),
        "at": database_now(),
    }
    return render(request, "sla/policies.html", context)


@page_readers_only
@require_GET
@vary_on_headers("HX-Request")
def check(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    shown, at = version_or_404(pages, number), database_now()
    warnings, closed = warnings_of(shown), closed_hours(shown, at)
    context = {
        "pages": pages,
        "version": shown,
        "errors": problems_of(shown, at),
        "warnings": warnings,
        "closed": closed,
        "warned": len(warnings) + bool(closed),
        "days": DAYS,
        "fine": "The last policy takes everything, and each promises something.",
    }
    template = "_check.html" if wants_fragment(request) else "check.html"
    return render(request, f"sla/{template}", context)


@page_readers_only
@require_GET
def closed(request: SignedInRequest, pages: DocumentPages, number: int, key: str) -> HttpResponse:
    """The leads whose first response fell due, by one policy, before the office opened."""
    shown, at = version_or_404(pages, number), database_now()
    found = next((each for each in closed_hours(shown, at) if each.policy.key == key), None)
    if found is None:
        raise Http404
    seen = Lead.objects.visible_to(request.user).filter(pk__in=found.closed)
    leads = seen.select_related("stage").order_by("-entered_at", "-pk")
    context = {
        "heading": "Due before the office opened",
        "said": f"First responses of the last {DAYS} days, by “{found.policy}”.",
        "in_all": None if request.user.sees_everything else len(set(found.closed)),
        "page": Paginator(leads, ROWS_A_PAGE).get_page(request.GET.get("page")),
        "back": pages.url("version", number),
    }
    return render(request, "leads/finding_leads.html", context)


@page_readers_only
@require_GET
@vary_on_headers("HX-Request")
def try_a_lead(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    """One lead (?lead=5), or leads to choose from (?q=words); ?as= tells what opens a handoff."""
    shown, at = version_or_404(pages, number), database_now()
    words, lead_id = request.GET.get("q", "").strip(), read_id(request.GET.get("lead", ""))
    offered_openings = openings()
    opening = request.GET.get("as", "")
    opening = opening if opening in offered_openings else ""
    context: dict[str, Any] = {
        "pages": pages,
        "version": shown,
        "words": words,
        "openings": offered_openings,
        "opening": opening,
    }
    if lead_id is not None and not words:
        visible = Lead.objects.visible_to(request.user).live().select_related("owner", "account")
        context["lead"] = lead = get_object_or_404(visible, pk=lead_id)
        try:
            context["tried"] = try_policies(
                shown, lead, at, zone=request.user.zone, opening=opening
            )
            context["opened_by"] = offered_openings.get(context["tried"].opening, "")
        except InvalidConditions as invalid:
            context["refused"] = invalid.messages
    else:
        context["offered"] = offered(request.user, words)
    template = "_policies_try.html" if wants_fragment(request) else "policies_try.html"
    return render(request, f"sla/{template}", context)
