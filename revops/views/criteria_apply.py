"""Applying the live criteria to leads that are there already: preview, then an explicit yes."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from leads.documents import NothingLive, may_publish
from leads.instants import database_now
from leads.models import Job
from leads.requests import SignedInRequest
from revops import jobs
from revops.applying import preview


@login_required
@require_http_methods(["GET", "POST"])
def apply_criteria(request: SignedInRequest) -> HttpResponse:
    """Show what applying the criteria would do; with POST, have it done bit by bit."""
    at = database_now()
    if not may_publish(request.user):
        raise PermissionDenied
    if request.method == "POST":
        jobs.start_reconsidering(by=request.user)
        messages.success(request, "All leads are being scored anew, a few hundred at a time.")
        return redirect("criteria_apply")
    job = jobs.newest_reconsidering()
    try:
        shown = None if jobs.is_at_work(job) else preview(at)
    except NothingLive:
        return redirect("leads:criteria")
    context = {"job": job, "preview": shown, "at": at, "mark": mark_of(job)}
    return render(request, "setup/criteria_apply.html", context)


@login_required
@require_GET
def progress(request: SignedInRequest) -> HttpResponse:
    """204 as long as nothing changed since `mark`; else how far it is; once it ended, its page."""
    if not may_publish(request.user):
        raise PermissionDenied
    job = jobs.newest_reconsidering()
    if request.GET.get("mark") == mark_of(job):
        return HttpResponse(status=204)
    if not jobs.is_at_work(job):
        return HttpResponse(headers={"HX-Redirect": reverse("criteria_apply")})
    context = {"job": job, "mark": mark_of(job)}
    return render(request, "setup/_criteria_apply_progress.html", context)


def mark_of(job: Job | None) -> str:
    """Return what changes whenever applying begins, goes on or ends; "" if it never began."""
    return f"{job.pk}.{job.state}.{job.done_count}" if job else ""
