"""One's own page: name, zone, shortcuts, how to be told, and times away."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from leads import absences
from leads.forms.profile import AbsenceForm, ProfileForm
from leads.instants import database_now
from leads.models import Absence, User
from leads.requests import SignedInRequest


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: SignedInRequest) -> HttpResponse:
    # A copy: a refused name must not stand in the bar above the form.
    me = User.objects.get(pk=request.user.pk)
    form = ProfileForm(request.POST or None, instance=me)
    if form.is_bound and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("leads:me")
    return _show(request, form=form)


@login_required
@require_POST
def add_absence(request: SignedInRequest) -> HttpResponse:
    form = AbsenceForm(request.POST, user=request.user, at=database_now())
    if not form.is_valid():
        return _show(request, absence_form=form)
    absence = form.save()
    messages.success(
        request, f"You are away till {absence.ends_at:%d %b %Y}. You return by itself."
    )
    return redirect("leads:me")


@login_required
@require_POST
def end_absence(request: SignedInRequest, pk: int) -> HttpResponse:
    absence = get_object_or_404(Absence, pk=pk, user=request.user)
    if absences.end(absence, at=database_now()):
        messages.success(request, "Ended. Leads reach you again.")
    return redirect("leads:me")


def _show(
    request: SignedInRequest,
    *,
    form: ProfileForm | None = None,
    absence_form: AbsenceForm | None = None,
) -> HttpResponse:
    at = database_now()
    context = {
        "at": at,
        "form": form or ProfileForm(instance=request.user),
        "absence_form": absence_form or AbsenceForm(user=request.user, at=at),
        "absences": absences.coming(request.user, at).select_related("cover"),
    }
    is_refused = any(each is not None and each.is_bound for each in (form, absence_form))
    return render(request, "leads/profile.html", context, status=422 if is_refused else 200)
