"""Letting an accepted lead rest, and taking it up again."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from feedback import pausing
from feedback.forms import PauseForm
from feedback.views.answers import answer_with, done, lost, own_assignment
from feedback.views.page import where
from leads.errors import LostRace
from leads.handoffs import open_assignment
from leads.instants import database_now
from leads.models import Handoff, User
from leads.requests import SignedInRequest, wants_fragment
from routing.hours import next_open
from sla.calendars import hours_for
from sla.models import Pause
from sla.pauses import running_pause


@login_required
@require_http_methods(["GET", "POST"])
def pause(request: SignedInRequest, pk: int) -> HttpResponse:
    place = where(request, database_now(), rep=request.user)
    assignment = own_assignment(request, pk)

    def act(told: dict[str, Any]) -> str:
        begun = pausing.pause(assignment.handoff, by=request.user, at=place.at, **told)
        till = timezone.localtime(begun.until)
        lead = assignment.handoff.lead
        return f"{begun.get_kind_display()}: {lead}, till {till:%a %d %b, %H:%M}."

    initial = {
        "kind": request.GET.get("kind", Pause.Kind.SNOOZED),
        "until": next_morning(request.user, place.at),
    }
    form = PauseForm(request.POST or None, initial=initial)
    return answer_with(request, place, assignment, panel="pause", form=form, act=act)


@login_required
@require_POST
def resume(request: SignedInRequest, pk: int) -> HttpResponse:
    place = where(request, database_now(), rep=request.user)
    assignment = own_assignment(request, pk)
    try:
        ended = pausing.resume(assignment.handoff, by=request.user, at=place.at)
    except LostRace as error:
        return lost(request, place, error)
    lead = assignment.handoff.lead
    said = f"Back to work: {lead}." if ended else f"{lead} did not rest any more."
    return done(request, place, said, stays_on=assignment.handoff)


@login_required
@require_GET
def rest(request: SignedInRequest, pk: int) -> HttpResponse:
    """Whether a lead rests, as a part of its page; by itself, the lead in the queue."""
    visible = Handoff.objects.visible_to(request.user).filter(owner__isnull=False)
    handoff = get_object_or_404(visible, pk=pk)
    if not wants_fragment(request):
        return redirect("feedback:lead", pk=pk)
    assignment = open_assignment(handoff)
    context = {
        "handoff": handoff,
        "pause": running_pause(assignment, database_now()),
        "may_rest": handoff.owner == request.user and handoff.state == Handoff.State.ACCEPTED,
    }
    return render(request, "feedback/_rest.html", context)


def next_morning(rep: User, at: datetime) -> datetime:
    """Return when `rep` begins to work after today; midnight if they never do again."""
    zone = ZoneInfo(rep.zone)
    tomorrow = at.astimezone(zone).date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time.min, tzinfo=zone)
    return next_open(hours_for(rep, at).schedule, midnight) or midnight
