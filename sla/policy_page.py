"""What the page of the policies shows: each with its promises, a draft's with what they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leads.row_views import CellView, RowView, Tables
from leads.version_words import NOTHING
from sla.models import Policy, Target


@dataclass(frozen=True, slots=True)
class PolicyView:
    """promises: what is promised, by the name of its kind. writes: whether a step of one writes to
    the prospect.
    """

    view: RowView[Policy]
    promises: Sequence[tuple[str, CellView]]
    writes: bool


def policy_views(tables: Tables) -> list[PolicyView]:
    """Return the policies in their order, then those that were removed."""
    return [_policy_view(view, tables) for view in tables.views(Policy)]


def _policy_view(view: RowView[Policy], tables: Tables) -> PolicyView:
    was = tables.was(view.row) if view.how == "changed" else None
    now = _terms(view.row)
    before = _terms(was) if isinstance(was, Policy) else now
    promises = [
        (kind.label, _cell(before.get(kind, NOTHING), now.get(kind, NOTHING)))
        for kind in Target.Kind
        if kind in now or kind in before
    ]
    writes = any(Target.Action.WRITE in each.actions for each in view.row.targets.all())
    return PolicyView(view, promises, writes)


def _terms(policy: Policy) -> dict[str, str]:
    return {target.kind: target.terms for target in policy.targets.all()}


def _cell(before: str, now: str) -> CellView:
    return CellView(now, before if before != now else None)
