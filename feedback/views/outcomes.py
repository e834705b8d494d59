"""What a rep tells afterwards: what came of a touch, meetings, and the deal of a qualified lead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST

from feedback import outcomes, touch_outcomes
from feedback.forms import DealForm, MeetingForm
from feedback.views.answers import answer_with, done, is_gone, lost
from feedback.views.page import where
from leads.errors import LostRace
from leads.instants import database_now
from leads.models import Assignment, Handoff, Organisation, Touch
from leads.requests import SignedInRequest, wants_fragment
from sla import touch_clocks
from sla.notices import see_lead

SAID_OF = ("assignment__handoff__lead", "assignment__rep")


@login_required
@require_POST
def say_outcome(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say what came of a touch of one's own, on its lead's page where somebody else has it by now:
    one button each.
    """
    place = where(request, database_now(), rep=request.user)
    logged_here = Touch.objects.exclude(assignment=None).select_related(*SAID_OF)
    touch = get_object_or_404(logged_here, pk=pk, by=request.user)
    assignment = touch_clocks.turn_of(touch)
    outcome = request.POST.get("outcome")
    if outcome not in Touch.Outcome.values:
        raise Http404
    try:
        touch_outcomes.say_outcome(touch, outcome, at=place.at)
    except LostRace as error:
        return lost(request, place, error)
    lead = assignment.handoff.lead
    see_lead(request.user, lead.pk, at=place.at)
    said = f"Noted for {lead}. {touch}."
    theirs = Handoff.objects.with_reps().filter(lead=lead, owner=request.user).first()
    if stays_on := theirs or (None if is_gone(assignment) else assignment.handoff):
        return done(request, place, said, stays_on=stays_on)
    if wants_fragment(request):
        return done(request, place, said)
    messages.success(request, said)
    return redirect("leads:lead", lead.pk)


@login_required
@require_http_methods(["GET", "POST"])
def record_meeting(request: SignedInRequest, pk: int) -> HttpResponse:
    place = where(request, database_now(), rep=request.user)
    assignment = qualified_assignment(request, pk)

    def act(told: dict[str, Any]) -> str:
        outcomes.record_meeting(assignment.handoff, by=request.user, at=place.at, **told)
        return f"Meeting with {assignment.handoff.lead} is on record."

    form = MeetingForm(request.POST or None)
    return answer_with(request, place, assignment, panel="meeting", form=form, act=act, stays=True)


@login_required
@require_http_methods(["GET", "POST"])
def record_deal(request: SignedInRequest, pk: int) -> HttpResponse:
    place = where(request, database_now(), rep=request.user)
    assignment = decided_assignment(request, pk)
    known = outcomes.deal_of(assignment.handoff)

    def act(told: dict[str, Any]) -> str:
        deal = outcomes.record_deal(assignment.handoff, by=request.user, at=place.at, **told)
        return f"Deal with {assignment.handoff.lead}: {deal.get_state_display().lower()}."

    initial = {"state": known.state, "amount": known.amount} if known else {}
    currency = Organisation.objects.get().currency
    form = DealForm(request.POST or None, currency=currency, initial=initial)
    return answer_with(
        request,
        place,
        assignment,
        panel="deal",
        form=form,
        act=act,
        stays=True,
        gone=is_out_of_hand,
    )


def qualified_assignment(request: SignedInRequest, pk: int) -> Assignment:
    """Return the turn in which the viewer qualified a lead that they still have."""
    return _qualified(request, pk, gone=is_gone)


def decided_assignment(request: SignedInRequest, pk: int) -> Assignment:
    """As `qualified_assignment`, or the turn whose lead they gave back for a lost deal."""
    return _qualified(request, pk, gone=is_out_of_hand)


def _qualified(
    request: SignedInRequest, pk: int, *, gone: Callable[[Assignment], bool]
) -> Assignment:
    turns = Assignment.objects.select_related("handoff__lead").filter(
        rep=request.user, outcome=Assignment.Outcome.QUALIFIED
    )
    found = get_object_or_404(turns, handoff=pk)
    if gone(found):
        raise Http404
    return found


def is_out_of_hand(assignment: Assignment) -> bool:
    """Whether the deal with this lead is no longer this rep's to tell."""
    return not outcomes.may_tell_deal(assignment.rep, assignment.handoff)
