"""What load balancers and watchdogs ask. Nobody has to sign in."""

from datetime import datetime

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from leads.instants import database_now
from sla.health import alarms, is_broker_up, is_swept


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers. Asks nothing of the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 if leads are taken in and clocks fire, with what is worse than it should be; else 503."""
    try:
        at = database_now()
        is_ready, reasons = is_swept(at), _reasons(at)
    except DatabaseError:
        is_ready, reasons = False, ["The database does not answer."]
    state = "ready" if not reasons else "degraded" if is_ready else "not ready"
    body = {"status": state, "reasons": reasons}
    return JsonResponse(body, status=200 if is_ready else 503)


def _reasons(at: datetime) -> list[str]:
    found = [] if is_swept(at) else ["No sweep has run for a minute."]
    if not is_broker_up():
        found.append("The broker does not answer: the standby sweep does the work, later.")
    return [*found, *alarms(at)]
