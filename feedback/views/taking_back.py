"""Undoing what sent a lead away by mistake."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from feedback.errors import CannotTakeBack
from feedback.taking_back import had_a_turn, take_back, turn_to_take_back
from leads.errors import LeadsError
from leads.instants import database_now
from leads.models import Handoff, Lead, User
from leads.requests import SignedInRequest, wants_fragment
from routing.errors import RoutingError


@login_required
@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def undo_close(request: SignedInRequest, pk: int) -> HttpResponse:
    """Offer to undo how a handoff was closed or given back, as a part of its lead's page or by
    itself; with POST, do it.
    """
    readable = Lead.objects.readable_by(request.user)
    handoff = get_object_or_404(Handoff, pk=pk, lead__in=readable)
    if request.method == "POST":
        if not had_a_turn(handoff, request.user):
            raise Http404
        return _undo(request, handoff)
    turn = turn_to_take_back(handoff, request.user, database_now())
    if turn is None and not wants_fragment(request):
        raise Http404
    template = "_undo_close.html" if wants_fragment(request) else "undo_close.html"
    return render(request, f"feedback/{template}", {"handoff": handoff, "turn": turn})


def _undo(request: SignedInRequest, handoff: Handoff) -> HttpResponse:
    try:
        opened = take_back(handoff, by=request.user, at=database_now())
    except (CannotTakeBack, RoutingError, LeadsError) as error:
        messages.warning(request, str(error))
        return redirect("leads:lead", pk=handoff.lead_id)
    messages.success(request, f"Undone: {opened.lead} is with {opened.owner} again.")
    if opened.owner == request.user:
        return redirect("feedback:lead", pk=opened.pk)
    return redirect("leads:lead", pk=opened.lead_id)


def undo_url(handoff: Handoff, user: User, at: datetime) -> str:
    """Return where `user` undoes how `handoff` was closed or given back; "" if they can't."""
    handoff.refresh_from_db()
    may = turn_to_take_back(handoff, user, at)
    return reverse("feedback:undo_close", args=[handoff.pk]) if may else ""
