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
from routing.models import Capacity, Replay, Rota
from routing.replay_job import handoffs_of
from routing.replay_result import Load, Moved, Result, Side
from routing.replay_words import Names

SAMPLE = 12
# So many are looked through for those of the sample that a manager may see.
LOOKED_THROUGH = 500
REVIEW = "review"
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
        self.names = Names(replay)

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
        words = {place: self.names.place_of(*place) for pair in counts for place in pair}
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
                self.names.rep(rep_id),
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
        keys = [key for key in self.names.keys if key in live or key in draft]
        return [
            Beside(self.names.row(each), live.get(each, 0), draft.get(each, 0)) for each in keys
        ]

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
                self.names.rep(really[each.handoff_id]) if each.handoff_id in really else "nobody",
                self.names.place(each.live),
                self.names.place(each.draft),
                self.names.why(each),
            )
            for each in moved
        ]

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
