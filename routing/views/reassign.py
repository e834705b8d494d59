from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from leads import ownership
from leads.errors import LostRace
from leads.instants import database_now
from leads.models import Handoff, OwnershipChange, Role, User
from leads.requests import SignedInRequest
from routing.errors import CannotTake
from routing.forms.reassigning import ReassignForm, holder_of
from routing.routing import reassign, stands_against
from sla.recipients import who_was_told


def may_reassign(user: User) -> bool:
    return user.has_role(Role.MANAGER, Role.MARKETING_OPS, Role.ADMIN)


@login_required
@require_http_methods(["GET", "POST"])
def reassign_handoff(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the form, or pass the handoff on; 409 with who has it if it moved in the meantime."""
    handoffs = Handoff.objects.visible_to(request.user)
    handoff = get_object_or_404(handoffs.select_related("lead", "owner", "queue"), pk=pk)
    if not may_reassign(request.user):
        raise PermissionDenied
    if request.method == "GET":
        return _show(request, handoff, ReassignForm(handoff=handoff))
    form = ReassignForm(request.POST, handoff=handoff)
    if not form.is_valid():
        return _show(request, handoff, form, status=422)
    return _reassign(request, handoff, form)


def _reassign(request: SignedInRequest, handoff: Handoff, form: ReassignForm) -> HttpResponse:
    rep, note = form.cleaned_data["rep"], form.cleaned_data["note"]
    if form.cleaned_data["seen"] not in ("", holder_of(handoff)):
        lost = f"{handoff.owner or handoff.queue} has this handoff now."
        return _lost(request, handoff, lost, to=rep)
    at = database_now()
    doubt = stands_against(handoff, rep, at=at)
    if doubt and form.cleaned_data["sure"] != str(rep.pk):
        return _show(request, handoff, form, status=422, doubt=f"{rep} {doubt}.", sure=rep.pk)
    try:
        reassign(handoff, rep, by=request.user, at=at, note=note)
    except CannotTake as error:
        form.add_error("rep", str(error))
        return _show(request, handoff, form, status=422)
    except LostRace as lost:
        return _lost(request, handoff, str(lost), to=rep)
    messages.success(request, f"{handoff.lead} is with {rep} now. {who_was_told(rep, at)}")
    after = _next(request) or "/"
    return HttpResponseClientRedirect(after) if request.htmx else redirect(after)


def _lost(request: SignedInRequest, handoff: Handoff, sentence: str, *, to: User) -> HttpResponse:
    """Answer a lost race with who won, and a fresh form; what was asked in vain goes on record."""
    handoff = Handoff.objects.select_related("lead", "owner", "queue").get(pk=handoff.pk)
    ownership.refuse(
        handoff.lead,
        to=to,
        source=OwnershipChange.Source.MANAGER,
        reason="Passed on by hand",
        because=sentence,
        by=request.user,
        at=database_now(),
    ).save()
    form = ReassignForm(handoff=handoff)
    return _show(request, handoff, form, status=409, lost=sentence)


def _show(
    request: SignedInRequest,
    handoff: Handoff,
    form: ReassignForm,
    *,
    status: int = 200,
    **more: object,
) -> HttpResponse:
    """Show the form. more: `lost` says who was faster, `doubt` what stands against `sure`."""
    template = "routing/_reassign.html" if request.htmx else "routing/reassign.html"
    context = {"handoff": handoff, "form": form, "next": _next(request), **more}
    return render(request, template, context, status=status)


def _next(request: SignedInRequest) -> str:
    """Return the page of ours that the form was opened from, or ""."""
    path = request.POST.get("next") or request.GET.get("next") or ""
    return path if url_has_allowed_host_and_scheme(path, allowed_hosts=None) else ""
