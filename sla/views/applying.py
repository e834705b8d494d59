"""Applying what is live to clocks that run: preview, then an explicit yes."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from leads.document_pages import DocumentPages
from leads.documents import may_publish
from leads.instants import database_now
from leads.models import Job
from leads.requests import SignedInRequest
from leads.views.access import page_readers_only
from sla import moving
from sla.errors import NotLive

SHOWN = 50
WHICH = ("missed", "earlier", "later", "others")


@page_readers_only
@require_http_methods(["GET", "POST"])
def apply(request: SignedInRequest, pages: DocumentPages) -> HttpResponse:
    """Show what the live version would move; with POST, have it moved bit by bit."""
    newest = pages.publications().first()
    if not may_publish(request.user):
        raise PermissionDenied
    if newest is None:
        return redirect(pages.url("live"))
    version, at = newest.version, database_now()
    if request.method == "POST":
        return _begin(request, pages, number=version.number)
    job = moving.newest_job(version)
    context = {"pages": pages, "version": version, "job": job, "at": at, "mark": mark_of(job)}
    if job is None or job.finished_at is not None:
        context |= listed_of(request, moving.preview(version, at))
    return render(request, "sla/apply.html", context)


def listed_of(request: SignedInRequest, seen: moving.Preview) -> dict[str, object]:
    """Return what `sla/_moves.html` shows: the first of the moves that the address asks for."""
    which = request.GET.get("which", "")
    listed = getattr(seen, which) if which in WHICH else seen.moves
    return {"preview": seen, "listed": listed[:SHOWN], "count": len(listed), "which": which}


def _begin(request: SignedInRequest, pages: DocumentPages, *, number: int) -> HttpResponse:
    """Start it, unless another version than the one that was shown is live by now."""
    newest = pages.publications().first()
    assert newest is not None
    if request.POST.get("number") != str(number):
        messages.warning(request, "Another version went live meanwhile: look at what it would do.")
        return redirect(pages.url("apply"))
    try:
        moving.start(newest.version, by=request.user, at=database_now())
    except NotLive as error:
        messages.warning(request, str(error))
    return redirect(pages.url("apply"))


@page_readers_only
@require_GET
def progress(request: SignedInRequest, pages: DocumentPages) -> HttpResponse:
    """204 as long as nothing changed since `mark`; else how far it is; once it ended, its page."""
    newest = pages.publications().first()
    if newest is None or not may_publish(request.user):
        raise PermissionDenied
    job = moving.newest_job(newest.version)
    if request.GET.get("mark") == mark_of(job):
        return HttpResponse(status=204)
    if job is None or job.finished_at is not None:
        return HttpResponse(headers={"HX-Redirect": pages.url("apply")})
    context = {"pages": pages, "job": job, "mark": mark_of(job)}
    return render(request, "sla/_apply_progress.html", context)


def mark_of(job: Job | None) -> str:
    """Return what changes whenever applying begins, goes on or ends; "" if it never began."""
    return f"{job.pk}.{job.state}.{job.done_count}" if job else ""
