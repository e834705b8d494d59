from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from leads.instants import database_now
from leads.models import Handoff, Team
from leads.requests import SignedInRequest, read_id
from sla import board, figures, judging, response_times
from sla.acknowledging import may_acknowledge
from sla.filters import ClockFilter, HandoffFilter, compares_reps
from sla.models import Clock
from sla.views.acknowledging import CHOICES


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page is asked for: everybody's numbers, or a team's."""

    request: SignedInRequest
    at: datetime
    team: Team | None

    def params(self, **more: str) -> dict[str, str]:
        return more | ({"team": str(self.team.pk)} if self.team else {})

    def clocks(self, params: dict[str, str]) -> ClockFilter:
        return ClockFilter(params, queryset=Clock.objects.all(), request=self.request, at=self.at)

    def handoffs(self, params: dict[str, str]) -> HandoffFilter:
        every = response_times.with_who_answered(Handoff.objects.all())
        return HandoffFilter(params, queryset=every, request=self.request, at=self.at)


@login_required
@require_GET
def now(request: SignedInRequest) -> HttpResponse:
    """What is at risk, and this week in numbers. The numbers are everybody's, or those of ?team=;
    the board lists what `request.user` sees of them.
    """
    asked = Asked(request, database_now(), _team(request.GET.get("team", "")))
    context = {
        "at": asked.at,
        "team": asked.team,
        "teams": Team.objects.order_by("name"),
        "reps": list(board.reps_to_choose(request.user)),
        "compares_reps": compares_reps(request.user),
        "may_acknowledge": may_acknowledge(request.user),
        "lengths": CHOICES,
        **_board(asked),
        **_today(asked),
        **_this_week(asked),
    }
    return render(request, "sla/now.html", context)


def _team(pk: str) -> Team | None:
    return get_object_or_404(Team, pk=read_id(pk) or 0) if pk else None


def _board(asked: Asked) -> dict[str, object]:
    """Return the leads that wait: how many there are, and those that the user sees."""
    at, always = asked.at, asked.params(period="all")
    everyone = asked.clocks(always).qs
    seen = everyone.visible_to(asked.request.user)
    shows_all = asked.request.GET.get("show") == "all"
    risky, running = judging.at_risk(seen, at), seen.running()
    shown = running.order_by("due_at", "pk") if shows_all else risky
    risk_count = board.lead_count(judging.at_risk(everyone, at))
    waiting_count = board.lead_count(everyone.running())
    listed_count = board.lead_count(shown)
    groups = board.groups(shown, at)
    in_all = board.row_count(groups)
    if asked.request.GET.get("rows") != "all":
        groups = board.most_urgent(groups, board.AT_FIRST)
    row_count = board.row_count(groups)
    is_flat = asked.request.GET.get("order") == "time"
    return {
        "shows_all": shows_all,
        "is_flat": is_flat,
        "groups": groups,
        "rows": board.by_time(groups) if is_flat else [],
        "limit": board.LIMIT,
        "is_cut": shown.count() > board.LIMIT and row_count == in_all,
        "row_count": row_count,
        "more_count": in_all - row_count,
        "risk_count": risk_count,
        "waiting_count": waiting_count,
        "listed_count": listed_count,
        "unlisted_count": (waiting_count if shows_all else risk_count) - listed_count,
        "running_count": running.count(),
        "running_url": figures.clocks_url(always, what="running"),
    }


def _today(asked: Asked) -> dict[str, object]:
    due_today = asked.params(period="all", due="today")
    return {
        "today": judging.share(asked.clocks(due_today).qs, asked.at),
        "missed_today_url": figures.clocks_url(due_today, what="missed"),
    }


def _this_week(asked: Asked) -> dict[str, object]:
    this_week = asked.params(period="week")
    clocks, handoffs = asked.clocks(this_week), asked.handoffs(this_week)
    return {
        "week": judging.share(clocks.qs, asked.at),
        "week_url": figures.clocks_url(this_week, what="judged"),
        "times": response_times.times(handoffs.qs),
        "times_url": figures.handoffs_url(this_week),
        "by_source": figures.lines_by_source(clocks, handoffs, this_week, asked.at),
        "by_rep": figures.lines_by_rep(clocks, handoffs, this_week, asked.at),
    }
