"""The check of a version of the routing table."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from leads.document_pages import DocumentPages, may_edit
from leads.instants import database_now
from leads.requests import SignedInRequest, wants_fragment
from leads.views.access import page_readers_only
from leads.views.document_history import version_or_404
from routing.check import report_on
from routing.lint import RULES


@page_readers_only
@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def check(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    """Show what the check found; look anew with POST."""
    version, at = version_or_404(pages, number), database_now()
    if request.method == "POST" and not may_edit(request.user):
        raise PermissionDenied
    report = report_on(version, at, afresh=request.method == "POST")
    if request.method == "POST" and not wants_fragment(request):
        return redirect("routing:table_check", number=number)
    found = [(place, RULES[each.id], each) for place, each in enumerate(report.findings)]
    quiet = [rule for rule in RULES.values() if rule not in [rule for _, rule, _ in found]]
    context = {
        "pages": pages,
        "version": version,
        "report": report,
        "found": found,
        "quiet": quiet,
        "may_check": may_edit(request.user),
        "at": at,
    }
    fragment = wants_fragment(request)
    template = "routing/_table_check.html" if fragment else "routing/table_check.html"
    return render(request, template, context)
