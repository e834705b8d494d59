"""Somebody leaves, or comes back."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads.errors import LostRace
from leads.instants import database_now
from leads.models import Lead, User
from leads.requests import SignedInRequest
from leads.views.access import admins_only
from revops.departure_page import Departure, departure_of
from revops.departure_preview import Preview, who_would_get
from revops.departures import let_go
from revops.forms.leaving import LeavingForm

ROWS_A_PAGE = 50
LOOK = "look"


@admins_only
@require_http_methods(["GET", "POST"])
def person_leaves(request: SignedInRequest, pk: int) -> HttpResponse:
    """What would move, to whom, and what names the person; with POST, let them go, unless who gets
    the accounts was only chosen to `LOOK`.
    """
    person = get_object_or_404(User, pk=pk)
    leaving = departure_of(person, database_now())
    if why_not := _why_not(leaving, request.user):
        messages.error(request, why_not)
        return redirect("setup:person", pk=pk)
    data = request.POST if request.method == "POST" else None
    form = LeavingForm(data, leaver=person, has_accounts=leaving.accounts_count > 0)
    is_look = request.POST.get("do") == LOOK
    if form.is_bound and form.is_valid() and not is_look:
        _let_go(request, person, form.heir)
        return redirect("setup:person", pk=pk)
    context = {"leaving": leaving, "form": form, "preview": _preview(person, form)}
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "setup/person_leaves.html", context, status=status)


def _preview(person: User, form: LeavingForm) -> Preview | None:
    """Return who would get what; None as long as it is open who gets the accounts."""
    if form.fields and not (form.is_bound and form.is_valid()):
        return None
    heir = form.heir if form.fields else None
    return who_would_get(person, accounts_to=heir, at=database_now())


def _why_not(leaving: Departure, by: User) -> str:
    person = leaving.person
    if person == by:
        return "You can't deactivate yourself. Ask another admin."
    if person.owned_queues.exists():
        return f"{person} owns a queue. Give it to somebody else first."
    if not person.is_active and not leaving.open_count and not leaving.accounts_count:
        return f"{person} has left, and nothing is theirs any more."
    return ""


def _let_go(request: SignedInRequest, person: User, heir: User | None) -> None:
    try:
        job = let_go(person, by=request.user, at=database_now(), accounts_to=heir)
    except LostRace as lost:
        messages.warning(request, str(lost))
    else:
        leads = f"{job.total_count} lead{'' if job.total_count == 1 else 's'}"
        messages.success(request, f"{person} is deactivated; {leads} move on.")


@admins_only
@require_GET
def progress(request: SignedInRequest, pk: int) -> HttpResponse:
    """204 as long as nothing changed since `mark`; else how far it is; once it ended, the page."""
    leaving = departure_of(get_object_or_404(User, pk=pk), database_now())
    if request.GET.get("mark") == leaving.mark:
        return HttpResponse(status=204)
    if not leaving.is_moving:
        return HttpResponse(headers={"HX-Redirect": reverse("setup:person", args=[pk])})
    return render(request, "setup/_person_leaving.html", {"leaving": leaving})


@admins_only
@require_GET
def open_leads(request: SignedInRequest, pk: int) -> HttpResponse:
    """The leads that somebody answers for."""
    person = get_object_or_404(User, pk=pk)
    leads = Lead.objects.visible_to(request.user).filter(owner=person).select_related("stage")
    page = Paginator(leads.order_by("pk"), ROWS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "setup/person_open.html", {"person": person, "page": page})


@admins_only
@require_POST
def person_returns(request: SignedInRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk, is_active=False)
    if departure_of(person, database_now()).is_moving:
        messages.error(request, f"The leads of {person} are still moving. Wait till they have.")
    else:
        User.objects.filter(pk=person.pk).update(is_active=True)
        messages.success(request, f"{person} can sign in again. Put them on their rotas here.")
    return redirect("setup:person", pk=pk)
