"""Correcting what is known of a lead."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from leads.correcting import EmailTaken, correct, may_correct
from leads.errors import LostRace
from leads.forms.corrections import CorrectionForm
from leads.instants import database_now
from leads.models import Lead
from leads.requests import SignedInRequest


@login_required
@require_http_methods(["GET", "POST"])
def correct_lead(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what is known, or keep what was changed; 409 if more was learnt in the meantime."""
    visible = Lead.objects.visible_to(request.user).live()
    lead = get_object_or_404(visible.select_related("account", "source"), pk=pk)
    if not may_correct(request.user):
        raise PermissionDenied
    form = CorrectionForm(lead, request.POST or None, at=database_now())
    if not form.is_bound or not form.is_valid():
        return _show(request, lead, form, status=422 if form.is_bound else 200)
    if not form.changed:
        return redirect("leads:lead", pk=lead.pk)
    return _correct(request, lead, form)


def _correct(request: SignedInRequest, lead: Lead, form: CorrectionForm) -> HttpResponse:
    seen = form.cleaned_data["seen"]
    try:
        correct(lead, form.told, form.changed, by=request.user, at=form.at, seen=seen)
    except EmailTaken as error:
        form.add_error("email", str(error))
        seen = Lead.objects.visible_to(request.user).live()
        return _show(request, lead, form, status=422, taken_by=seen.filter(pk=error.holder).first())
    except LostRace as error:
        fresh = Lead.objects.select_related("account", "source").get(pk=lead.pk)
        messages.warning(request, f"{error} This is what is known now; nothing of yours was kept.")
        return _show(request, fresh, CorrectionForm(fresh, at=form.at), status=409)
    messages.success(request, "Corrected. The score and the routing follow within seconds.")
    return redirect("leads:lead", pk=lead.pk)


def _show(
    request: SignedInRequest,
    lead: Lead,
    form: CorrectionForm,
    *,
    status: int,
    taken_by: Lead | None = None,
) -> HttpResponse:
    """Show the form. taken_by: the lead who has the address that was typed, if one may see it."""
    context = {"lead": lead, "form": form, "taken_by": taken_by}
    return render(request, "leads/lead_correct.html", context, status=status)
