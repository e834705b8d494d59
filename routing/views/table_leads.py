"""The handoffs behind a number of the routing table."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from leads.document_pages import DocumentPages
from leads.instants import database_now
from leads.models import Handoff, Lead
from leads.requests import SignedInRequest, read_id
from leads.views.access import page_readers_only
from leads.views.document_history import version_or_404
from routing.check import report_on
from routing.foretold import CAME, decisions_behind
from routing.lint import RULES
from routing.linting.checked import Finding
from routing.models import RoutingRule
from routing.traffic import WHICH, WHY_UNASKED, decisions_lately, sent_unasked

ROWS_A_PAGE = 50
SAID = {
    "taken": "Routed by this row in 30 days.",
    "answered": "Routed by this row in 30 days, and accepted or rejected by the rep.",
    "accepted": "Routed by this row in 30 days, and accepted.",
    "promised": "Routed by this row in 30 days; accepting or the first touch came due.",
    "missed": "Routed by this row in 30 days; accepting or the first touch was missed.",
}
SAID_UNASKED = {
    "missing": "Sent to review in 30 days because a field that a handoff needs was missing.",
    "refused": "Sent to review in 30 days because their stage did not let them become MQL.",
}
SAID_CAME = {
    "passed": "Opened while it was live, and passed to a rep by it.",
    "queued": "Opened while it was live, and sent to review or another queue by it.",
    "held": "Opened while it was live, and held for an opening by it.",
}


@page_readers_only
@require_GET
def row_leads(request: SignedInRequest, pages: DocumentPages, key: str, which: str) -> HttpResponse:
    """What a row took lately, or that part of it which `which` names."""
    rule = RoutingRule.objects.filter(key=key).order_by("-version").first()
    if rule is None or which not in WHICH:
        raise Http404
    decisions = decisions_lately(database_now()).filter(WHICH[which], rule_key=key)
    visible = decisions.filter(handoff__in=Handoff.objects.visible_to(request.user))
    shown = visible.select_related("handoff__lead", "rep", "queue", "assignment")
    context = {
        "pages": pages,
        "rule": rule,
        "said": SAID[which],
        "in_all": None if request.user.sees_everything else decisions.count(),
        "page": Paginator(shown, ROWS_A_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "routing/table_leads.html", context)


@page_readers_only
@require_GET
def unasked_leads(request: SignedInRequest, pages: DocumentPages, why: str) -> HttpResponse:
    """What went to review lately before the table was asked."""
    if why not in WHY_UNASKED:
        raise Http404
    sent = sent_unasked(database_now()).filter(WHY_UNASKED[why])
    of_all = Lead.objects.filter(pk__in=sent.order_by().values("lead"))
    return _leads(request, of_all, "Before the table", SAID_UNASKED[why], pages.url("live"))


@page_readers_only
@require_GET
def came_leads(
    request: SignedInRequest, pages: DocumentPages, number: int, which: str
) -> HttpResponse:
    """What a version did since it went live (?rep=5: passed to one rep)."""
    version, given = version_or_404(pages, number), request.GET.get("rep", "")
    rep_id = read_id(given)
    if which not in CAME or (given and rep_id is None):
        raise Http404
    decisions = decisions_behind(version, which, database_now())
    if rep_id is not None:
        decisions = decisions.filter(rep=rep_id)
    of_all = Lead.objects.filter(pk__in=decisions.order_by().values("handoff__lead"))
    back = pages.url("version", number)
    return _leads(request, of_all, f"What came by v{number}", SAID_CAME[which], back)


def _leads(
    request: SignedInRequest, of_all: QuerySet[Lead], heading: str, said: str, back: str
) -> HttpResponse:
    """List those of some leads that the reader may see."""
    leads = of_all.filter(pk__in=Lead.objects.visible_to(request.user).values("pk"))
    shown = leads.select_related("stage").order_by("-entered_at", "-pk")
    context = {
        "heading": heading,
        "said": said,
        "in_all": None if request.user.sees_everything else of_all.count(),
        "page": Paginator(shown, ROWS_A_PAGE).get_page(request.GET.get("page")),
        "back": back,
    }
    return render(request, "leads/finding_leads.html", context)


@page_readers_only
@require_GET
def finding_leads(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    """The leads behind a finding of the check; a 404 where it no longer finds it."""
    version = version_or_404(pages, number)
    report = report_on(version, database_now())
    finding = _wanted(report.findings, request.GET.get("of", ""))
    of_all = Lead.objects.filter(pk__in=finding.leads)
    back = reverse("routing:table_check", args=[version.number])
    return _leads(request, of_all, RULES[finding.id].title, finding.sentence, back)


def _wanted(findings: Sequence[Finding], place: str) -> Finding:
    """Return the finding at `place`, counted from 0; a 404 where no leads are behind it."""
    index = read_id(place)
    if index is None or index >= len(findings) or not findings[index].leads:
        raise Http404
    return findings[index]
