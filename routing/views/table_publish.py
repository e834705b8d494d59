"""Making a draft of the routing table live: what changes, what the check and the replay say."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from leads.document_pages import DocumentPages, around
from leads.documents import may_publish
from leads.errors import NotPublishable, StaleDraft
from leads.forms.notes import NoteForm
from leads.instants import database_now
from leads.models import Version
from leads.requests import SignedInRequest, read_id
from leads.views.document_history import version_or_404
from routing.check import errors_of
from routing.publishing import HasErrors, publish_table
from routing.replay_page import said_of


@login_required
@require_http_methods(["GET", "POST"])
def publish(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    version = version_or_404(pages, number)
    if not may_publish(request.user):
        raise PermissionDenied
    form = NoteForm(request.POST or None)
    if request.method == "GET":
        return _show(request, pages, version, form)
    if not form.is_valid():
        return _show(request, pages, version, form, status=422)
    return _publish(request, pages, version, form)


def _publish(
    request: SignedInRequest, pages: DocumentPages, version: Version, form: NoteForm
) -> HttpResponse:
    seen, note = read_id(request.POST.get("revision", "")) or 0, form.cleaned_data["note"]
    try:
        publish_table(version, revision=seen, note=note, by=request.user, at=database_now())
    except HasErrors as refused:
        return _show(request, pages, version, form, refusal=str(refused), status=422)
    except (NotPublishable, StaleDraft) as lost:
        version = version_or_404(pages, version.number)
        return _show(request, pages, version, form, refusal=str(lost), status=409)
    messages.success(request, f"v{version.number} is live. {pages.effect}")
    return redirect(pages.url("after_live"))


def _show(
    request: SignedInRequest,
    pages: DocumentPages,
    version: Version,
    form: NoteForm,
    *,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    at = database_now()
    context = {
        "pages": pages,
        "version": version,
        "around": around(pages, version, request.user),
        "form": form,
        "refusal": refusal,
        "errors": errors_of(version, at),
        **said_of(version),
        "at": at,
    }
    return render(request, "routing/table_publish.html", context, status=status)
