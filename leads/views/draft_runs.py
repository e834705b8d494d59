"""What is worked out of a version by a job: how far it is, and ending it, for any kind of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from leads.draft_runs import cancel, mark_of, newest
from leads.instants import database_now
from leads.models import DraftRun, Version
from leads.requests import SignedInRequest, wants_fragment

# Draws the part of the page that shows what came of it, or the page.
Show = Callable[[], HttpResponse]


@dataclass(frozen=True, slots=True)
class RunPages:
    """One kind of run as its pages name it. what: it is counted in. page: the name of its address,
    which with `_progress` is where it is followed. part: the id of the part that shows it.
    """

    kind: type[DraftRun]
    name: str
    what: str
    page: str
    part: str

    def followed(self, version: Version) -> dict[str, Any]:
        """Return what a page needs to follow the newest run of `version`."""
        return {
            "mark": mark_of(self.kind, version),
            "progress_url": reverse(f"{self.page}_progress", args=[version.number]),
        }


def progress_of(
    request: SignedInRequest, pages: RunPages, version: Version, show: Show
) -> HttpResponse:
    """204 as long as nothing changed since `mark`; else how far it is, at its end the whole."""
    followed = pages.followed(version)
    if request.GET.get("mark") == followed["mark"]:
        return HttpResponse(status=204)
    last = _newest_or_404(pages, version)
    if last.is_running:
        context = {"run": last, "what": pages.what, **followed}
        return render(request, "leads/_draft_run_progress.html", context)
    answer = show()
    answer["HX-Retarget"] = f"#{pages.part}"
    return answer


def cancel_newest(
    request: SignedInRequest, pages: RunPages, version: Version, show: Show
) -> HttpResponse:
    last = _newest_or_404(pages, version)
    ended = cancel(last, by=request.user, at=database_now())
    if wants_fragment(request):
        return show()
    said = "is cancelled" if ended else "had ended already"
    messages.success(request, f"The {pages.name} {said}.")
    return redirect(pages.page, version.number)


def _newest_or_404(pages: RunPages, version: Version) -> DraftRun:
    last = newest(pages.kind, version)
    if last is None:
        raise Http404
    return last
