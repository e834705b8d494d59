"""The leads behind the figures: promises by what became of them, handoffs by how long they took."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from leads.filtering import rows_of, status_of
from leads.instants import database_now
from leads.models import Handoff
from leads.requests import SignedInRequest
from sla import response_times
from sla.filters import ClockFilter, HandoffFilter, SlaFilter
from sla.models import Clock

PAGE_SIZE = 50


@login_required
@require_GET
def clocks(request: SignedInRequest) -> HttpResponse:
    at = database_now()
    visible = Clock.objects.visible_to(request.user)
    found = visible.select_related(
        "lead__source", "assignment__rep", "handoff__owner", "handoff__queue"
    )
    filtered = ClockFilter(
        request.GET, queryset=found.order_by("-started_at", "-pk"), request=request, at=at
    )
    return _list(request, "sla/clocks.html", filtered)


@login_required
@require_GET
def handoffs(request: SignedInRequest) -> HttpResponse:
    visible = response_times.answered(Handoff.objects.visible_to(request.user))
    found = visible.select_related("lead__source").order_by("-opened_at", "-pk")
    filtered = HandoffFilter(request.GET, queryset=found, request=request, at=database_now())
    return _list(request, "sla/handoffs.html", filtered)


def _list(request: SignedInRequest, template: str, filtered: SlaFilter) -> HttpResponse:
    """Show a page of a list; 422 with what is wrong if the filter makes no sense."""
    context = {
        "at": filtered.at,
        "filter": filtered,
        "page": Paginator(rows_of(filtered), PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render(request, template, context, status=status_of(filtered))
