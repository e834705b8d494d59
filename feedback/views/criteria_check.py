"""The check of a version of the criteria, and the leads behind each thing it found."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from feedback.criteria_check import CheckReport, report_on
from leads.criteria_lint import RULES, Finding
from leads.criteria_pages import CRITERIA
from leads.document_pages import may_edit
from leads.instants import database_now
from leads.models import Lead
from leads.requests import SignedInRequest, wants_fragment
from leads.views.document_history import version_or_404

LEADS_A_PAGE = 50


@login_required
@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def check(request: SignedInRequest, number: int) -> HttpResponse:
    """Show what the check found; look anew with POST."""
    version, at = version_or_404(CRITERIA, number), database_now()
    if request.method == "POST" and not may_edit(request.user):
        raise PermissionDenied
    report = report_on(version, at, afresh=request.method == "POST")
    if request.method == "POST" and not wants_fragment(request):
        return redirect("feedback:criteria_check", number=number)
    found = [(RULES[each.id], each) for each in report.findings]
    quiet = [rule for rule in RULES.values() if rule not in [rule for rule, _ in found]]
    context = {
        "version": version,
        "report": report,
        "found": found,
        "quiet": quiet,
        "may_check": may_edit(request.user),
        # Where the rows stand beside it, each gets the mark of its warnings.
        "marks_rows": wants_fragment(request) and "rows" in request.GET,
        "at": at,
    }
    fragment = wants_fragment(request)
    template = "feedback/_criteria_check.html" if fragment else "feedback/criteria_check.html"
    return render(request, template, context)


@login_required
@require_GET
def check_leads(request: SignedInRequest, number: int) -> HttpResponse:
    """The leads behind a finding; a 404 where the check no longer finds it."""
    version, at = version_or_404(CRITERIA, number), database_now()
    finding = _wanted(report_on(version, at), request.GET.get("of", ""))
    leads = Lead.objects.visible_to(request.user).filter(pk__in=finding.leads)
    page = Paginator(leads.select_related("stage").order_by("-entered_at", "-pk"), LEADS_A_PAGE)
    context = {
        "version": version,
        "heading": RULES[finding.id].title,
        "said": finding.sentence,
        "in_all": None if request.user.sees_everything else len(finding.leads),
        "page": page.get_page(request.GET.get("page")),
        "back": reverse("feedback:criteria_check", args=[version.number]),
    }
    return render(request, "leads/finding_leads.html", context)


def _wanted(report: CheckReport, of: str) -> Finding:
    """Return the finding that an address names: "criteria.never_fires:signals-page-view"."""
    for finding in report.findings:
        if f"{finding.id}:{finding.anchor}" == of:
            return finding
    raise Http404
