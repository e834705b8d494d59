"""What came of a replay, in names and words, as its pages show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from django.db.models import Count

from leads.bulk_evidence import in_chunks
from leads.draft_runs import newest, newest_done
from leads.models import Assignment, Handoff, Lead, Queue, User, Version
from leads.version_diff import RowChange
from routing.models import Capacity, Replay, Rota, RoutingRule
from routing.replay_job import handoffs_of
from routing.replay_result import NO_RULE, Load, Moved, Result, Side, Went
from routing.returning import RETURNING
from routing.table_pages import TABLE

SAMPLE = 12
# So many are looked through for those of the sample that a manager may see.
LOOKED_THROUGH = 500
REVIEW = "review"
LEADS_TO = ("outcome", "rota", "rep", "queue")
NOTHING = Load()
SHOWN_AT_ZERO = ("Passed to a rep", "To review", "Passed over at a cap")


class Beside(NamedTuple):
    """A number, or words, of both sides."""

    label: str
    live: object
    draft: object
    note: str = ""

    @property
    def is_other(self) -> bool:
        return self.live != self.draft


@dataclass(frozen=True, slots=True)
class Flow:
    """How many handoffs move from one place to another. number: it is asked for by."""

    number: int
    source: str
    target: str
    count: int


@dataclass(frozen=True, slots=True)
class RepLoad:
    """What a rep really was passed first, and would have been by either side. cap: of open work."""

    rep: str
    really: int
    live: Load
    draft: Load
    cap: int | None

    @property
    def more(self) -> int:
        return self.draft.passed - self.live.passed


@dataclass(frozen=True, slots=True)
class Example:
    """A handoff that moves. really: to whom it was passed first."""

    lead: Lead
    opened_at: datetime
    really: str
    source: str
    target: str
    why: str


class Report:
    """A replay that came to its end. Names are those of today."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay
        self.result = Result.from_json(replay.result)

    @property
    def moved_percent(self) -> float:
        return 100 * len(self.result.moved) / self.result.asked if self.result.asked else 0.0

    @property
    def moved_leads(self) -> int:
        return len({each.lead_id for each in self.result.moved})

    @cached_property
    def sums(self) -> Sequence[Beside]:
        live, draft = self.result.live, self.result.draft
        both = [
            Beside("Passed to a rep", _passed(live), _passed(draft)),
            Beside("To review", self._in_review(live), self._in_review(draft), "nobody takes it"),
            Beside("To other queues", self._in_queues(live), self._in_queues(draft)),
            Beside("Held for an opening", live.waited, draft.waited),
            Beside("Held on average", _hours(live.mean_wait), _hours(draft.mean_wait), "hours"),
            Beside("Held longest", _hours(live.longest_wait), _hours(draft.longest_wait), "hours"),
            Beside("Still held at the end", live.still_waiting, draft.still_waiting),
            Beside("Passed over at a cap", live.capped, draft.capped, "each rep once a handoff"),
        ]
        return [each for each in both if each.live or each.draft or each.label in SHOWN_AT_ZERO]

    @cached_property
    def flows(self) -> Sequence[Flow]:
        """Return from where to where how many move, most first."""
        counts = Counter((each.live.place, each.draft.place) for each in self.result.moved)
        words = {place: self.place_of(*place) for pair in counts for place in pair}
        rows = [
            Flow(number, words[source], words[target], count)
            for number, ((source, target), count) in enumerate(counts.items())
        ]
        return sorted(rows, key=lambda each: (-each.count, each.source, each.target))

    def of_flow(self, number: int) -> list[Moved]:
        """Return what moves so; nothing if no flow has this number."""
        pairs = dict.fromkeys((each.live.place, each.draft.place) for each in self.result.moved)
        wanted = list(pairs)[number : number + 1]
        return [
            each for each in self.result.moved if [(each.live.place, each.draft.place)] == wanted
        ]

    @cached_property
    def loads(self) -> Sequence[RepLoad]:
        """Return what each rep would have had, whose load changes most first."""
        live, draft = self.result.live.reps, self.result.draft.reps
        really = self._really()
        caps = dict(Capacity.objects.values_list("rep", "max_open"))
        rows = [
            RepLoad(
                self.rep(rep_id),
                really.get(rep_id, 0),
                live.get(str(rep_id), NOTHING),
                draft.get(str(rep_id), NOTHING),
                caps.get(rep_id),
            )
            for rep_id in {*map(int, live), *map(int, draft), *really}
        ]
        return sorted(rows, key=lambda each: (-abs(each.more), each.rep))

    @cached_property
    def rows(self) -> Sequence[Beside]:
        """Return how many each row of the draft takes, then of those that it no longer has."""
        live, draft = self.result.live.rules, self.result.draft.rules
        keys = [key for key in self._labels if key in live or key in draft]
        return [Beside(self.row(each), live.get(each, 0), draft.get(each, 0)) for each in keys]

    @cached_property
    def rotas(self) -> Sequence[Beside]:
        """Return how many turns each rota has, with its members of today."""
        live, draft = self.result.live.rotas, self.result.draft.rotas
        asked = Rota.objects.filter(pk__in={*map(int, live), *map(int, draft)})
        return [
            Beside(
                str(rota),
                live.get(str(rota.pk), 0),
                draft.get(str(rota.pk), 0),
                ", ".join(str(each.rep) for each in rota.members.all()),
            )
            for rota in asked.prefetch_related("members__rep").order_by("name")
        ]

    def sample(self, user: User) -> list[Example]:
        """Return some of those that move and that `user` may see, the newest first."""
        newest = self.result.moved[: -LOOKED_THROUGH - 1 : -1]
        return self.examples(self.seen_by(user, newest)[:SAMPLE])

    def seen_by(self, user: User, moved: Sequence[Moved]) -> list[Moved]:
        """Return those of `moved` whose leads `user` may see."""
        if user.sees_everything:
            return list(moved)
        visible = Lead.objects.visible_to(user)
        seen = {
            pk
            for ids in in_chunks([each.lead_id for each in moved])
            for pk in visible.filter(pk__in=ids).values_list("pk", flat=True)
        }
        return [each for each in moved if each.lead_id in seen]

    def examples(self, moved: Sequence[Moved]) -> list[Example]:
        ids = [each.handoff_id for each in moved]
        handoffs = Handoff.objects.select_related("lead").defer("packet").in_bulk(ids)
        first = Assignment.objects.filter(handoff__in=ids, seq=1)
        really = dict(first.values_list("handoff", "rep"))
        return [
            Example(
                handoffs[each.handoff_id].lead,
                handoffs[each.handoff_id].opened_at,
                self.rep(really[each.handoff_id]) if each.handoff_id in really else "nobody",
                self.place(each.live),
                self.place(each.draft),
                self.why(each),
            )
            for each in moved
        ]

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

    def _really(self) -> Mapping[int, int]:
        """Return to whom how many of these handoffs were passed first."""
        first = Assignment.objects.filter(handoff__in=handoffs_of(self.replay), seq=1)
        counted = first.order_by().values("rep").annotate(count=Count("pk"))
        return dict(counted.values_list("rep", "count"))

    def _in_review(self, side: Side) -> int:
        return side.in_review - self._in_queues(side)

    def _in_queues(self, side: Side) -> int:
        others = Queue.objects.exclude(key=REVIEW).values_list("pk", flat=True)
        return sum(side.queues.get(str(each), 0) for each in others)


def said_of(version: Version) -> dict[str, object]:
    """Return what pages say in short of the last replay of a version: the newest, and what came of
    the newest that came to its end; None where there is none.
    """
    done = newest_done(Replay, version)
    return {"replay": newest(Replay, version), "report": Report(done) if done else None}


def _hours(wait: timedelta) -> float:
    return round(wait / timedelta(hours=1), 1)


def _passed(side: Side) -> int:
    return sum(each.passed for each in side.reps.values())
