"""Editing a draft of a document, a row at a time."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace

from django.contrib import messages
from django.db import models
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRedirect, reswap

from leads import draft_editing
from leads.contested import (
    Marks,
    changed_by,
    contested,
    read_marks,
    untouched,
    write_marks,
)
from leads.custom_facts import all_attributes
from leads.document_pages import DocumentPages
from leads.draft_editing import DraftIsGone, RowChanged, find_row
from leads.forms.rows import RowForm
from leads.requests import SignedInRequest, wants_fragment
from leads.version_words import fingerprint, marks_of, name_of
from leads.views.access import editors_only
from leads.views.document_history import version_or_404
from leads.views.draft_targets import (
    Target,
    contest,
    draft_id_of,
    edited,
    editing,
    target_or_404,
)

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
    return Carried(draft_id_of(request), request.POST.get("seen", ""), opened)


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
    is_alone = _stands_alone(request, target)
    if wants_fragment(request) and not is_alone:
        # So much depends on a row that the page is asked for anew.
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    messages.success(request, f"The {target.table.one} is saved to draft v{target.number}.")
    return HttpResponseClientRedirect(target.page) if is_alone else redirect(target.page)


def _stands_alone(request: SignedInRequest, target: Target) -> bool:
    """Whether a fragment is for the row's own page, where there is no table around it."""
    path, _, _ = (request.htmx.current_url_abs_path or "").partition("?")
    return path == target.address


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
        "is_in_table": wants_fragment(request) and not _stands_alone(request, target),
    }
    has_mistake = form.is_bound and form.point_at_mistake()
    response = render(request, f"leads/{template}", context, status=status)
    # Else the head of the form would be scrolled to, away from the field with the focus.
    return reswap(response, "outerHTML") if has_mistake else response


# What went wrong in between -----------------------------------------------------------------------
def _conflict(
    request: SignedInRequest, target: Target, theirs: models.Model | None
) -> HttpResponse:
    """Show both versions of a row that somebody else changed; what makes no sense comes first."""
    draft, carried, own = edited(request), _carried(request, target), all_attributes()
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


def _gone(request: SignedInRequest, target: Target) -> HttpResponse:
    """Say that the draft was published or discarded, and show all that was typed."""
    form = target.form(target.blank(draft_id_of(request)), request.POST, is_adrift=True)
    form.is_valid()  # which puts what was typed into its row
    version = target.pages.versions().filter(pk=draft_id_of(request), number=target.number).first()
    context = {
        "pages": target.pages,
        "target": target,
        "cells": contested(None, form.instance, all_attributes()),
        "published": version.publications.select_related("by").first() if version else None,
    }
    template = "_draft_gone.html" if wants_fragment(request) else "draft_gone.html"
    return render(request, f"leads/{template}", context, status=409)
