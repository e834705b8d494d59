"""Applying the live criteria to leads that are there already: preview, then an explicit yes."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from leads.documents import NothingLive, may_publish
from leads.instants import database_now
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
    return render(request, "setup/criteria_apply.html", {"job": job, "preview": shown, "at": at})
