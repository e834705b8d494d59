"""The row of a draft that a request is about, and which draft the form was made for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.http import Http404, HttpResponse
from django.shortcuts import render

from leads.document_pages import DocumentPages, Table
from leads.draft_editing import Editing
from leads.forms.rows import RowForm
from leads.instants import database_now
from leads.models import Version, VersionedRow
from leads.offered_facts import facts_for_editors
from leads.requests import SignedInRequest, read_id, wants_fragment
from leads.row_views import anchor_of

# Not among what somebody typed: sent anew with each form.
ENVELOPE = frozenset({"csrfmiddlewaretoken", "do", "draft", "seen", "opened"})


@dataclass(frozen=True, slots=True)
class Target:
    """The row that a request is about; key None: one to be added."""

    pages: DocumentPages
    number: int
    table: Table
    key: str | None

    @property
    def address(self) -> str:
        if self.key is None:
            return self.pages.url("add", self.number, self.table.slug)
        return self.address_to("row")

    def address_to(self, place: str) -> str:
        """Return where the row, which has a key, is changed by what `place` says."""
        return self.pages.row_url(place, self.number, self.table, self.key or "")

    @property
    def anchor(self) -> str:
        return anchor_of(self.table.slug, self.key or "new")

    @property
    def page(self) -> str:
        """Where the row stands on the draft's page."""
        page = self.pages.url("version", self.number)
        return f"{page}#{self.anchor if self.key else self.table.slug}"

    def form(self, row: models.Model, data: Any = None, **options: Any) -> RowForm:
        about: dict[str, Any] = {"own": facts_for_editors(), "address": self.address, **options}
        return self.pages.forms[self.table.model](
            data, instance=row, auto_id=f"{self.anchor}-%s", **about
        )

    def blank(self, draft_id: int) -> models.Model:
        """Return a row of this table and key that is not stored yet."""
        row = self.table.model(version_id=draft_id)
        if isinstance(row, VersionedRow):
            row.key = self.key or ""
        return row


def target_or_404(pages: DocumentPages, number: int, table: str, key: str | None) -> Target:
    if table not in pages.tables or "\0" in (key or ""):
        raise Http404
    return Target(pages, number, pages.tables[table], key)


def contest(request: SignedInRequest, target: Target, context: dict[str, Any]) -> HttpResponse:
    template = "_draft_conflict.html" if wants_fragment(request) else "draft_conflict.html"
    typed = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in ENVELOPE
        for value in values
    ]
    context |= {"pages": target.pages, "target": target, "typed": typed, "at": database_now()}
    return render(request, f"leads/{template}", context, status=409)


def editing(request: SignedInRequest, target: Target) -> Editing:
    return target.pages.editing(
        draft_id_of(request), target.number, by=request.user, at=database_now()
    )


def edited(request: SignedInRequest) -> Version:
    return Version.objects.select_related("saved_by").get(pk=draft_id_of(request))


def draft_id_of(request: SignedInRequest) -> int:
    """Return which draft the form was made for."""
    if (given := read_id(request.POST.get("draft", ""))) is None:
        raise Http404
    return given
