"""The replay of a draft: started here, watched, cancelled, read, with the leads behind it."""

from __future__ import annotations

from functools import partial

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from leads.document_pages import DocumentPages, may_edit
from leads.draft_runs import newest, newest_done
from leads.instants import database_now
from leads.models import Version
from leads.requests import SignedInRequest, read_id, wants_fragment
from leads.views.access import editors_only, page_readers_only
from leads.views.document_history import version_or_404
from leads.views.draft_runs import RunPages, cancel_newest, progress_of
from routing import replay_job
from routing.models import Replay
from routing.replay_job import ReplayRefused
from routing.replay_page import Report, said_of

ROWS_A_PAGE = 50
DAYS = 30
REPLAY = RunPages(Replay, "replay", "handoffs", "routing:table_replay", "replay")


class DaysForm(forms.Form):
    days = forms.TypedChoiceField(
        coerce=int,
        choices=[(days, f"{days} days") for days in replay_job.LENGTHS_IN_DAYS],
        label="Replay the last",
    )
    with_imports = forms.BooleanField(label="imported history too", required=False)


@page_readers_only
@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def replay(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    """Show what came out of the newest replay of a version that ended, and how far one is that
    runs; start one with POST.
    """
    version, status = version_or_404(pages, number), 200
    form = DaysForm(request.POST or None)
    if request.method == "POST":
        if not may_edit(request.user):
            raise PermissionDenied
        status = _start(request, version, form)
        if status == 200 and not wants_fragment(request):
            return redirect("routing:table_replay", number=number)
    return _show(request, pages, version, form, status=status)


def _start(request: SignedInRequest, version: Version, form: DaysForm) -> int:
    """Start a replay as the form asks; returns the status of the answer."""
    if not form.is_valid():
        return 422
    try:
        replay_job.start(version, by=request.user, at=database_now(), **form.cleaned_data)
    except ReplayRefused as refused:
        form.add_error(None, str(refused))
        return 422
    return 200


def _show(
    request: SignedInRequest, pages: DocumentPages, version: Version, form: DaysForm, *, status: int
) -> HttpResponse:
    done, at = newest_done(Replay, version), database_now()
    report = Report(done) if done else None
    context = {
        "pages": pages,
        "version": version,
        "days": done.days if done else DAYS,
        **REPLAY.followed(version),
        "replay": newest(Replay, version),
        "report": report,
        "sample": report.sample(request.user) if report else [],
        "form": form,
        "may_start": may_edit(request.user) and not pages.is_live(version),
        "is_of_the_past": done is not None
        and not (pages.is_live(done.against) or pages.is_live(version)),
        "at": at,
    }
    name = "_table_replay.html" if wants_fragment(request) else "table_replay.html"
    return render(request, f"routing/{name}", context, status=status)


@page_readers_only
@require_GET
def progress(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    version = version_or_404(pages, number)
    show = partial(_show, request, pages, version, DaysForm(), status=200)
    return progress_of(request, REPLAY, version, show)


@editors_only
@require_POST
def cancel_replay(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    version = version_or_404(pages, number)
    show = partial(_show, request, pages, version, DaysForm(), status=200)
    return cancel_newest(request, REPLAY, version, show)


@page_readers_only
@require_GET
def replay_leads(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    """The handoffs that would go elsewhere, or (?of=3) those of one move."""
    version = version_or_404(pages, number)
    done = newest_done(Replay, version)
    if done is None:
        raise Http404
    report, of = Report(done), request.GET.get("of", "")
    flow = read_id(of)
    if of and flow is None:
        raise Http404
    moved = report.result.moved if flow is None else report.of_flow(flow)
    seen = report.seen_by(request.user, moved[::-1])
    shown = Paginator(seen, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "version": version,
        "report": report,
        "flow": next((each for each in report.flows if each.number == flow), None),
        "page": shown,
        "in_all": None if request.user.sees_everything else len(moved),
        "sample": report.examples(list(shown.object_list)),
    }
    return render(request, "routing/table_replay_leads.html", context)


@page_readers_only
@require_GET
def replay_said(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    """What the last replay of a version said, in a few sentences: a part of other pages."""
    version = version_or_404(pages, number)
    context = {"version": version, "at": database_now(), **said_of(version)}
    return render(request, "routing/_table_replay_said.html", context)
