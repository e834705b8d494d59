from collections import defaultdict

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from leads.instants import database_now
from leads.models import Role
from leads.requests import SignedInRequest
from leads.views.access import admins_only
from sla.health import (
    ALARM_AFTER,
    alarms,
    alarms_now,
    backlog,
    given_up,
    is_broker_up,
    waiting_for_a_rep,
)
from sla.heartbeats import PROCESSES, forget, missed
from sla.invariants import amiss
from sla.models import Heartbeat, RunningProcess


@login_required
@require_GET
def status(request: SignedInRequest) -> HttpResponse:
    if not request.user.has_role(Role.ADMIN, Role.MARKETING_OPS):
        raise Http404
    at = database_now()
    beats = dict(Heartbeat.objects.values_list("name", "beat_at"))
    each = defaultdict(list)
    for process in RunningProcess.objects.filter(missed(at)).order_by("host", "pid"):
        each[process.name].append(process)
    context = {
        "at": at,
        "alarms": alarms(at),
        "amiss": amiss(),
        "backlog": backlog(at),
        "given_up": given_up(),
        "waiting": waiting_for_a_rep(),
        "heartbeats": [(label, beats.get(name), each[name]) for name, label in PROCESSES.items()],
        "silent_since": at - ALARM_AFTER,
        "is_broker_up": is_broker_up(),
        "may_forget": request.user.has_role(Role.ADMIN),
    }
    return render(request, "sla/status.html", context)


@admins_only
@require_GET
def alarm_banner(request: SignedInRequest) -> HttpResponse:
    """What stands at the head of every page, as of now: it is gone once all is well."""
    return render(request, "sla/_alarms.html", {"alarms": alarms_now()})


@admins_only
@require_POST
def forget_process(request: SignedInRequest, pk: int) -> HttpResponse:
    forget(pk)
    messages.success(request, "It is forgotten. Should it be at work, it is back within seconds.")
    return redirect("sla:status")
