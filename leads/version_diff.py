"""What two versions of a document differ in: rows by key, and in each row cell by cell.

It knows nothing of any one kind of document: criteria, routing, policies and calendars alike.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Literal

from django.db import models

from leads.models import Version
from leads.version_words import NOTHING, Vocabulary, belonging, cells_of, key_of, name_of, parts_of

Rows = Mapping[type[models.Model], Sequence[models.Model]]
# A change of more letters than these is named, not told, in a summary.
SHORT = 40
How = Literal["added", "removed", "changed", "moved"]


@dataclass(frozen=True, slots=True)
class CellChange:
    """What stood in a cell and what does, in words; "–" for nothing.

    parts: the same for each row that belongs to it, such as a promise of a policy, also for those
           that stayed as they were.
    """

    name: str
    label: str
    before: str
    after: str
    parts: tuple[tuple[str, str], ...] = ()

    @property
    def summary(self) -> str:
        label = f"{self.label[:1].lower()}{self.label[1:]}"
        if len(self.before) + len(self.after) > SHORT:
            return label
        return f"{label} {self.before} to {self.after}"


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row that differs. An added or removed one has all its cells, with one side empty.

    places: where it stood among all rows of its table and where it does, from 1, if it was moved
            among those that both versions have; else None.
    """

    how: How
    model: type[models.Model]
    key: str
    name: str
    cells: tuple[CellChange, ...]
    places: tuple[int, int] | None = None

    @property
    def is_moved(self) -> bool:
        return self.places is not None

    def cell(self, name: str) -> CellChange | None:
        return next((each for each in self.cells if each.name == name), None)

    @property
    def summary(self) -> str:
        """What changed in a few words, as in "Points +5 to +10"."""
        if self.how == "moved" and self.places:
            return f"{self.name} moved from place {self.places[0]} to {self.places[1]}"
        if self.how != "changed":
            return f"{self.name} {self.how}"
        return f"{self.name}: {', '.join(each.summary for each in self.cells[:2])}"


@dataclass(frozen=True, slots=True)
class TableDiff:
    model: type[models.Model]
    changes: tuple[RowChange, ...]

    @property
    def label(self) -> str:
        return str(self.model._meta.verbose_name_plural).capitalize()


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """The tables that differ, in the order in which a version's tables stand."""

    tables: tuple[TableDiff, ...]

    @property
    def changes(self) -> list[RowChange]:
        return [change for table in self.tables for change in table.changes]

    @property
    def count(self) -> int:
        """How many cells differ; a row that was added, removed or moved counts once."""
        return sum(
            (len(each.cells) if each.how == "changed" else 0) + (each.how != "changed")
            for each in self.changes
        )

    def change(self, model: type[models.Model], key: str) -> RowChange | None:
        return next((e for e in self.changes if e.model is model and e.key == key), None)


def read_rows(
    *versions: Version, only: Collection[type[models.Model]] | None = None
) -> list[dict[type[models.Model], list[models.Model]]]:
    """Return the rows of each of `versions` by table, in their order, with what their cells name.

    only: the tables asked for; None is all.
    """
    tables = [each for each in Version._meta.related_objects if each.on_delete is models.CASCADE]
    read = {
        table.related_model: _read(table, versions)
        for table in tables
        if only is None or table.related_model in only
    }
    return [{model: rows[version.pk] for model, rows in read.items()} for version in versions]


def _read(
    table: models.ForeignObjectRel, versions: Sequence[Version]
) -> dict[int, list[models.Model]]:
    """Return the rows of one table by version, all read at once."""
    model, to_version = table.related_model, table.field.name
    named = [each.name for each in model._meta.fields if each.is_relation]
    rows = model._default_manager.filter(**{f"{to_version}__in": versions})
    found: dict[int, list[models.Model]] = {version.pk: [] for version in versions}
    for row in rows.select_related(*named).prefetch_related(*belonging(model)):
        found[getattr(row, table.field.attname)].append(row)
    return found


def version_diff(before: Version, after: Version, *, own: Vocabulary) -> VersionDiff:
    """Return what differs from `before` to `after`. own: the facts the organisation declared."""
    return diff_of(*read_rows(before, after), own=own)


def diff_of(before: Rows, after: Rows, *, own: Vocabulary) -> VersionDiff:
    """Return what differs between the rows of two versions."""
    tables = [TableDiff(model, _changes(before[model], after[model], own)) for model in after]
    return VersionDiff(tuple(table for table in tables if table.changes))


def _changes(
    before: Sequence[models.Model], after: Sequence[models.Model], own: Vocabulary
) -> tuple[RowChange, ...]:
    old, new = ({key_of(row): row for row in rows} for rows in (before, after))
    was, stands = ({key: place for place, key in enumerate(rows, 1)} for rows in (old, new))
    moved = _moved([key for key in old if key in new], [key for key in new if key in old])
    places = {key: (was[key], stands[key]) for key in moved}
    changes = [_change(old.get(key), row, own, places=places.get(key)) for key, row in new.items()]
    removed = [_change(row, None, own) for key, row in old.items() if key not in new]
    return (*(each for each in changes if each is not None), *(each for each in removed if each))


def _change(
    before: models.Model | None,
    after: models.Model | None,
    own: Vocabulary,
    *,
    places: tuple[int, int] | None = None,
) -> RowChange | None:
    row = after or before
    assert row is not None
    cells = cell_changes(before, after, own)
    if not cells and places is None:
        return None
    how: How = "changed" if cells else "moved"
    if before is None or after is None:
        how = "added" if after else "removed"
    return RowChange(how, type(row), key_of(row), name_of(row, own), cells, places)


def cell_changes(
    before: models.Model | None, after: models.Model | None, own: Vocabulary
) -> tuple[CellChange, ...]:
    """Return the cells that differ between two states of a row; None is no row."""
    old = cells_of(before, own) if before else {}
    new = cells_of(after, own) if after else {}
    changes = [
        CellChange(
            name,
            (new.get(name) or old[name]).label,
            old[name].text if name in old else NOTHING,
            new[name].text if name in new else NOTHING,
            _parts(before, after, name),
        )
        for name in (new or old)
    ]
    return tuple(each for each in changes if each.before != each.after)


def _parts(
    before: models.Model | None, after: models.Model | None, name: str
) -> tuple[tuple[str, str], ...]:
    """Return the rows that belong to a row before and after; none if `name` is no such cell."""
    row = after or before
    if row is None or name not in belonging(type(row)):
        return ()
    old, new = (parts_of(each, name) if each else {} for each in (before, after))
    return tuple(
        (old.get(key, NOTHING), new.get(key, NOTHING))
        for key in sorted(old | new, key=itemgetter(0))
    )


def _moved(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """Return the fewest keys that must have moved to come from one order to the other."""
    place = {key: index for index, key in enumerate(before)}
    ends: list[int] = []  # of the best rising run of each length, and the run itself
    runs: list[list[str]] = []
    for key in after:
        length = bisect_left(ends, place[key])
        run = [*(runs[length - 1] if length else []), key]
        ends[length : length + 1], runs[length : length + 1] = [place[key]], [run]
    return set(after) - set(runs[-1] if runs else [])
