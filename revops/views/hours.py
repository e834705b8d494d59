"""What somebody else's hours, given in Set-up, would move of the promises that run."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from leads.instants import database_now
from leads.models import Team, User
from leads.requests import SignedInRequest
from leads.views.access import admins_only
from sla import moving_hours
from sla.calendars import hours_of
from sla.errors import NoCalendar
from sla.views.applying import listed_of

CHANGED = "Other hours were given meanwhile: look at what they would do."


@admins_only
@require_http_methods(["GET", "POST"])
def person_hours(request: SignedInRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    return _apply(request, [person], of=person, back=reverse("setup:person", args=[pk]))


@admins_only
@require_http_methods(["GET", "POST"])
def team_hours(request: SignedInRequest, pk: int) -> HttpResponse:
    team = get_object_or_404(Team, pk=pk)
    return _apply(request, members_of(team), of=team, back=reverse("setup:team", args=[pk]))


def _apply(
    request: SignedInRequest, people: Collection[User], *, of: User | Team, back: str
) -> HttpResponse:
    """Show what the hours that `people` work by now would move of what runs by others; with POST,
    move it.
    """
    at = database_now()
    try:
        hours = hours_of(people, at)
    except NoCalendar as error:
        messages.warning(request, str(error))
        return redirect(back)
    mark = moving_hours.mark_of(hours)
    if request.method == "POST" and request.POST.get("mark") == mark:
        count = moving_hours.apply(hours, by=request.user, at=at)
        messages.success(request, f"{counted(count)} moved: they go by the hours of {of} now.")
        return redirect(back)
    if request.method == "POST":
        messages.warning(request, CHANGED)
        return redirect(request.path)
    seen = moving_hours.preview(hours, at)
    context = {"of": of, "back": back, "at": at, "mark": mark, **listed_of(request, seen)}
    return render(request, "setup/hours.html", context)


def members_of(team: Team) -> list[User]:
    return list(team.members.filter(is_active=True).select_related("team"))


def by_other_hours(people: Collection[User]) -> int:
    """Return how many promises of `people` run by other hours than they work by now, and could run
    by these.
    """
    at = database_now()
    try:
        return len(moving_hours.moves(hours_of(people, at), at))
    except NoCalendar:
        return 0


def counted(promises: int) -> str:
    return "1 promise" if promises == 1 else f"{promises:,} promises"
