"""What a replay of the routing table finds, handoff by handoff, and how it is kept. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import timedelta
from typing import Any, NamedTuple

# What is counted by rule under this key, no rule took.
NO_RULE = ""
# Of so many that move, the first of the window, it is kept who was passed over.
EXPLAINED = 500


class Went(NamedTuple):
    """Where one side would have sent a handoff: to a rep, by turn in a rota or by name; to a queue;
    to nobody yet, if none of them is told and `waits`; else to review, because no rule took it.

    why: what the rules that hold above lead to nobody for, in words.
    """

    rule: str
    rep: int | None = None
    rota: int | None = None
    queue: int | None = None
    waits: bool = False
    why: str = ""

    @property
    def place(self) -> tuple[int | None, int | None, int | None, bool]:
        """What a change of rules moves a handoff between: whose turn it is in a rota is chance."""
        rep = self.rep if self.rota is None else None
        return rep, self.rota, self.queue, self.waits


class Moved(NamedTuple):
    """A handoff that both sides would have sent to different places."""

    handoff_id: int
    lead_id: int
    live: Went
    draft: Went

    @property
    def in_short(self) -> Moved:
        live, draft = (each._replace(why="") for each in (self.live, self.draft))
        return self._replace(live=live, draft=draft)

    @classmethod
    def from_json(cls, kept: list[Any]) -> Moved:
        handoff_id, lead_id, live, draft = kept
        return cls(handoff_id, lead_id, Went(*live), Went(*draft))


@dataclass(slots=True)
class Load:
    """What a rep would have had.

    passed:    handoffs in all.
    peak_open: the most open at once, those of the time before counted.
    capped:    how many handoffs passed them by, when they were placed, because they were at a cap.
    """

    passed: int = 0
    peak_open: int = 0
    capped: int = 0


@dataclass(slots=True)
class Side:
    """What one version would have done.

    rules, rotas, queues: handoffs by key or id; NO_RULE is what no rule took.
    waited:  handoffs held for an opening, those still held at the end (`still_waiting`) included.
    wait_s, longest_wait_s: seconds on the wall until they were passed, or the end of the window.
    """

    rules: dict[str, int] = field(default_factory=dict)
    reps: dict[str, Load] = field(default_factory=dict)
    rotas: dict[str, int] = field(default_factory=dict)
    queues: dict[str, int] = field(default_factory=dict)
    in_review: int = 0
    waited: int = 0
    still_waiting: int = 0
    wait_s: float = 0.0
    longest_wait_s: float = 0.0

    def load(self, rep_id: int) -> Load:
        return self.reps.setdefault(str(rep_id), Load())

    def add(self, went: Went) -> None:
        """Count a handoff that found its place."""
        _count(self.rules, went.rule)
        if went.rep is not None:
            self.load(went.rep).passed += 1
        if went.rota is not None:
            _count(self.rotas, went.rota)
        if went.queue is not None:
            _count(self.queues, went.queue)
        self.still_waiting += went.waits
        self.in_review += went.rep is None and not went.waits

    def add_wait(self, waited: timedelta) -> None:
        seconds = waited.total_seconds()
        self.waited += 1
        self.wait_s += seconds
        self.longest_wait_s = max(self.longest_wait_s, seconds)

    @property
    def mean_wait(self) -> timedelta:
        return timedelta(seconds=self.wait_s / self.waited if self.waited else 0)

    @property
    def longest_wait(self) -> timedelta:
        return timedelta(seconds=self.longest_wait_s)

    @property
    def capped(self) -> int:
        return sum(each.capped for each in self.reps.values())

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Side:
        # What was kept earlier says more of each.
        told = [each.name for each in fields(Load)]
        reps = {
            rep_id: Load(*(load[each] for each in told)) for rep_id, load in kept["reps"].items()
        }
        return cls(**{**kept, "reps": reps})


def _count(counts: dict[str, int], key: str | int) -> None:
    counts[str(key)] = counts.get(str(key), 0) + 1


@dataclass(slots=True)
class Result:
    """Both sides, and where they differ.

    moved:  handoffs that would go to another rota, person or queue, or wait longer than the window.
    turned: how many stay in the same rota, where it would be somebody else's turn.
    """

    live: Side = field(default_factory=Side)
    draft: Side = field(default_factory=Side)
    asked: int = 0
    moved: list[Moved] = field(default_factory=list)
    turned: int = 0

    def compare(self, moved: Moved) -> None:
        """Count a handoff that both sides have placed."""
        self.asked += 1
        if moved.live.place != moved.draft.place:
            self.moved.append(moved if len(self.moved) < EXPLAINED else moved.in_short)
        elif moved.live.rep != moved.draft.rep:
            self.turned += 1

    def settle(self) -> None:
        """Put what differs in an order that does not tell how it was worked out."""
        self.moved.sort(key=lambda each: each.handoff_id)

    def to_json(self) -> dict[str, Any]:
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Result:
        """Return the result as it was kept; an empty one from an empty mapping."""
        if not kept:
            return cls()
        # Earlier, each was kept of which the number is kept now.
        turned = kept["turned"]
        return cls(
            live=Side.from_json(kept["live"]),
            draft=Side.from_json(kept["draft"]),
            asked=kept["asked"],
            moved=[Moved.from_json(each) for each in kept["moved"]],
            turned=turned if isinstance(turned, int) else len(turned),
        )


def _plain(value: Any) -> Any:
    return asdict(value) if isinstance(value, Side) else value
