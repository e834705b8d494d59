from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from leads.instants import database_now
from leads.models import Role
from leads.requests import SignedInRequest
from sla.health import ALARM_AFTER, alarms, backlog, is_broker_up
from sla.models import Heartbeat


@login_required
@require_GET
def status(request: SignedInRequest) -> HttpResponse:
    if not request.user.has_role(Role.ADMIN, Role.MARKETING_OPS):
        raise Http404
    at = database_now()
    heartbeats = Heartbeat.objects.order_by("name")
    context = {
        "at": at,
        "alarms": alarms(at),
        "backlog": backlog(at),
        "heartbeats": [(each, each.beat_at < at - ALARM_AFTER) for each in heartbeats],
        "is_broker_up": is_broker_up(),
    }
    return render(request, "sla/status.html", context)
