"""What was told to whom by which channel, and what came of it; sending again what was given up."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from leads.filtering import rows_of, status_of
from leads.instants import database_now
from leads.models import Role, User
from leads.requests import SignedInRequest
from sla.filters import DeliveryFilter
from sla.models import Notification
from sla.outbox import STUCK, send_again

PAGE_SIZE = 50


@login_required
@require_GET
def deliveries(request: SignedInRequest) -> HttpResponse:
    """The newest first; 422 with what is wrong if the filter makes no sense."""
    may_resend = _may_resend(request.user)
    if not (may_resend or request.user.has_role(Role.MANAGER)):
        raise Http404
    at = database_now()
    found = Notification.objects.logged_for(request.user).select_related(
        "recipient", "handoff__lead", "lead", "listed_in"
    )
    newest = found.order_by("-created_at", "-pk")
    asked = DeliveryFilter(request.GET, queryset=newest, request=request, at=at)
    context = {
        "at": at,
        "filter": asked,
        "page": Paginator(rows_of(asked), PAGE_SIZE).get_page(request.GET.get("page")),
        "may_resend": may_resend,
        "stuck": _stuck() if may_resend else [],
        "STUCK": STUCK,
    }
    return render(request, "sla/deliveries.html", context, status=status_of(asked))


@login_required
@require_POST
def resend(request: SignedInRequest, pk: int) -> HttpResponse:
    _ops_only(request)
    get_object_or_404(Notification, pk=pk)
    return _again(request, Notification.objects.filter(pk=pk))


@login_required
@require_POST
def resend_all(request: SignedInRequest, pk: int) -> HttpResponse:
    """Send again all that was given up for one person."""
    _ops_only(request)
    person = get_object_or_404(User, pk=pk)
    return _again(request, Notification.objects.filter(recipient=person))


@login_required
@require_POST
def resend_everything(request: SignedInRequest) -> HttpResponse:
    """Send again all that was given up, as after a mail server was away for long."""
    _ops_only(request)
    return _again(request, Notification.objects.all())


def _again(request: SignedInRequest, notifications: QuerySet[Notification]) -> HttpResponse:
    count = send_again(notifications, at=database_now())
    if count:
        messages.success(request, f"{count} will be sent again within seconds.")
    else:
        messages.warning(request, "Nothing of that waits to be sent again.")
    return redirect("sla:deliveries")


def _ops_only(request: SignedInRequest) -> None:
    if not _may_resend(request.user):
        raise Http404


def _may_resend(user: User) -> bool:
    return user.has_role(Role.ADMIN, Role.MARKETING_OPS)


def _stuck() -> QuerySet[Notification, Any]:
    """Return for whom how much was given up or had nowhere to go, by name."""
    stuck = Notification.objects.filter(state__in=STUCK).order_by("recipient__name")
    by_person = stuck.values("recipient", "recipient__name", "recipient__email")
    return by_person.annotate(n=Count("pk"))
