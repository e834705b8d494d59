from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from feedback.timeline import place_from, timeline
from feedback.touch_outcomes import to_be_said
from leads.instants import database_now
from leads.models import Lead, Touch
from leads.requests import SignedInRequest, wants_fragment
from sla.notices import see_lead


@login_required
@require_GET
@vary_on_headers("HX-Request")
def show_timeline(request: SignedInRequest, pk: int) -> HttpResponse:
    """A page of the timeline: a fragment for the lead's page, a page of its own without htmx. Who
    looks at it has seen what they were told of the lead.
    """
    lead = get_object_or_404(Lead.objects.readable_by(request.user), pk=pk)
    before = place_from(request.GET.get("before", ""))
    at = database_now()
    see_lead(request.user, lead.pk, at=at)
    context = {
        "lead": lead,
        "page": timeline(lead, before=before),
        "to_be_said": to_be_said(request.user).filter(lead=lead) if before is None else (),
        "outcomes": Touch.Outcome.choices,
        "at": at,
        "a_day_ago": at - timedelta(days=1),
    }
    template = "feedback/_timeline.html" if wants_fragment(request) else "feedback/timeline.html"
    return render(request, template, context)
