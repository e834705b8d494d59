"""Saying “I am on it” of a lead whose promise was escalated."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from leads.instants import database_now
from leads.lead_zones import zone_of_lead
from leads.models import Handoff
from leads.requests import SignedInRequest, wants_fragment
from sla.acknowledging import (
    LENGTHS,
    NothingToAcknowledge,
    acknowledge,
    may_acknowledge,
    standing,
)
from sla.deadlines import deadlines
from sla.lengths import length_text
from sla.models import Clock

MINUTE = timedelta(minutes=1)
CHOICES = [(length // MINUTE, length_text(length)) for length in LENGTHS]


class LengthForm(forms.Form):
    minutes = forms.TypedChoiceField(choices=CHOICES, coerce=int)


@login_required
@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def acknowledge_handoff(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show how the ladders of a lead stand, with ?promises also what is promised, or hold them; 409
    where nothing new was escalated.
    """
    handoffs = Handoff.objects.visible_to(request.user).select_related("lead")
    handoff = get_object_or_404(handoffs, pk=pk)
    if request.method == "GET":
        return _show(request, handoff)
    if not may_acknowledge(request.user):
        raise PermissionDenied
    form = LengthForm(request.POST)
    if not form.is_valid():
        return _show(request, handoff, status=422, problem="Say for how long.")
    length, at = form.cleaned_data["minutes"] * MINUTE, database_now()
    try:
        acknowledge(handoff, by=request.user, length=length, at=at)
    except NothingToAcknowledge as nothing:
        return _show(request, handoff, status=409, problem=str(nothing))
    if request.htmx:
        return _show(request, handoff)
    messages.success(request, f"You are on it for {length_text(length)}: {handoff.lead}.")
    return redirect(_next(request) or f"/leads/{handoff.lead_id}/")


def _show(
    request: SignedInRequest, handoff: Handoff, *, status: int = 200, problem: str = ""
) -> HttpResponse:
    at = database_now()
    clocks = Clock.objects.running().of_people().filter(handoff=handoff).order_by("due_at")
    running = list(clocks.select_related("acknowledged_by", "calendar", "within"))
    asks = "promises" in request.GET
    lead = handoff.lead
    context = {
        "handoff": handoff,
        "at": at,
        "deadlines": deadlines(running, at) if asks else [],
        "lead_zone": zone_of_lead(lead, at) if asks and running else "",
        "standing": standing(running, at),
        "may_acknowledge": may_acknowledge(request.user),
        "lengths": CHOICES,
        "problem": problem,
        "next": _next(request),
    }
    name = "_acknowledge" if wants_fragment(request) else "acknowledge"
    return render(request, f"sla/{name}.html", context, status=status)


def _next(request: SignedInRequest) -> str:
    """Return the page of ours that the form was opened from, or ""."""
    path = request.POST.get("next", "")
    return path if url_has_allowed_host_and_scheme(path, allowed_hosts=None) else ""
