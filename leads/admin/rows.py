"""Rows of a versioned document in the admin: editable in a draft, and only there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from leads.conditions import validate
from leads.models import Version
from leads.offered_facts import facts_for_editors


def checked(conditions: Any, *, allow_always: bool) -> list[Any]:
    """Return conditions as they may be stored. Raises ValidationError in the words of the rules."""
    conditions = [] if conditions is None else conditions
    problems = validate(conditions, extra_facts=facts_for_editors(), allow_always=allow_always)
    if problems:
        raise forms.ValidationError(problems)
    return list(conditions)


class RowForm(forms.ModelForm[models.Model]):
    """A row whose `conditions` are checked as the rule language has it."""

    # Whether a row may do without conditions, and so apply to everybody.
    allow_always = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.JSONField):
                field.required = False  # else an empty list would be "required", in no words

    def clean_conditions(self) -> list[Any]:
        return checked(self.cleaned_data["conditions"], allow_always=self.allow_always)

    def clean_where(self) -> dict[str, Any]:
        return self.cleaned_data["where"] or {}


class FallbackRowForm(RowForm):
    allow_always = True


class DraftRowsMixin:
    """For an inline whose parent is a Version: read-only once that is published."""

    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Version | None = None) -> bool:
        return is_draft(obj) and super().has_add_permission(request, obj)  # type: ignore[misc]

    def has_change_permission(self, request: HttpRequest, obj: Version | None = None) -> bool:
        return is_draft(obj) and super().has_change_permission(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Version | None = None) -> bool:
        return is_draft(obj) and super().has_delete_permission(request, obj)  # type: ignore[misc]


class DraftRows(DraftRowsMixin, admin.StackedInline[Any, Version]):
    form = RowForm


class DraftTable(DraftRowsMixin, admin.TabularInline[Any, Version]):
    form = RowForm


def is_draft(version: Version | None) -> bool:
    return version is not None and version.is_draft


def check_revision(version_id: int, revision: int) -> None:
    """Lock the draft that somebody edited, seen at `revision`, until it is saved.

    Raises ValidationError if it was changed or published in between.
    """
    seen = Version.objects.filter(pk=version_id, revision=revision, locked_at=None)
    if not seen.select_for_update(no_key=True).exists():
        raise forms.ValidationError(
            "Somebody else changed or published this version since you opened it. Nothing of yours"
            " was saved, and it all still stands below: open the version again beside this page"
            " and carry your changes over."
        )


def fallback_problems(rows: Iterable[Any]) -> list[str]:
    """Say which of `rows`, in their order, takes everything from those below it, and whether the
    last one fails to.
    """
    rows = list(rows)
    greedy = [row for row in rows[:-1] if not row.conditions]
    problems = [f"“{row}” has no conditions, so no row below it is ever asked." for row in greedy]
    if not rows or rows[-1].conditions:
        problems.append("The last row must have no conditions: it takes what nothing above did.")
    return problems
