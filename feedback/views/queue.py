"""Looking at a queue: the list, one lead, and whether anything is new."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_safe

from feedback import answers, queue
from feedback.outcomes import GIVEN_BACK
from feedback.views.page import chips, counts_of, full_page, page_context, where
from leads import handoffs
from leads.instants import database_now
from leads.models import Handoff, Lead
from leads.requests import SignedInRequest
from sla.notices import see_lead, show_unseen


@login_required
@require_safe
def show_queue(request: SignedInRequest) -> HttpResponse:
    return full_page(request, page_context(where(request, database_now()), None))


@login_required
@require_safe
def show_lead(request: SignedInRequest, pk: int) -> HttpResponse:
    """The queue with one lead open. That its rep opened it is a sign that it was received."""
    # A closed handoff keeps its rep; the packet is theirs only while the lead is, or while they may
    # still correct that its deal was lost.
    visible = (
        Handoff.objects.visible_to(request.user)
        .filter(
            Q(lead__in=Lead.objects.visible_to(request.user)) | Q(GIVEN_BACK, owner=request.user)
        )
        .select_related("owner")
    )
    handoff = get_object_or_404(visible, pk=pk)
    if handoff.owner is None:
        raise Http404
    place = where(request, database_now(), rep=handoff.owner)
    if is_looking(request):
        see_lead(request.user, handoff.lead_id, at=place.at)
        if place.is_own:
            note_opened(handoff, place.at)
    return full_page(request, page_context(place, handoff))


def is_looking(request: SignedInRequest) -> bool:
    """Whether a person asked for this page, and not a browser ahead of them."""
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return request.method == "GET" and "prefetch" not in purpose


def note_opened(handoff: Handoff, at: datetime) -> None:
    assignment = handoffs.open_assignment(handoff)
    if assignment and assignment.received_at is None:
        answers.open_lead(assignment, at=at)


@login_required
@require_GET
def poll(request: SignedInRequest) -> HttpResponse:
    """204 as long as nothing changed since `mark`; else how many leads came since `newest`."""
    place = where(request, database_now())
    now = queue.version(place.rep)
    if request.GET.get("mark") == now.mark:
        return HttpResponse(status=204)
    newest = request.GET.get("newest", "")
    if not newest.isdecimal():
        raise Http404
    counts = counts_of(place)
    context = {
        "place": place,
        "chips": chips(place, counts),
        "held": counts[queue.Show.MINE],
        "version": now,
        "newest": newest,
        "new": queue.newer_than(place.rep, int(newest)),
        "has_changed": True,
        "unread": show_unseen(request.user),
    }
    return render(request, "feedback/_news.html", context)
