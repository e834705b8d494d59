from http import HTTPStatus

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from leads.filtering import status_of
from leads.instants import database_now
from leads.models import Handoff
from leads.requests import SignedInRequest
from sla import figures, judging, response_times
from sla.filters import NO_RESPONSE, ClockFilter, HandoffFilter, compares_reps
from sla.models import Clock

FIELDS = ("period", "since", "until", "source", "rep", "team")


@login_required
@require_GET
def compliance(request: SignedInRequest) -> HttpResponse:
    """What was kept, and how long prospects waited, in the period and for whom one asks; 422 with
    what is wrong if the filter makes no sense.
    """
    at = database_now()
    asked = {name: request.GET[name] for name in FIELDS if request.GET.get(name)}
    clocks = ClockFilter(asked, queryset=Clock.objects.all(), request=request, at=at)
    every = response_times.with_who_answered(Handoff.objects.all())
    handoffs = HandoffFilter(asked, queryset=every, request=request, at=at)
    context: dict[str, object] = {
        "filter": handoffs,
        "compares_reps": compares_reps(request.user),
        "fields": [handoffs.form[name] for name in FIELDS],
    }
    status = status_of(handoffs, clocks)
    if status == HTTPStatus.OK:
        unheard = {**asked, "took": NO_RESPONSE}
        unanswered = HandoffFilter(unheard, queryset=every, request=request, at=at).qs.count()
        context |= {
            "kept": judging.share(clocks.qs, at),
            "kept_url": figures.clocks_url(asked, what="judged"),
            "missed_url": figures.clocks_url(asked, what="missed"),
            "times": response_times.times(handoffs.qs),
            "times_url": figures.handoffs_url(asked),
            "bars": figures.bars(handoffs, asked, unanswered=unanswered),
            "unanswered": unanswered,
            "by_source": figures.lines_by_source(clocks, handoffs, asked, at),
            "by_rep": figures.lines_by_rep(clocks, handoffs, asked, at),
        }
    return render(request, "sla/compliance.html", context, status=status)
