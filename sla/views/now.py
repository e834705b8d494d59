from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from leads.instants import database_now
from leads.models import Handoff
from leads.requests import SignedInRequest
from sla import board, figures, judging, response_times
from sla.filters import ClockFilter, HandoffFilter
from sla.models import Clock

THIS_WEEK = {"period": "week"}
DUE_TODAY = {"period": "all", "due": "today"}


@login_required
@require_GET
def now(request: SignedInRequest) -> HttpResponse:
    at = database_now()
    visible = Clock.objects.visible_to(request.user)
    risky = judging.at_risk(visible, at)
    shows_all = request.GET.get("show") == "all"
    shown = visible.running().order_by("due_at", "pk") if shows_all else risky
    context = {
        "at": at,
        "shows_all": shows_all,
        "groups": board.groups(shown, at),
        "limit": board.LIMIT,
        "is_cut": shown.count() > board.LIMIT,
        "risk_count": board.lead_count(risky),
        "waiting_count": board.lead_count(visible.running()),
        "running_count": visible.running().count(),
        "running_url": figures.clocks_url({"period": "all"}, what="running"),
        "reps": list(board.reps_to_choose(request.user)),
        **_today(request, at),
        **_this_week(request, at),
    }
    return render(request, "sla/now.html", context)


def _today(request: SignedInRequest, at: datetime) -> dict[str, object]:
    due_today = ClockFilter(
        DUE_TODAY, queryset=Clock.objects.visible_to(request.user), request=request, at=at
    )
    return {
        "today": judging.share(due_today.qs, at),
        "missed_today_url": figures.clocks_url(DUE_TODAY, what="missed"),
        "due_today_url": figures.clocks_url(DUE_TODAY, what="judged"),
    }


def _this_week(request: SignedInRequest, at: datetime) -> dict[str, object]:
    clocks = ClockFilter(
        THIS_WEEK, queryset=Clock.objects.visible_to(request.user), request=request, at=at
    )
    answered = response_times.answered(Handoff.objects.visible_to(request.user))
    handoffs = HandoffFilter(THIS_WEEK, queryset=answered, request=request, at=at)
    return {
        "week": judging.share(clocks.qs, at),
        "week_url": figures.clocks_url(THIS_WEEK, what="judged"),
        "times": response_times.times(handoffs.qs),
        "times_url": figures.handoffs_url(THIS_WEEK),
        "by_source": figures.lines_by_source(clocks, handoffs, THIS_WEEK, at),
        "by_rep": figures.lines_by_rep(clocks, handoffs, THIS_WEEK, at),
    }
