"""Signals as the criteria page shows them: by group, with caps and decay drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from leads.criteria_charts import CapBar, Curve, cap_bar, decay_curve, decay_words
from leads.models import GroupCap, Signal
from leads.row_views import CellView, RowView, Tables


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
