"""Rows of criteria as their page shows them: every cell in words, with what it was before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar, cast

from django.db import models

from leads.criteria_charts import CapBar, Curve, cap_bar, decay_curve, decay_words
from leads.criteria_tables import SLUGS
from leads.models import GroupCap, Signal
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
        return RowView(row, SLUGS[type(row)], key, name, how, is_moved, cells)


def _before(change: RowChange | None, name: str) -> str | None:
    if change is None or change.how != "changed":
        return None
    cell = change.cell(name)
    return cell.before if cell else None


@dataclass(frozen=True, slots=True)
class SignalView:
    """A signal with its decay drawn. fires: of how many leads in 90 days."""

    view: RowView[Signal]
    curve: Curve
    decay: CellView
    fires: int


@dataclass(frozen=True, slots=True)
class GroupView:
    """Signals that share a cap. cap: None where the group has none."""

    key: str
    signals: Sequence[SignalView]
    cap: RowView[GroupCap] | None
    bar: CapBar
    to_earn: int
    is_endless: bool

    @property
    def name(self) -> str:
        return self.key.replace("-", " ").replace("_", " ").capitalize() or "In no group"


def signal_groups(tables: Tables, fires: Mapping[str, int]) -> list[GroupView]:
    """Return the signals by group, in the order in which groups first appear."""
    views = tables.views(Signal)
    caps = {view.row.group: view for view in tables.views(GroupCap)}
    keys = dict.fromkeys([*(view.row.group for view in views if view.row.group), *caps])
    if any(not view.row.group for view in views):
        keys[""] = None
    of_group = {key: [view for view in views if view.row.group == key] for key in keys}
    widest = max((sum(_parts(members)) for members in of_group.values()), default=0)
    show = _signal_view(tables, fires)
    return [
        _group(key, [show(view) for view in members], caps.get(key), widest)
        for key, members in of_group.items()
    ]


def _signal_view(
    tables: Tables, fires: Mapping[str, int]
) -> Callable[[RowView[Signal]], SignalView]:
    def show(view: RowView[Signal]) -> SignalView:
        was = tables.was(view.row) if view.how == "changed" else None
        words = decay_words(view.row)
        before = decay_words(was) if isinstance(was, Signal) else words
        decay = CellView(words, before if before != words else None)
        return SignalView(view, decay_curve(view.row), decay, fires.get(view.key, 0))

    return show


def _parts(views: Sequence[RowView[Signal]]) -> list[int]:
    """Return the most that each signal gives: its cap, or its points once where it has none."""
    rows = [view.row for view in views if not view.is_removed and view.row.points > 0]
    return [row.points if row.cap is None else row.cap for row in rows]


def _group(
    key: str, signals: list[SignalView], cap: RowView[GroupCap] | None, widest: int
) -> GroupView:
    parts = _parts([each.view for each in signals])
    limit = cap.row.cap if cap and not cap.is_removed else None
    endless = any(each.view.row.cap is None and each.view.row.points > 0 for each in signals)
    return GroupView(key, signals, cap, cap_bar(parts, limit, widest), sum(parts), endless)
