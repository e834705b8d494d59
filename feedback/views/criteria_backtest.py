"""The backtest of a draft: started here, watched, cancelled, read, with the leads behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from feedback import backtest as backtests
from feedback.backtest_result import Result
from feedback.errors import BacktestRefused
from feedback.models import Backtest
from feedback.proportions import Share
from leads.criteria_pages import CRITERIA
from leads.document_pages import may_edit
from leads.draft_runs import newest, newest_done
from leads.instants import database_now
from leads.models import Lead, Version
from leads.requests import SignedInRequest, wants_fragment
from leads.views.access import editors_only
from leads.views.document_history import version_or_404
from leads.views.draft_runs import RunPages, cancel_newest, progress_of

LEADS_A_PAGE = 50
BACKTEST = RunPages(Backtest, "backtest", "leads", "feedback:criteria_backtest", "backtest")


class MonthsForm(forms.Form):
    months = forms.TypedChoiceField(
        coerce=int,
        choices=[(months, f"{months} months") for months in backtests.LENGTHS_IN_MONTHS],
        label="Leads of the last",
        initial=6,
    )


@dataclass(frozen=True, slots=True)
class Row:
    """A share of both sides, side by side."""

    label: str
    of_what: str
    live: Share
    draft: Share


@dataclass(frozen=True)
class Report:
    """A finished backtest as its page shows it."""

    backtest: Backtest
    result: Result

    @property
    def live_a_week(self) -> float:
        return backtests.a_week(self.result.live.sent, self.backtest)

    @property
    def draft_a_week(self) -> float:
        return backtests.a_week(self.result.draft.sent, self.backtest)

    @property
    def rows(self) -> Sequence[Row]:
        live, draft = self.result.live, self.result.draft
        return [
            Row("Accepted", "answered", live.acceptance, draft.acceptance),
            Row("Became SQL", "closed", live.sql, draft.sql),
            Row("Won", "won, lost or never qualified", live.won_share, draft.won_share),
        ]

    @property
    def lost_accepted(self) -> Share:
        return self.result.lost_side.acceptance


@login_required
@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def backtest(request: SignedInRequest, number: int) -> HttpResponse:
    """Show what came out of the newest backtest of a version that ended, and how far one is that
    runs; start one with POST.
    """
    version, status = version_or_404(CRITERIA, number), 200
    form = MonthsForm(request.POST or None)
    if request.method == "POST":
        if not may_edit(request.user):
            raise PermissionDenied
        status = _start(request, version, form)
        if status == 200 and not wants_fragment(request):
            return redirect("feedback:criteria_backtest", number=number)
    return _show(request, version, form, status=status)


def _start(request: SignedInRequest, version: Version, form: MonthsForm) -> int:
    """Start a backtest as the form asks; returns the status of the answer."""
    if not form.is_valid():
        return 422
    months = form.cleaned_data["months"]
    try:
        backtests.start(version, months=months, by=request.user, at=database_now())
    except BacktestRefused as refused:
        form.add_error(None, str(refused))
        return 422
    return 200


def _show(
    request: SignedInRequest, version: Version, form: MonthsForm, *, status: int
) -> HttpResponse:
    done = newest_done(Backtest, version)
    context = {
        "version": version,
        **BACKTEST.followed(version),
        "backtest": newest(Backtest, version),
        "report": Report(done, Result.from_json(done.result)) if done else None,
        "form": form,
        "may_start": may_edit(request.user) and not CRITERIA.is_live(version),
        "is_of_the_past": done is not None
        and not (CRITERIA.is_live(done.against) or CRITERIA.is_live(version)),
        "at": database_now(),
    }
    fragment = wants_fragment(request)
    name = "feedback/_criteria_backtest.html" if fragment else "feedback/criteria_backtest.html"
    return render(request, name, context, status=status)


@login_required
@require_GET
def progress(request: SignedInRequest, number: int) -> HttpResponse:
    version = version_or_404(CRITERIA, number)
    show = partial(_show, request, version, MonthsForm(), status=200)
    return progress_of(request, BACKTEST, version, show)


@editors_only
@require_POST
def cancel_backtest(request: SignedInRequest, number: int) -> HttpResponse:
    version = version_or_404(CRITERIA, number)
    show = partial(_show, request, version, MonthsForm(), status=200)
    return cancel_newest(request, BACKTEST, version, show)


WHICH = {
    "gained": "These would go to sales by the draft, and would not by what is live.",
    "lost": "These would go to sales by what is live, and would not by the draft.",
}


@login_required
@require_GET
def backtest_leads(request: SignedInRequest, number: int, which: str) -> HttpResponse:
    """The leads that only one side would have sent."""
    version = version_or_404(CRITERIA, number)
    done = newest_done(Backtest, version)
    if done is None or which not in WHICH:
        raise Http404
    ids = getattr(Result.from_json(done.result), which)
    leads = Lead.objects.visible_to(request.user).filter(pk__in=ids).select_related("stage")
    page = Paginator(leads.order_by("-entered_at", "-pk"), LEADS_A_PAGE)
    context = {
        "version": version,
        "heading": f"Leads {which} by v{number}",
        "said": WHICH[which],
        "in_all": None if request.user.sees_everything else len(ids),
        "page": page.get_page(request.GET.get("page")),
        "back": reverse("feedback:criteria_backtest", args=[version.number]),
    }
    return render(request, "leads/finding_leads.html", context)
