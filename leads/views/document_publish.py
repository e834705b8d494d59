"""Making a draft live: what changes, what the check found, and who may. Documents of which more is
to be said, or kept with the publication, say so by a `Publishing` of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from leads.document_pages import DocumentPages, around
from leads.documents import Publish, may_publish, publish_as_seen
from leads.errors import NotPublishable, StaleDraft
from leads.forms.notes import NoteForm
from leads.instants import database_now
from leads.models import Version
from leads.requests import SignedInRequest, read_id
from leads.views.document_history import version_or_404


def nothing_more(version: Version, at: datetime) -> Mapping[str, object]:
    return {}


@dataclass(frozen=True, slots=True)
class Publishing:
    """How the drafts of a document go live.

    publish: makes one live that has no errors; raises NotPublishable or StaleDraft.
    said:    what `template` tells beside what it does of every document.
    """

    publish: Publish = publish_as_seen
    template: str = "leads/document_publish.html"
    said: Callable[[Version, datetime], Mapping[str, object]] = nothing_more


@login_required
@require_http_methods(["GET", "POST"])
def publish(
    request: SignedInRequest,
    pages: DocumentPages,
    number: int,
    publishing: Publishing | None = None,
) -> HttpResponse:
    version = version_or_404(pages, number)
    if not may_publish(request.user):
        raise PermissionDenied
    form = NoteForm(request.POST or None)
    page = Page(request, pages, publishing or Publishing(), version, form)
    if request.method == "GET":
        return page.shown()
    has_errors = version.is_draft and pages.problems(version, database_now())
    return page.published() if form.is_valid() and not has_errors else page.shown(status=422)


@dataclass(frozen=True, slots=True)
class Page:
    request: SignedInRequest
    pages: DocumentPages
    publishing: Publishing
    version: Version
    form: NoteForm

    def published(self) -> HttpResponse:
        """Make the draft live as it was seen, or say what stands against it."""
        request, pages, at = self.request, self.pages, database_now()
        is_first = bool(pages.after_first) and not pages.publications().exists()
        seen, note = read_id(request.POST.get("revision", "")) or 0, self.form.cleaned_data["note"]
        try:
            self.publishing.publish(self.version, revision=seen, note=note, by=request.user, at=at)
        except (NotPublishable, StaleDraft) as lost:
            fresh = replace(self, version=version_or_404(pages, self.version.number))
            return fresh.shown(refusal=str(lost), status=409)
        effect = pages.after_first if is_first else pages.effect
        messages.success(request, f"v{self.version.number} is live. {effect}")
        return redirect(pages.url("live" if is_first else "after_live"))

    def shown(self, *, refusal: str = "", status: int = 200) -> HttpResponse:
        at, version = database_now(), self.version
        context = {
            "pages": self.pages,
            "version": version,
            "around": around(self.pages, version, self.request.user),
            "form": self.form,
            "refusal": refusal,
            "errors": self.pages.problems(version, at),
            **self.publishing.said(version, at),
            "at": at,
        }
        return render(self.request, self.publishing.template, context, status=status)
