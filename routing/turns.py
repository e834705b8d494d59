"""How far a rota has come, and whose turn is next.

All that the next turn depends on is carried by two others: the newest of the rota, and the newest
for which the same reps were eligible. So it takes two rows to tell, however long ago the second is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection

from routing.models import Rota, Turn
from routing.quota import next_member, turns_of_round

Pairs = Sequence[tuple[int, int]]

NEWEST = """
    SELECT turn.rota_id, turn.number, turn.stretch, turn.eligible,
        turn.had_in_round, turn.last_turns, turn.there_since
    FROM unnest(%s::bigint[], %s::text[]) AS asked(rota_id, kind), LATERAL (
        (SELECT * FROM routing_turn WHERE rota_id = asked.rota_id AND eligible = asked.kind
            ORDER BY number DESC LIMIT 1)
        UNION ALL
        (SELECT * FROM routing_turn WHERE rota_id = asked.rota_id ORDER BY number DESC LIMIT 1)
    ) turn ORDER BY turn.number
"""


class Carried(NamedTuple):
    """What a turn on record carries."""

    rota_id: int
    number: int
    stretch: int
    eligible: str
    had_in_round: Pairs
    last_turns: Pairs
    there_since: Sequence[tuple[bool, str, int]]


@dataclass(frozen=True, slots=True)
class Standing:
    """Who stands in a rota for one lead.

    eligible: the weight of each member who can take it, by id.
    there:    the weight of each who could take another one now.
    loads:    how much open work each of the eligible has.
    by_hours: whether only those at work count as there.
    """

    eligible: Mapping[int, int]
    there: Mapping[int, int]
    loads: Mapping[int, int]
    by_hours: bool = False

    @property
    def kind(self) -> str:
        """Return a name for who is there, followed by one for who of them is eligible."""
        return _name(self.there) + _name(self.eligible)


def _name(weights: Mapping[int, int]) -> str:
    text = ",".join(f"{rep_id}:{weight}" for rep_id, weight in sorted(weights.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Stretch(NamedTuple):
    """first: the number of its first turn. had: the turns of each rep in the round going on."""

    first: int
    had: Mapping[int, int]

    @classmethod
    def of(cls, turn: Turn | Carried) -> Stretch:
        return cls(turn.stretch, dict(turn.had_in_round))


class There(NamedTuple):
    """Who was there, by name, and the number of the turn since which it is just them."""

    name: str
    since: int


@dataclass
class SoFar:
    """How far a rota has come.

    number:    of the newest turn. last: of the newest turn of each rep.
    there:     who was there lately, by whether only those at work counted.
    stretches: by who was eligible; those that began before there were others are over.
    """

    number: int = 0
    last: Mapping[int, int] = field(default_factory=dict)
    there: Mapping[bool, There] = field(default_factory=dict)
    stretches: dict[str, Stretch] = field(default_factory=dict)

    def there_now(self, who: Standing) -> There:
        """Return who is there for the next turn; since then, if there were others before."""
        name, before = _name(who.there), self.there.get(who.by_hours)
        return before if before and before.name == name else There(name, self.number + 1)

    def stretch_of(self, who: Standing) -> Stretch | None:
        """Return the stretch that the next turn goes on with; None: it begins one."""
        found = self.stretches.get(who.kind)
        return found if found and found.first >= self.there_now(who).since else None

    def add(self, turn: Turn | Carried) -> None:
        """Go on by the next turn."""
        self.number = turn.number
        self.last = dict(turn.last_turns)
        self.there = {by_hours: There(*then) for by_hours, *then in turn.there_since}
        self.stretches[turn.eligible] = Stretch.of(turn)
        since = {each.since for each in self.there.values()}
        if self.number in since:  # what no turn can go on with is forgotten
            kept = self.stretches.items()
            self.stretches = {kind: each for kind, each in kept if each.first >= min(since)}

    def to_json(self) -> list[Any]:
        there = [[by_hours, *then] for by_hours, then in self.there.items()]
        kept = [[kind, each.first, _pairs(each.had)] for kind, each in self.stretches.items()]
        return [self.number, _pairs(self.last), there, kept]

    @classmethod
    def from_json(cls, kept: Sequence[Any]) -> SoFar:
        number, last, there, stretches = kept
        return cls(
            number,
            dict(last),
            {by_hours: There(*then) for by_hours, *then in there},
            {kind: Stretch(first, dict(had)) for kind, first, had in stretches},
        )


class OnRecord(SoFar):
    """How far a rota has come by the turns on record, and by those added since it was asked."""

    def __init__(self, rota_id: int) -> None:
        super().__init__()
        self._rota_id = rota_id
        self._asked: set[str] = set()

    def look_up(self, kind: str) -> None:
        """Read what is needed for a turn of those whom `kind` names, once."""
        if kind in self._asked:
            return
        self._asked.add(kind)
        for turn in newest_turns([(self._rota_id, kind)]):
            if turn.number > self.number:
                self.add(turn)
            else:
                self.stretches.setdefault(turn.eligible, Stretch.of(turn))

    def there_now(self, who: Standing) -> There:
        self.look_up(who.kind)
        return super().there_now(who)

    def stretch_of(self, who: Standing) -> Stretch | None:
        self.look_up(who.kind)
        return super().stretch_of(who)


def newest_turns(asked: Sequence[tuple[int, str]]) -> list[Carried]:
    """Return the newest turn of each rota and of who is eligible in it, older ones first."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, [[rota_id for rota_id, _ in asked], [kind for _, kind in asked]])
        return [Carried(*row[:4], *map(json.loads, row[4:])) for row in cursor.fetchall()]


def next_turn(rota: Rota, so_far: SoFar, who: Standing) -> Turn:
    """Return the next turn by the method of `rota`, not saved. A stretch is named by the number of
    its first turn.
    """
    there, stretch = so_far.there_now(who), so_far.stretch_of(who)
    number = so_far.number + 1
    had = stretch.had if stretch else {}
    asked = who.eligible
    if rota.method == Rota.Method.LEAST_WORK:
        least = min(who.loads[each] for each in asked)
        asked = {each: weight for each, weight in asked.items() if who.loads[each] == least}
    rep_id = next_member(asked, had, so_far.last)
    had = {**had, rep_id: had.get(rep_id, 0) + 1}
    # Shares are met exactly at the end of each round, so that counting starts afresh.
    is_round = sum(had.values()) == turns_of_round(who.eligible)
    return Turn(
        rota=rota,
        number=number,
        stretch=stretch.first if stretch else number,
        eligible=who.kind,
        rep_id=rep_id,
        had_in_round=[] if is_round else _pairs(had),
        last_turns=_pairs({**so_far.last, rep_id: number}),
        there_since=[
            [by_hours, *then] for by_hours, then in {**so_far.there, who.by_hours: there}.items()
        ],
    )


def _pairs(counts: Mapping[int, int]) -> list[list[int]]:
    return [[rep_id, count] for rep_id, count in counts.items()]
