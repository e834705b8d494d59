"""The leads behind the figures: promises by what became of them, handoffs by how long they took."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from leads.filtering import count_up_to_most, rows_of, status_of
from leads.instants import database_now
from leads.models import Handoff, Lead, User
from leads.requests import SignedInRequest
from sla import response_times
from sla.filters import ClockFilter, HandoffFilter, SlaFilter
from sla.haste import stopped_in_haste
from sla.models import Clock
from sla.whose import with_whose

PAGE_SIZE = 50


@login_required
@require_GET
def clocks(request: SignedInRequest) -> HttpResponse:
    at = database_now()
    everyones = with_whose(Clock.objects.select_related("lead__source"))
    newest = (
        _seen_by(request.user, everyones, "whose_rep")
        .annotate(is_hasty=ExpressionWrapper(stopped_in_haste(), BooleanField()))
        .order_by("-started_at", "-pk")
    )
    return _list(
        request,
        "sla/clocks.html",
        ClockFilter(request.GET, queryset=newest, request=request, at=at),
        ClockFilter(request.GET, queryset=Clock.objects.all(), request=request, at=at),
    )


@login_required
@require_GET
def handoffs(request: SignedInRequest) -> HttpResponse:
    at = database_now()
    everyone = response_times.with_who_answered(Handoff.objects.all())
    seen = _seen_by(request.user, everyone, "answered_by")
    newest = seen.select_related("lead__source").order_by("-opened_at", "-pk")
    return _list(
        request,
        "sla/handoffs.html",
        HandoffFilter(request.GET, queryset=newest, request=request, at=at),
        HandoffFilter(request.GET, queryset=everyone, request=request, at=at),
    )


def _seen_by(user: User, rows: QuerySet[Any], rep: str) -> QuerySet[Any]:
    """Return those of leads that `user` sees, and those that count for them or whom they manage,
    whoever has the lead now: it is theirs to read.

    rep: the field with the id of the rep for whom a row counts.
    """
    if user.sees_everything:
        return rows
    visible = Q(lead__in=Lead.objects.visible_to(user).values("pk"))
    theirs = Q(**{f"{rep}__in": user.answers_for().values("pk")})
    return rows.filter(visible | theirs)


def _list(
    request: SignedInRequest, template: str, filtered: SlaFilter, everyone: SlaFilter
) -> HttpResponse:
    """Show a page of a list; 422 with what is wrong if the filter makes no sense.

    everyone: what the filter leaves of all, also of what `request.user` may not see.
    """
    sees_part = not request.user.sees_everything and filtered.is_valid()
    context = {
        "at": filtered.at,
        "filter": filtered,
        "in_all": count_up_to_most(everyone.qs) if sees_part else None,
        "page": Paginator(rows_of(filtered), PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render(request, template, context, status=status_of(filtered))
