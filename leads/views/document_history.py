"""Versions of a document: a draft begun, what differs, what was published when, going back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from leads import documents
from leads.document_pages import Around, DocumentPages, around
from leads.documents import may_publish
from leads.errors import NotPublishable, StaleDraft
from leads.forms.notes import NoteForm
from leads.instants import database_now
from leads.models import Publication, Version
from leads.requests import SignedInRequest, read_id, wants_fragment
from leads.version_diff import VersionDiff
from leads.views.access import editors_only, page_readers_only


def version_or_404(pages: DocumentPages, number: int) -> Version:
    return get_object_or_404(pages.versions(), number=number)


@editors_only
@require_POST
def start_draft(request: SignedInRequest, pages: DocumentPages) -> HttpResponse:
    """Start a draft from what is live."""
    newest = pages.publications().first()
    if newest is None:
        return redirect(pages.url("live"))
    draft = documents.start_draft(newest.version, by=request.user)
    return redirect(pages.url("version", draft.number))


@page_readers_only
@require_GET
@vary_on_headers("HX-Request")
def diff(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    """What a version changes of the one it was drafted from, or of any other (?against=8)."""
    version = version_or_404(pages, number)
    stands = around(pages, version, request.user)
    against = request.GET.get("against", "")
    before = _version_read(pages, against) if against else stands.compared
    context = {
        "pages": pages,
        "version": version,
        "before": before,
        "around": stands,
        "diff": pages.tables_of(version, before).diff,
        "others": pages.versions().exclude(pk=version.pk).order_by("-number"),
    }
    template = "_document_diff.html" if wants_fragment(request) else "document_diff.html"
    return render(request, f"leads/{template}", context)


def _version_read(pages: DocumentPages, text: str) -> Version:
    if (number := read_id(text)) is None:
        raise Http404
    return version_or_404(pages, number)


@dataclass(frozen=True, slots=True)
class Entry:
    """One publication, with what was live before it; None for the first."""

    publication: Publication
    before: Version | None


@page_readers_only
@require_GET
def history(request: SignedInRequest, pages: DocumentPages) -> HttpResponse:
    newest = pages.publications().first()
    if newest is None:
        return redirect(pages.url("live"))
    stands = around(pages, newest.version, request.user)
    befores = [earlier.version for _, earlier in pairwise(stands.publications)]
    entries = [
        Entry(publication, before)
        for publication, before in zip(stands.publications, [*befores, None], strict=True)
    ]
    context = {
        "pages": pages,
        "entries": entries,
        "around": stands,
        "version": newest.version,
        "at": database_now(),
    }
    return render(request, "leads/document_history.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def go_back(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    """Make a version live again that was live before; with a note, by who may publish."""
    version = version_or_404(pages, number)
    if not may_publish(request.user):
        raise PermissionDenied
    form = NoteForm(request.POST or None)
    problems = pages.problems(version, database_now())
    if request.method == "POST" and form.is_valid() and not problems:
        return _make_live(request, pages, version, note=form.cleaned_data["note"])
    stands = around(pages, version, request.user)
    context = {
        "pages": pages,
        "version": version,
        "form": form,
        "problems": problems,
        "around": stands,
        "diff": _from_live(pages, stands),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "leads/document_go_back.html", context, status=status)


def _from_live(pages: DocumentPages, stands: Around) -> VersionDiff | None:
    return pages.tables_of(stands.version, stands.live.version).diff if stands.live else None


def _make_live(
    request: SignedInRequest, pages: DocumentPages, version: Version, *, note: str
) -> HttpResponse:
    try:
        documents.revert(version, by=request.user, note=note, at=database_now())
    except NotPublishable as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, f"v{version.number} is live again. {pages.effect}")
        return redirect(pages.url("after_live"))
    return redirect(pages.url("live"))


@editors_only
@require_http_methods(["GET", "POST"])
def discard(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    """Show what would be lost, then remove a draft, if that was all there was to lose."""
    version = version_or_404(pages, number)
    if request.method == "GET":
        return _ask_to_discard(request, pages, version)
    try:
        if version.is_draft and request.POST.get("revision") != str(version.revision):
            raise StaleDraft
        documents.discard(version)
    except StaleDraft:
        return _ask_to_discard(request, pages, version_or_404(pages, number), is_changed=True)
    except NotPublishable as refused:
        messages.warning(request, str(refused))
        return redirect(pages.url("version", number))
    messages.success(request, f"Draft v{number} is discarded.")
    return redirect(pages.url("live"))


def _ask_to_discard(
    request: SignedInRequest, pages: DocumentPages, version: Version, *, is_changed: bool = False
) -> HttpResponse:
    """is_changed: the draft is not what was last shown to whoever would discard it."""
    stands = around(pages, version, request.user)
    context = {
        "pages": pages,
        "version": version,
        "around": stands,
        "before": stands.compared,
        "diff": pages.tables_of(version, stands.compared).diff,
        "is_changed": is_changed,
        "at": database_now(),
    }
    status = 409 if is_changed else 200
    return render(request, "leads/document_discard.html", context, status=status)
