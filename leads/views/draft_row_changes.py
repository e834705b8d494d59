"""Removing, moving and putting back a row of a draft."""

from __future__ import annotations

from django.contrib import messages
from django.db import models
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from leads import draft_editing
from leads.contested import contested
from leads.custom_facts import all_attributes
from leads.document_pages import DocumentPages
from leads.draft_editing import DraftIsGone, PlaceIsGone, RowChanged, find_row
from leads.models import VersionedRow
from leads.requests import SignedInRequest
from leads.version_words import fingerprint, name_of
from leads.views.access import editors_only
from leads.views.draft_targets import Target, contest, edited, editing, target_or_404

STEPS = {"up": -1, "down": 1}


@editors_only
@require_POST
def remove_row(
    request: SignedInRequest, pages: DocumentPages, number: int, table: str, key: str
) -> HttpResponse:
    target = target_or_404(pages, number, table, key)
    model, seen = target.table.model, request.POST.get("seen", "")
    edit = editing(request, target)
    row = find_row(model, edit.draft_id, key)
    if row is not None and (reason := target.table.why_it_stays(row)):
        messages.warning(request, reason)
        return redirect(target.page)
    try:
        draft_editing.remove_row(edit, model, key, seen=seen)
    except RowChanged as changed:
        return _keep_or_remove(request, target, changed.theirs)
    except DraftIsGone as gone:
        return _elsewhere(request, target, gone)
    return redirect(target.page)


def _keep_or_remove(
    request: SignedInRequest, target: Target, theirs: models.Model | None
) -> HttpResponse:
    assert theirs is not None  # a row that is gone needs no removing
    context = {
        "draft": edited(request),
        "cells": contested(theirs, None, all_attributes()),
        "name": name_of(theirs, all_attributes()),
        "is_removal": True,
        "action": target.address_to("remove"),
        "seen": fingerprint(theirs),
    }
    return contest(request, target, context)


@editors_only
@require_POST
def move_row(
    request: SignedInRequest, pages: DocumentPages, number: int, table: str, key: str
) -> HttpResponse:
    """Move a row up or down by one among those that its table has move together, or to where it was
    dragged: right before or after another one.
    """
    target = target_or_404(pages, number, table, key)
    model = target.table.model
    if not issubclass(model, VersionedRow):
        raise Http404
    edit = editing(request, target)
    try:
        if step := STEPS.get(request.POST.get("to", "")):
            draft_editing.move_row(edit, model, key, step=step, among=target.table.among)
        elif other := request.POST.get("before"):
            draft_editing.put_beside(edit, model, key, other, is_after=False)
        elif other := request.POST.get("after"):
            draft_editing.put_beside(edit, model, key, other, is_after=True)
    except PlaceIsGone as gone:
        messages.warning(request, str(gone))
    except RowChanged:
        messages.warning(request, "Somebody else removed this row since you opened the page.")
    except DraftIsGone as gone:
        return _elsewhere(request, target, gone)
    return redirect(target.page)


@editors_only
@require_POST
def restore_row(
    request: SignedInRequest, pages: DocumentPages, number: int, table: str, key: str
) -> HttpResponse:
    """Take back what the draft changed of a row."""
    target = target_or_404(pages, number, table, key)
    model, seen = target.table.model, request.POST.get("seen", "")
    try:
        draft_editing.restore_row(editing(request, target), model, key, seen=seen)
    except RowChanged as changed:
        return _keep_or_restore(request, target, changed.theirs)
    except DraftIsGone as gone:
        return _elsewhere(request, target, gone)
    return redirect(target.page)


def _keep_or_restore(
    request: SignedInRequest, target: Target, theirs: models.Model | None
) -> HttpResponse:
    draft = edited(request)
    was = find_row(target.table.model, draft.base_id or 0, target.key or "")
    changed = theirs or was
    assert changed is not None  # what is not there and never was needs no putting back
    context = {
        "draft": draft,
        "cells": contested(theirs, was, all_attributes()),
        "name": name_of(changed, all_attributes()),
        "is_removed": theirs is None,
        "is_undoing": True,
        "action": target.address_to("restore"),
        "seen": fingerprint(theirs),
    }
    return contest(request, target, context)


def _elsewhere(request: SignedInRequest, target: Target, gone: DraftIsGone) -> HttpResponse:
    messages.warning(request, f"{gone} Nothing was changed.")
    return redirect(target.pages.url("live"))
