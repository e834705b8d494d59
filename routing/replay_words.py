"""Where a replay would have sent a handoff and why it moves, in names and words of today."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from leads.models import Queue, User
from leads.version_diff import RowChange
from routing.models import Replay, Rota, RoutingRule
from routing.replay_result import NO_RULE, Moved, Went
from routing.returning import RETURNING
from routing.table_pages import TABLE

LEADS_TO = ("outcome", "rota", "rep", "queue")


class Names:
    """What people, rotas, queues and rows are called of which a replay keeps only ids and keys."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay

    def place(self, went: Went) -> str:
        """Return where a handoff goes, with whose turn it is: "Dana, rota Inbound"."""
        where = self.place_of(*went.place)
        return f"{self.rep(went.rep)}, {where}" if went.rota and went.rep else where

    def place_of(self, rep: int | None, rota: int | None, queue: int | None, waits: bool) -> str:
        if rota is not None:
            return f"rota {self._rotas.get(rota, 'that is gone')}"
        if rep is not None:
            return self.rep(rep)
        if queue is not None:
            return f"queue {self._queues[queue]}"
        return "still held for an opening" if waits else "review"

    def rep(self, rep_id: int) -> str:
        return self._reps.get(rep_id, "Somebody who is gone")

    def row(self, key: str) -> str:
        return f"“{self._labels[key]}”" if self._labels.get(key) else "no row"

    @property
    def keys(self) -> list[str]:
        """The keys of the draft's rows in their order, then of those that it no longer has."""
        return list(self._labels)

    def why(self, moved: Moved) -> str:
        """Return why a handoff moves, by what the draft changes, and who is passed over then."""
        said = self._why_rows(moved.live.rule, moved.draft.rule)
        passed_over = moved.draft.why if moved.draft.why != moved.live.why else ""
        return f"{said} {passed_over}".strip()

    def _why_rows(self, live: str, draft: str) -> str:
        was, now = self.row(live), self.row(draft)
        if live == draft:
            change = self._changes.get(live)
            leads_elsewhere = change and any(map(change.cell, LEADS_TO))
            words = "leads elsewhere" if leads_elsewhere else "finds somebody else free then"
            return f"{was} takes it in both, and {words}."
        if draft not in self._before and draft in self._after:
            return f"The new row {now} takes it before {was}."
        if live in self._before and live not in self._after:
            return f"{was} is gone; {now} takes it."
        if self._after.get(draft, 0) < self._after.get(live, 0):
            stood_below = self._before.get(draft, 0) > self._before.get(live, 0)
            return f"{now} {'stands' if stood_below else 'takes it'} above {was} now."
        words = "was changed" if live in self._changes else "finds nobody free then"
        return f"{was} {words}; {now} takes it."

    @cached_property
    def _reps(self) -> Mapping[int, str]:
        return {each.pk: str(each) for each in User.objects.all()}

    @cached_property
    def _rotas(self) -> Mapping[int, str]:
        return {each.pk: str(each) for each in Rota.objects.all()}

    @cached_property
    def _queues(self) -> Mapping[int, str]:
        return {each.pk: str(each) for each in Queue.objects.all()}

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        """Return the name of each row by its key, in the draft's order; then those it lacks."""
        draft, live = self._rows_of(self.replay.version_id), self._rows_of(self.replay.against_id)
        return {RETURNING.key: RETURNING.label, **draft, **{**live, **draft}, NO_RULE: ""}

    @cached_property
    def _before(self) -> Mapping[str, int]:
        return {key: place for place, key in enumerate(self._rows_of(self.replay.against_id), 1)}

    @cached_property
    def _after(self) -> Mapping[str, int]:
        return {key: place for place, key in enumerate(self._rows_of(self.replay.version_id), 1)}

    @cached_property
    def _changes(self) -> Mapping[str, RowChange]:
        version = self.replay.version
        if version is None:
            return {}
        diff = TABLE.tables_of(version, self.replay.against).diff
        return {each.key: each for each in diff.changes if each.model is RoutingRule}

    def _rows_of(self, version_id: int | None) -> Mapping[str, str]:
        rows = RoutingRule.objects.filter(version=version_id).order_by("position")
        return dict(rows.values_list("key", "label"))
