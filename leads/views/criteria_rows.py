"""Editing a draft of the criteria, a row at a time."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import models
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from leads import draft_editing
from leads.criteria_page import criteria_versions
from leads.criteria_rows import anchor_of
from leads.criteria_tables import TABLES, Table
from leads.custom_facts import declared_facts
from leads.draft_editing import DraftIsGone, Editing, RowChanged, find_row
from leads.forms.criteria import FORMS, RowForm
from leads.instants import database_now
from leads.models import Signal, Version, VersionedRow
from leads.requests import SignedInRequest, read_id, wants_fragment
from leads.version_words import Words, cells_of, fingerprint, name_of
from leads.views.criteria import editors_only, version_or_404

# Not among what somebody typed: sent anew with each form.
ENVELOPE = frozenset({"csrfmiddlewaretoken", "do", "draft", "seen"})


@dataclass(frozen=True, slots=True)
class Target:
    """The row that a request is about; key None: one to be added."""

    number: int
    table: Table
    key: str | None

    @property
    def address(self) -> str:
        if self.key is None:
            return reverse("leads:criteria_add", args=[self.number, self.table.slug])
        if self.table.slug == "bands":
            return reverse("leads:criteria_bands", args=[self.number])
        return reverse("leads:criteria_row", args=[self.number, self.table.slug, self.key])

    @property
    def anchor(self) -> str:
        return anchor_of(self.table.slug, self.key or "new")

    @property
    def page(self) -> str:
        """Where the row stands on the draft's page."""
        page = reverse("leads:criteria_version", args=[self.number])
        return f"{page}#{self.table.slug if self.key is None else self.anchor}"

    def form(self, row: models.Model, data: Any = None, **options: Any) -> RowForm:
        about: dict[str, Any] = {"own": declared_facts(), "address": self.address, **options}
        return FORMS[self.table.model](data, instance=row, auto_id=f"{self.anchor}-%s", **about)

    def blank(self, draft_id: int) -> models.Model:
        """Return a row of this table and key that is not stored yet."""
        row = self.table.model(version_id=draft_id)
        if isinstance(row, VersionedRow):
            row.key = self.key or ""
        return row


def target_or_404(number: int, table: str, key: str | None) -> Target:
    if table not in TABLES or "\0" in (key or ""):
        raise Http404
    return Target(number, TABLES[table], key)


@login_required
@editors_only
@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
def edit_row(
    request: SignedInRequest, number: int, table: str, key: str | None = None
) -> HttpResponse:
    """One row's form, as a page or in the table; a POST saves it, or shows it changed by `do`."""
    target = target_or_404(number, table, key)
    if request.method == "POST":
        return _retype(request, target) if "do" in request.POST else _save(request, target)
    draft = version_or_404(number)
    if not draft.is_draft:
        messages.warning(request, f"v{number} is published and can no longer change.")
        return redirect("leads:criteria_version", number=number)
    row = target.blank(draft.pk) if key is None else find_row(target.table.model, draft.pk, key)
    if row is None:
        raise Http404
    seen = fingerprint(None if key is None else row)
    return _show(request, target, target.form(row), draft_id=draft.pk, seen=seen)


def _retype(request: SignedInRequest, target: Target) -> HttpResponse:
    """Show what was typed, after a condition was added, removed or got another fact."""
    row = target.blank(_draft_id(request))
    typed = target.form(row, request.POST).as_typed(request.POST["do"])
    form = target.form(row, initial=typed)
    return _show(request, target, form, draft_id=row.version_id, seen=request.POST.get("seen", ""))  # type: ignore[attr-defined]


def _save(request: SignedInRequest, target: Target) -> HttpResponse:
    edit, seen = _editing(request, target), request.POST.get("seen", "")
    forms: list[RowForm] = []

    def write(now: models.Model | None) -> bool:
        form = target.form(now or target.blank(edit.draft_id), request.POST)
        forms.append(form)
        if form.is_valid():
            form.save()
        return form.is_valid()

    try:
        saved = draft_editing.save_row(edit, target.table.model, target.key, seen=seen, write=write)
    except RowChanged as changed:
        return _conflict(request, target, changed.theirs)
    except DraftIsGone:
        return _gone(request, target)
    if not saved:
        return _show(request, target, forms[0], draft_id=edit.draft_id, seen=seen, status=422)
    return _done(request, target)


def _done(request: SignedInRequest, target: Target) -> HttpResponse:
    if wants_fragment(request):  # so much depends on a row that the page is asked for anew
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return redirect(target.page)


def _show(
    request: SignedInRequest,
    target: Target,
    form: RowForm,
    *,
    draft_id: int,
    seen: str,
    status: int = 200,
) -> HttpResponse:
    template = "_criteria_row.html" if wants_fragment(request) else "criteria_row.html"
    context = {"target": target, "form": form, "draft_id": draft_id, "seen": seen}
    return render(request, f"leads/{template}", context, status=status)


# What went wrong in between -----------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Contested:
    """One cell of a row that two people changed; None: the row is not there."""

    label: str
    theirs: str | None
    yours: str | None

    @property
    def differs(self) -> bool:
        return self.theirs != self.yours


def _conflict(
    request: SignedInRequest, target: Target, theirs: models.Model | None
) -> HttpResponse:
    """Show both versions of a row that somebody else changed; what makes no sense comes first."""
    draft = _edited(request)
    form = target.form(copy(theirs) if theirs else target.blank(draft.pk), request.POST)
    if not form.is_valid():
        seen = request.POST.get("seen", "")
        return _show(request, target, form, draft_id=draft.pk, seen=seen, status=422)
    context = {
        "draft": draft,
        "cells": _contested(theirs, form.instance),
        "name": name_of(theirs or form.instance, declared_facts()),
        "is_removed": theirs is None,
        "action": target.address,
        "seen": fingerprint(theirs),
    }
    return _contest(request, target, context)


def _contest(request: SignedInRequest, target: Target, context: dict[str, Any]) -> HttpResponse:
    template = "_criteria_conflict.html" if wants_fragment(request) else "criteria_conflict.html"
    typed = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in ENVELOPE
        for value in values
    ]
    context |= {"target": target, "typed": typed, "at": database_now()}
    return render(request, f"leads/{template}", context, status=409)


def _contested(theirs: models.Model | None, yours: models.Model | None) -> list[Contested]:
    own = declared_facts()
    there: dict[str, Words] = cells_of(theirs, own) if theirs else {}
    here: dict[str, Words] = cells_of(yours, own) if yours else {}
    return [
        Contested(
            (there.get(name) or here[name]).label,
            there[name].text if name in there else None,
            here[name].text if name in here else None,
        )
        for name in (there or here)
    ]


def _gone(request: SignedInRequest, target: Target) -> HttpResponse:
    """Say that the draft was published or discarded, and show all that was typed."""
    form = target.form(target.blank(_draft_id(request)), request.POST, is_adrift=True)
    form.is_valid()  # which puts what was typed into its row
    version = criteria_versions().filter(pk=_draft_id(request), number=target.number).first()
    context = {
        "target": target,
        "cells": _contested(None, form.instance),
        "published": version.publications.select_related("by").first() if version else None,
    }
    template = "_criteria_gone.html" if wants_fragment(request) else "criteria_gone.html"
    return render(request, f"leads/{template}", context, status=409)


# Removing, moving, putting back -------------------------------------------------------------------
@login_required
@editors_only
@require_POST
def remove_row(request: SignedInRequest, number: int, table: str, key: str) -> HttpResponse:
    target = target_or_404(number, table, key)
    model, seen = target.table.model, request.POST.get("seen", "")
    try:
        draft_editing.remove_row(_editing(request, target), model, key, seen=seen)
    except RowChanged as changed:
        return _keep_or_remove(request, target, changed.theirs)
    except DraftIsGone as gone:
        return _elsewhere(request, gone)
    return redirect(target.page)


def _keep_or_remove(
    request: SignedInRequest, target: Target, theirs: models.Model | None
) -> HttpResponse:
    assert theirs is not None  # a row that is gone needs no removing
    context = {
        "draft": _edited(request),
        "cells": _contested(theirs, None),
        "name": name_of(theirs, declared_facts()),
        "is_removal": True,
        "action": _address_of("remove", target),
        "seen": fingerprint(theirs),
    }
    return _contest(request, target, context)


@login_required
@editors_only
@require_POST
def move_row(request: SignedInRequest, number: int, table: str, key: str) -> HttpResponse:
    """Move a row up or down by one; a signal among those of its group."""
    target = target_or_404(number, table, key)
    model = target.table.model
    if not issubclass(model, VersionedRow):
        raise Http404
    step = -1 if request.POST.get("to") == "up" else 1
    among = "group" if model is Signal else ""
    try:
        draft_editing.move_row(_editing(request, target), model, key, step=step, among=among)
    except RowChanged:
        messages.warning(request, "Somebody else removed this row since you opened the page.")
    except DraftIsGone as gone:
        return _elsewhere(request, gone)
    return redirect(target.page)


@login_required
@editors_only
@require_POST
def restore_row(request: SignedInRequest, number: int, table: str, key: str) -> HttpResponse:
    """Take back what the draft changed of a row."""
    target = target_or_404(number, table, key)
    model, seen = target.table.model, request.POST.get("seen", "")
    try:
        draft_editing.restore_row(_editing(request, target), model, key, seen=seen)
    except RowChanged as changed:
        return _keep_or_restore(request, target, changed.theirs)
    except DraftIsGone as gone:
        return _elsewhere(request, gone)
    return redirect(target.page)


def _keep_or_restore(
    request: SignedInRequest, target: Target, theirs: models.Model | None
) -> HttpResponse:
    draft = _edited(request)
    was = find_row(target.table.model, draft.base_id or 0, target.key or "")
    changed = theirs or was
    assert changed is not None  # what is not there and never was needs no putting back
    context = {
        "draft": draft,
        "cells": _contested(theirs, was),
        "name": name_of(changed, declared_facts()),
        "is_removed": theirs is None,
        "is_undoing": True,
        "action": _address_of("restore", target),
        "seen": fingerprint(theirs),
    }
    return _contest(request, target, context)


def _elsewhere(request: SignedInRequest, gone: DraftIsGone) -> HttpResponse:
    messages.warning(request, f"{gone} Nothing was changed.")
    return redirect("leads:criteria")


def _address_of(action: str, target: Target) -> str:
    return reverse(f"leads:criteria_{action}", args=[target.number, target.table.slug, target.key])


def _editing(request: SignedInRequest, target: Target) -> Editing:
    return Editing(_draft_id(request), target.number, by=request.user, at=database_now())


def _edited(request: SignedInRequest) -> Version:
    return Version.objects.select_related("saved_by").get(pk=_draft_id(request))


def _draft_id(request: SignedInRequest) -> int:
    """Return which draft the form was made for."""
    if (given := read_id(request.POST.get("draft", ""))) is None:
        raise Http404
    return given
