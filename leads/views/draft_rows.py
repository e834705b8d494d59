"""Editing a draft of a document, a row at a time."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.db import models
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers

from leads import draft_editing
from leads.contested import (
    Marks,
    changed_by,
    contested,
    read_marks,
    untouched,
    write_marks,
)
from leads.custom_facts import declared_facts
from leads.document_pages import DocumentPages, Table
from leads.draft_editing import DraftIsGone, Editing, RowChanged, find_row
from leads.forms.rows import RowForm
from leads.instants import database_now
from leads.models import Version, VersionedRow
from leads.requests import SignedInRequest, read_id, wants_fragment
from leads.row_views import anchor_of
from leads.version_words import fingerprint, marks_of, name_of
from leads.views.access import editors_only
from leads.views.document_history import version_or_404

# Not among what somebody typed: sent anew with each form.
ENVELOPE = frozenset({"csrfmiddlewaretoken", "do", "draft", "seen", "opened"})


# Pressed beside another's change, to edit on from both.
GO_ON = "go_on"


@dataclass(frozen=True, slots=True)
class Carried:
    """What a form carries of the row it shows. opened: what each cell said when its editor opened
    it. seen: the whole row as its editor saw it last, in somebody else's version maybe.
    """

    draft_id: int
    seen: str
    opened: Marks

    @property
    def marks(self) -> str:
        return write_marks(self.opened)


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
        return f"{page}#{self.table.slug if self.key is None else self.anchor}"

    def form(self, row: models.Model, data: Any = None, **options: Any) -> RowForm:
        about: dict[str, Any] = {"own": declared_facts(), "address": self.address, **options}
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


@editors_only
@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def edit_row(
    request: SignedInRequest, pages: DocumentPages, number: int, table: str, key: str | None = None
) -> HttpResponse:
    """One row's form, as a page or in the table; a POST saves it, or shows it changed by `do`."""
    target = target_or_404(pages, number, table, key)
    if request.method == "POST":
        return _retype(request, target) if "do" in request.POST else _save(request, target)
    draft = version_or_404(pages, number)
    if not draft.is_draft:
        messages.warning(request, f"v{number} is published and can no longer change.")
        return redirect(pages.url("version", number))
    row = target.blank(draft.pk) if key is None else find_row(target.table.model, draft.pk, key)
    if row is None:
        raise Http404
    stored = None if key is None else row
    carried = Carried(draft.pk, fingerprint(stored), marks_of(stored))
    return _show(request, target, target.form(row), carried)


def _carried(request: SignedInRequest, target: Target) -> Carried:
    opened = read_marks(request.POST.get("opened", ""), target.table.model)
    return Carried(_draft_id(request), request.POST.get("seen", ""), opened)


def _retype(request: SignedInRequest, target: Target) -> HttpResponse:
    """Show what was typed, after a condition was added, removed or got another fact."""
    carried, action = _carried(request, target), request.POST["do"]
    now = find_row(target.table.model, carried.draft_id, target.key or "")
    if action == GO_ON and now is not None:
        return _resume(request, target, now, carried)
    row = target.blank(carried.draft_id)
    typed = target.form(row, request.POST).as_typed(action)
    return _show(request, target, target.form(row, initial=typed), carried)


def _resume(
    request: SignedInRequest,
    target: Target,
    now: models.Model,
    carried: Carried,
    *,
    refused: Sequence[str] = (),
) -> HttpResponse:
    """Show a row as it stands `now`, with what was typed in the cells that its editor changed.

    refused: why both together make no sense.
    """
    form = target.form(copy(now), request.POST)
    form.is_valid()  # which puts what was typed into its row
    kept = [name for name in untouched(form.instance, carried.opened) if name not in form.errors]
    typed = {name: value for name, value in form.as_typed("").items() if name not in kept}
    form = target.form(now, initial=typed)
    carried = replace(carried, opened=marks_of(now))
    status = 422 if refused else 200
    return _show(request, target, form, carried, status=status, refused=refused)


def _save(request: SignedInRequest, target: Target) -> HttpResponse:
    edit, carried = editing(request, target), _carried(request, target)
    tried: list[tuple[RowForm, models.Model | None]] = []

    def write(now: models.Model | None) -> bool:
        form = target.form(copy(now) if now else target.blank(edit.draft_id), request.POST)
        tried.append((form, now))
        if is_fit := form.is_valid() and _keep_theirs(form, now, carried.opened):
            form.save()
        return is_fit

    try:
        saved = draft_editing.save_row(
            edit, target.table.model, target.key, seen=carried.seen, write=write
        )
    except RowChanged as changed:
        return _conflict(request, target, changed.theirs)
    except DraftIsGone:
        return _gone(request, target)
    if not saved:
        return _refuse(request, target, *tried[0], carried=carried)
    return _done(request, target)


def _keep_theirs(form: RowForm, now: models.Model | None, opened: Marks) -> bool:
    """Take from a valid form what its editor changed alone: the rest stays as it is `now`.

    Returns whether both together make sense.
    """
    if now is None or marks_of(now) == opened:
        return True
    return form.keep(untouched(form.instance, opened), now)


def _refuse(
    request: SignedInRequest,
    target: Target,
    form: RowForm,
    now: models.Model | None,
    *,
    carried: Carried,
) -> HttpResponse:
    if now is None or marks_of(now) == carried.opened:
        return _show(request, target, form, carried, status=422)
    problems = [str(message) for told in form.errors.values() for message in told]
    return _resume(request, target, now, carried, refused=problems)


def _done(request: SignedInRequest, target: Target) -> HttpResponse:
    if wants_fragment(request):  # so much depends on a row that the page is asked for anew
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect(target.page)


def _show(
    request: SignedInRequest,
    target: Target,
    form: RowForm,
    carried: Carried,
    *,
    status: int = 200,
    refused: Sequence[str] = (),
) -> HttpResponse:
    template = "_draft_row.html" if wants_fragment(request) else "draft_row.html"
    context = {
        "pages": target.pages,
        "target": target,
        "form": form,
        "carried": carried,
        "refused": refused,
    }
    return render(request, f"leads/{template}", context, status=status)


# What went wrong in between -----------------------------------------------------------------------
def _conflict(
    request: SignedInRequest, target: Target, theirs: models.Model | None
) -> HttpResponse:
    """Show both versions of a row that somebody else changed; what makes no sense comes first."""
    draft, carried, own = edited(request), _carried(request, target), declared_facts()
    form = target.form(copy(theirs) if theirs else target.blank(draft.pk), request.POST)
    if not form.is_valid():
        return _show(request, target, form, carried, status=422)
    by = changed_by(form.instance, theirs, carried.opened)
    if theirs is not None:
        form.keep(untouched(form.instance, carried.opened), theirs)
    context = {
        "draft": draft,
        "cells": contested(theirs, form.instance, own, by=by),
        "name": name_of(theirs or form.instance, own),
        "is_removed": theirs is None,
        "action": target.address,
        "seen": fingerprint(theirs),
        "opened": carried.marks,
    }
    return contest(request, target, context)


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


def _gone(request: SignedInRequest, target: Target) -> HttpResponse:
    """Say that the draft was published or discarded, and show all that was typed."""
    form = target.form(target.blank(_draft_id(request)), request.POST, is_adrift=True)
    form.is_valid()  # which puts what was typed into its row
    version = target.pages.versions().filter(pk=_draft_id(request), number=target.number).first()
    context = {
        "pages": target.pages,
        "target": target,
        "cells": contested(None, form.instance, declared_facts()),
        "published": version.publications.select_related("by").first() if version else None,
    }
    template = "_draft_gone.html" if wants_fragment(request) else "draft_gone.html"
    return render(request, f"leads/{template}", context, status=409)


def editing(request: SignedInRequest, target: Target) -> Editing:
    return target.pages.editing(
        _draft_id(request), target.number, by=request.user, at=database_now()
    )


def edited(request: SignedInRequest) -> Version:
    return Version.objects.select_related("saved_by").get(pk=_draft_id(request))


def _draft_id(request: SignedInRequest) -> int:
    """Return which draft the form was made for."""
    if (given := read_id(request.POST.get("draft", ""))) is None:
        raise Http404
    return given
