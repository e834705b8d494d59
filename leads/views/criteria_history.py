"""What differs between versions of the criteria, what was published when, and going back."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from leads import documents
from leads.criteria_page import Around, around, criteria_versions, publications, tables_of
from leads.documents import may_publish
from leads.errors import NotPublishable, StaleDraft
from leads.forms.notes import NoteForm
from leads.instants import database_now
from leads.models import Publication, Version
from leads.requests import SignedInRequest, read_id, wants_fragment
from leads.version_diff import VersionDiff
from leads.views.criteria import editors_only, version_or_404


def diff_between(before: Version, after: Version) -> VersionDiff:
    return tables_of(after, before).diff


@login_required
@require_GET
@vary_on_headers("HX-Request")
def diff(request: SignedInRequest, number: int) -> HttpResponse:
    """What a version changes of the one it was drafted from, or of any other (?against=8)."""
    version = version_or_404(number)
    stands = around(version, request.user)
    against = request.GET.get("against", "")
    before = _version_read(against) if against else stands.compared
    context = {
        "version": version,
        "before": before,
        "around": stands,
        "diff": diff_between(before, version),
        "others": criteria_versions().exclude(pk=version.pk).order_by("-number"),
    }
    template = "_criteria_diff.html" if wants_fragment(request) else "criteria_diff.html"
    return render(request, f"leads/{template}", context)


def _version_read(text: str) -> Version:
    if (number := read_id(text)) is None:
        raise Http404
    return version_or_404(number)


@dataclass(frozen=True, slots=True)
class Entry:
    """One publication, with what was live before it; None for the first."""

    publication: Publication
    before: Version | None


@login_required
@require_GET
def history(request: SignedInRequest) -> HttpResponse:
    newest = publications().first()
    if newest is None:
        return redirect("leads:criteria")
    stands = around(newest.version, request.user)
    befores = [earlier.version for _, earlier in pairwise(stands.publications)]
    entries = [
        Entry(publication, before)
        for publication, before in zip(stands.publications, [*befores, None], strict=True)
    ]
    context = {"entries": entries, "around": stands, "version": newest.version}
    context["at"] = database_now()
    return render(request, "leads/criteria_history.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def go_back(request: SignedInRequest, number: int) -> HttpResponse:
    """Make a version live again that was live before; with a note, by who may publish."""
    version = version_or_404(number)
    if not may_publish(request.user):
        raise PermissionDenied
    form = NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _make_live(request, version, form.cleaned_data["note"])
    stands = around(version, request.user)
    return render(
        request,
        "leads/criteria_go_back.html",
        {"version": version, "form": form, "around": stands, "diff": _from_live(stands)},
        status=422 if request.method == "POST" else 200,
    )


def _from_live(stands: Around) -> VersionDiff | None:
    return diff_between(stands.live.version, stands.version) if stands.live else None


def _make_live(request: SignedInRequest, version: Version, note: str) -> HttpResponse:
    try:
        documents.revert(version, by=request.user, note=note, at=database_now())
    except NotPublishable as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, f"v{version.number} is live again. New evidence is judged by it.")
        return redirect("criteria_apply")
    return redirect("leads:criteria")


@login_required
@editors_only
@require_http_methods(["GET", "POST"])
def discard(request: SignedInRequest, number: int) -> HttpResponse:
    """Show what would be lost, then remove a draft, if that was all there was to lose."""
    version = version_or_404(number)
    if request.method == "GET":
        return _ask_to_discard(request, version)
    try:
        if version.is_draft and request.POST.get("revision") != str(version.revision):
            raise StaleDraft
        documents.discard(version)
    except StaleDraft:
        return _ask_to_discard(request, version_or_404(number), is_changed=True)
    except NotPublishable as refused:
        messages.warning(request, str(refused))
        return redirect("leads:criteria_version", number=number)
    messages.success(request, f"Draft v{number} is discarded.")
    return redirect("leads:criteria")


def _ask_to_discard(
    request: SignedInRequest, version: Version, *, is_changed: bool = False
) -> HttpResponse:
    """is_changed: the draft is not what was last shown to whoever would discard it."""
    stands = around(version, request.user)
    context = {
        "version": version,
        "around": stands,
        "before": stands.compared,
        "diff": diff_between(stands.compared, version),
        "is_changed": is_changed,
        "at": database_now(),
    }
    status = 409 if is_changed else 200
    return render(request, "leads/criteria_discard.html", context, status=status)
