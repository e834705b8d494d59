"""Absences: who is away when, entered by managers for their teams and by ops for everybody."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from leads.absences import end
from leads.forms.seen import CHANGED
from leads.instants import database_now
from leads.models import Absence
from leads.requests import SignedInRequest
from leads.views.access import only
from routing.absence_page import (
    absences_seen_by,
    away_list,
    may_change_absences,
    may_see_absences,
    open_handoffs,
    people_of,
)
from routing.forms.absences import AbsenceForm

ROWS_A_PAGE = 50
absence_readers_only = only(may_see_absences)
absence_editors_only = only(may_change_absences)


@absence_readers_only
@require_GET
def absences(request: SignedInRequest) -> HttpResponse:
    at = database_now()
    context = {
        "rows": away_list(request.user, at),
        "at": at,
        "can_edit": may_change_absences(request.user),
    }
    return render(request, "routing/absences.html", context)


@absence_editors_only
@require_http_methods(["GET", "POST"])
@transaction.atomic
def edit_absence(request: SignedInRequest, pk: int | None = None) -> HttpResponse:
    """Add or change a time away. Where a cover is away too, it has to be agreed to."""
    people = people_of(request.user)
    entered = Absence.objects.filter(user__in=people)
    if request.method == "POST":
        entered = entered.select_for_update(no_key=True)
    known = get_object_or_404(entered, pk=pk) if pk else None
    data = request.POST if request.method == "POST" else None
    form = AbsenceForm(data, instance=known, people=people, at=database_now())
    is_fine = form.is_bound and form.is_valid()
    is_contested = is_fine and form.is_stale
    if is_fine and not is_contested and (form.cleaned_data["agreed"] or not form.warnings):
        saved = form.save()
        messages.success(
            request, f"{saved.user} is away till {saved.ends_at:%-d %b %Y} and returns by itself."
        )
        return redirect("routing:absences")
    context: dict[str, Any] = {"form": form, "pk": pk, "person": known.user if known else None}
    if is_contested:
        form.add_error(None, CHANGED)
        context["cells"] = form.see_again()
    status = 409 if is_contested else 422 if form.is_bound else 200
    return render(request, "routing/absence_edit.html", context, status=status)


@absence_editors_only
@require_POST
def end_absence(request: SignedInRequest, pk: int) -> HttpResponse:
    absence = get_object_or_404(Absence, pk=pk, user__in=people_of(request.user))
    if end(absence, at=database_now()):
        messages.success(request, f"Ended. Leads reach {absence.user} again.")
    return redirect("routing:absences")


@absence_readers_only
@require_GET
def absence_leads(request: SignedInRequest, pk: int) -> HttpResponse:
    """What somebody who is away, or will be, has open."""
    absence = get_object_or_404(absences_seen_by(request.user).select_related("user"), pk=pk)
    handoffs = open_handoffs(request.user).filter(owner=absence.user).select_related("lead")
    page = Paginator(handoffs.order_by("-passed_at", "-pk"), ROWS_A_PAGE)
    context = {"absence": absence, "page": page.get_page(request.GET.get("page"))}
    return render(request, "routing/absence_leads.html", context)
