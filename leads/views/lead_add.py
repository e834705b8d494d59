"""Adding a lead by hand: it goes the same way as any other."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from leads.forms.submissions import ManualForm
from leads.inbox import canonical, receive
from leads.instants import database_now
from leads.models import Lead, Role, Submission, User
from leads.requests import SignedInRequest
from leads.views.access import only

ADDERS = (Role.REP, Role.MANAGER, Role.MARKETING_OPS, Role.ADMIN)


def may_add(user: User) -> bool:
    return user.has_role(*ADDERS)


adders_only = only(may_add)


@adders_only
@require_http_methods(["GET", "POST"])
def lead_add(request: SignedInRequest) -> HttpResponse:
    form = ManualForm(request.POST or None, at=database_now())
    if form.is_bound and form.is_valid():
        submission, _ = receive(
            form.cleaned_data["source"],
            door=Submission.Door.MANUAL,
            payload=form.payload,
            body=canonical(form.payload),
            key=form.key,
            by=request.user,
            at=form.at,
        )
        return redirect("leads:added", public_id=submission.public_id)
    status = 422 if form.is_bound else 200
    return render(request, "leads/lead_add.html", {"form": form}, status=status)


@adders_only
@require_GET
@vary_on_headers("HX-Request")
def lead_added(request: SignedInRequest, public_id: UUID) -> HttpResponse:
    """What became of a lead added by hand, asked again by itself while it waits."""
    submissions = Submission.objects.filter(door=Submission.Door.MANUAL)
    if not request.user.sees_everything:
        submissions = submissions.filter(by=request.user)
    submission = get_object_or_404(submissions.select_related("lead"), public_id=public_id)
    lead = submission.lead
    is_visible = lead and Lead.objects.visible_to(request.user).filter(pk=lead.pk).exists()
    page = {"submission": submission, "lead_is_visible": is_visible}
    template = "_lead_added.html" if "HX-Request" in request.headers else "lead_added.html"
    return render(request, f"leads/{template}", page)
