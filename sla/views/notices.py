"""The notifications of whoever is signed in."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from leads.instants import database_now
from leads.requests import SignedInRequest
from sla.messages import path_to
from sla.notices import mark_seen, notices_of, show_unseen, unseen_count

PAGE_SIZE = 25


@login_required
@require_GET
def notifications(request: SignedInRequest) -> HttpResponse:
    found = notices_of(request.user).select_related("handoff__lead").order_by("-created_at", "-pk")
    context = {
        "at": database_now(),
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "unseen": unseen_count(request.user),
    }
    return render(request, "sla/notifications.html", context)


@login_required
@require_GET
def unseen(request: SignedInRequest) -> HttpResponse:
    """The bell of the top bar; nothing while it is as it is shown (?shown=3)."""
    unread = show_unseen(request.user)
    if request.GET.get("shown") == str(unread):
        return HttpResponse(status=204)
    return render(request, "_bell.html", {"unread": unread})


@login_required
@require_POST
def open_notification(request: SignedInRequest, pk: int) -> HttpResponse:
    """Mark one as seen and go where it leads."""
    found = notices_of(request.user).select_related("handoff")
    notification = get_object_or_404(found, pk=pk)
    mark_seen(found.filter(pk=pk), at=database_now())
    return redirect(path_to(notification))


@login_required
@require_POST
def mark_all_seen(request: SignedInRequest) -> HttpResponse:
    mark_seen(notices_of(request.user), at=database_now())
    return redirect("sla:notifications")
