"""Making a draft live, of a document of which nothing more is said than what changes and what the
check found.
"""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from leads.document_pages import DocumentPages, around
from leads.documents import may_publish, publish_as_seen
from leads.errors import NotPublishable, StaleDraft
from leads.forms.notes import NoteForm
from leads.instants import database_now
from leads.models import Version
from leads.requests import SignedInRequest, read_id
from leads.views.document_history import version_or_404


@login_required
@require_http_methods(["GET", "POST"])
def publish(request: SignedInRequest, pages: DocumentPages, number: int) -> HttpResponse:
    version = version_or_404(pages, number)
    if not may_publish(request.user):
        raise PermissionDenied
    form = NoteForm(request.POST or None)
    if request.method == "GET":
        return _show(request, pages, version, form)
    if not form.is_valid() or pages.problems(version, database_now()):
        return _show(request, pages, version, form, status=422)
    seen, note = read_id(request.POST.get("revision", "")) or 0, form.cleaned_data["note"]
    try:
        publish_as_seen(version, revision=seen, note=note, by=request.user, at=database_now())
    except (NotPublishable, StaleDraft) as lost:
        version = version_or_404(pages, number)
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
        "errors": pages.problems(version, at),
        "at": at,
    }
    return render(request, "leads/document_publish.html", context, status=status)
