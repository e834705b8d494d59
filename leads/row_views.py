"""Rows of a version as its page shows them: every cell in words, with what it was before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar, cast

from django.db import models

from leads.version_diff import RowChange, Rows, VersionDiff
from leads.version_words import Vocabulary, cells_of, fingerprint, key_of, name_of

Row = TypeVar("Row", bound=models.Model)


def anchor_of(table: str, key: str) -> str:
    """Return the id of a row on its page."""
    return f"{table}-{key}".replace(":", "-").replace(".", "-").rstrip("-")


class CellView(NamedTuple):
    """What stands in a cell, and what did; `before` is None where nothing changed."""

    text: str
    before: str | None = None


@dataclass(frozen=True, slots=True)
class RowView(Generic[Row]):
    """how: "added", "removed", "changed", "moved", or "" where nothing differs."""

    row: Row
    table: str
    key: str
    name: str
    how: str
    is_moved: bool
    cells: Mapping[str, CellView]

    @property
    def anchor(self) -> str:
        return anchor_of(self.table, self.key)

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.row)

    @property
    def is_removed(self) -> bool:
        return self.how == "removed"


@dataclass(frozen=True, slots=True)
class Tables:
    """The rows of a version beside those of the one it is compared with."""

    after: Rows
    before: Rows
    diff: VersionDiff
    own: Vocabulary
    slugs: Mapping[type[models.Model], str]

    def views(self, model: type[Row]) -> list[RowView[Row]]:
        """Return the rows of a table in their order, then those that were removed."""
        rows = cast("Sequence[Row]", self.after[model])
        keys = {key_of(row) for row in rows}
        gone = [row for row in self.before[model] if key_of(row) not in keys]
        return [self._view(row) for row in (*rows, *cast("Sequence[Row]", gone))]

    def was(self, row: models.Model) -> models.Model | None:
        """Return `row` as it stood before, if it did."""
        key = key_of(row)
        return next((each for each in self.before[type(row)] if key_of(each) == key), None)

    def _view(self, row: Row) -> RowView[Row]:
        key = key_of(row)
        change = self.diff.change(type(row), key)
        cells = {
            name: CellView(words.text, _before(change, name))
            for name, words in cells_of(row, self.own).items()
        }
        how = change.how if change else ""
        is_moved = bool(change and change.is_moved)
        name = name_of(row, self.own)
        return RowView(row, self.slugs[type(row)], key, name, how, is_moved, cells)


def _before(change: RowChange | None, name: str) -> str | None:
    if change is None or change.how != "changed":
        return None
    cell = change.cell(name)
    return cell.before if cell else None
