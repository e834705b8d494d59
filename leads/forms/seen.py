"""Forms that carry what their editor saw, so that nobody's change is lost in silence."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django import forms
from django.db import models
from django.http import QueryDict
from django.utils.timezone import localtime

from leads.contested import Contested, changed_by, read_marks, write_marks
from leads.version_words import cells_of, marks_of

CHANGED = (
    "Somebody else changed this since you opened it. What you typed is below and not saved."
    " Save again to put what you changed in place of theirs, or cancel to keep theirs."
)

Row = TypeVar("Row", bound=models.Model)


class SeenRowForm(forms.ModelForm[Row], Generic[Row]):
    """The form of a row that is changed in place. stored: the row as it is."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.stored = copy(self.instance)
        self.now = self._marks(self.stored)
        self.initial["seen"] = write_marks(self.now) if self.stored.pk else ""

    @property
    def is_stale(self) -> bool:
        """Whether somebody else changed the row since this form was opened."""
        opened = self._opened()
        return any(opened.get(name, mark) != mark for name, mark in self.now.items())

    def see_again(self) -> list[Contested]:
        """Return both versions, cell by cell, and take theirs as seen, so that the next save goes
        over it knowingly. What they alone changed is theirs in the form too. Ask it of a valid one.
        """
        opened, data = self._opened(), QueryDict(mutable=True)
        data.update(self.data)
        by = changed_by(_in_utc(self.instance), self.stored, opened)
        stored = type(self)(instance=self.stored, prefix=self.prefix, **self.options())
        for name in self.now:
            if by.get(name) == "they":
                setattr(self.instance, name, getattr(self.stored, name))
                data.setlist(self.add_prefix(name), as_posted(stored[name]))
        data[self.add_prefix("seen")] = write_marks(self.now)
        self.data = data
        theirs, yours = _words(self.stored), _words(self.instance)
        return [
            Contested(label, text, yours[name][1], by.get(name, ""))
            for name, (label, text) in theirs.items()
            if name in self.now
        ]

    def options(self) -> dict[str, Any]:
        """Return what the form is made with beside data and row."""
        return {}

    def _opened(self) -> Mapping[str, str]:
        """Return the marks that the row had when the form was opened."""
        text = self.data.get(self.add_prefix("seen"), "") if self.stored.pk else ""
        return read_marks(text, type(self.instance)) if text else self.now

    def _marks(self, row: Row) -> dict[str, str]:
        return {name: mark for name, mark in marks_of(_in_utc(row)).items() if name in self.fields}


def _in_utc(row: Row) -> Row:
    """Return a copy whose instants are told alike, whatever zone they were typed in."""
    same = copy(row)
    for name, value in vars(row).items():
        if isinstance(value, datetime):
            setattr(same, name, value.astimezone(UTC))
    return same


def _words(row: models.Model) -> dict[str, tuple[str, str]]:
    """Return what each cell is called, and what stands in it."""
    words = {name: (each.label, each.text) for name, each in cells_of(row, {}).items()}
    for name, (label, _) in words.items():
        value = vars(row).get(name)
        if isinstance(value, datetime):
            words[name] = label, f"{localtime(value):%-d %b %Y %H:%M}"
    return words


def as_posted(field: forms.BoundField) -> list[str]:
    """Return what a browser sends for a field as it is shown: nothing for a box without a tick."""
    value = field.value()
    if isinstance(value, bool):
        return ["on"] if value else []
    told: Any = field.field.widget.format_value(value)
    return told if isinstance(told, list) else ["" if told is None else str(told)]
