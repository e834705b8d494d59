"""A row that two people changed at once: who changed which cell, and what both together make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from django.db import models

from leads.version_words import Vocabulary, Words, belonging, cells_of, marks_of, own_cells

Marks = Mapping[str, str]
# Whose change of a cell it is; "" where nobody's is known of.
By = Literal["", "you", "they", "both"]


@dataclass(frozen=True, slots=True)
class Contested:
    """One cell of a row that two people changed; None: the row is not there."""

    label: str
    theirs: str | None
    yours: str | None
    by: By = ""

    @property
    def differs(self) -> bool:
        return self.theirs != self.yours


def contested(
    theirs: models.Model | None,
    yours: models.Model | None,
    own: Vocabulary,
    *,
    by: Mapping[str, By] | None = None,
) -> list[Contested]:
    """Return the cells of a row as it stands and as it would be. own: the declared facts."""
    there: dict[str, Words] = cells_of(theirs, own) if theirs else {}
    here: dict[str, Words] = cells_of(yours, own) if yours else {}
    return [
        Contested(
            (there.get(name) or here[name]).label,
            there[name].text if name in there else None,
            here[name].text if name in here else None,
            (by or {}).get(name, ""),
        )
        for name in (there or here)
    ]


def untouched(typed: models.Model, opened: Marks) -> list[str]:
    """Return the cells of `typed` that say what they said when its editor `opened` the row."""
    return [name for name, mark in marks_of(typed).items() if opened.get(name) == mark]


def changed_by(typed: models.Model, theirs: models.Model | None, opened: Marks) -> dict[str, By]:
    """Return who changed each cell since it was `opened`; nothing where no row was, or is."""
    if theirs is None:
        return {}
    mine, now = marks_of(typed), marks_of(theirs)
    return {name: _by(mine[name] != mark, now[name] != mark) for name, mark in opened.items()}


def _by(is_mine: bool, is_theirs: bool) -> By:
    if is_mine:
        return "both" if is_theirs else "you"
    return "they" if is_theirs else ""


def write_marks(marks: Marks) -> str:
    """Return marks as one text, for a form to carry."""
    return " ".join(f"{name}={mark}" for name, mark in marks.items())


def read_marks(text: str, model: type[models.Model]) -> dict[str, str]:
    """Return the marks of a row of `model` that a form carried; what is no mark is left out."""
    names = {*(field.name for field in own_cells(model)), *belonging(model)}
    pairs = (part.partition("=") for part in text.split())
    return {name: mark for name, _, mark in pairs if name in names}
