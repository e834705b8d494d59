"""Home: each role's own page. Who sets the rules gets the state of the gap in a few numbers."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from django.contrib.auth.views import redirect_to_login
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from leads.document_pages import changes
from leads.instants import database_now
from leads.models import (
    Assignment,
    Handoff,
    Lead,
    Organisation,
    Publication,
    Role,
    Submission,
    User,
)
from revops.first_steps import first_steps
from revops.views.first_admin import is_empty_installation
from sla.health import alarms
from sla.models import Clock
from sla.periods import day_of, week_of

# Where somebody lives, by role; the first that fits.
HOMES = [
    (Role.REP, "feedback:queue"),
    (Role.MANAGER, "sla:now"),
    (Role.VIEWER, "feedback:insights"),
]


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The home of one's role; before there is anybody, the page that makes the first admin."""
    if is_empty_installation():
        return redirect("setup:first")
    if not isinstance(request.user, User):
        return redirect_to_login(request.path)
    return _home_of(request, request.user)


def _home_of(request: HttpRequest, user: User) -> HttpResponse:
    if not user.has_role(Role.ADMIN, Role.MARKETING_OPS):
        return redirect(next((page for role, page in HOMES if user.has_role(role)), "leads:me"))
    at = database_now()
    context = {
        "at": at,
        "alarms": alarms(at),
        "figures": figures(at),
        "live": live_documents(),
        "steps": first_steps() if user.has_role(Role.ADMIN) else [],
    }
    return render(request, "home.html", context)


def figures(at: datetime) -> dict[str, int]:
    """Return how the gap stands: what came in today, what waits, what is late, what was answered
    this week.
    """
    organisation = Organisation.objects.get()
    today = day_of(at, organisation.zone).start
    week = week_of(at, organisation.zone, organisation.first_weekday).start
    answered = Assignment.objects.filter(answered_at__gte=week).aggregate(
        answered=Count("pk"), accepted=Count("pk", filter=Q(answer=Assignment.Answer.ACCEPTED))
    )
    return {
        "entered": Lead.objects.live().filter(entered_at__gte=today).count(),
        "opened": Handoff.objects.filter(opened_at__gte=today).count(),
        "in_review": Handoff.objects.in_review().count(),
        "held": Submission.objects.filter(state=Submission.State.HELD).count(),
        "failed": Submission.objects.filter(state=Submission.State.FAILED).count(),
        "late": Clock.objects.running().of_people().filter(breached_at__isnull=False).count(),
        **answered,
    }


def live_documents() -> list[Publication]:
    """Return for each document the publication since which its live version is live."""
    newest_first = Publication.objects.order_by("version__document", "-at", "-id").select_related(
        "version__document", "by"
    )
    by_document = groupby(newest_first, lambda each: each.version.document_id)
    return [changes(list(publications))[0] for _, publications in by_document]
