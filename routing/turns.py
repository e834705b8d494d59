"""How far a rota has come, and whose turn is next.

All that the next turn depends on is carried by two others: the newest of the rota, and the newest
of a lead of the same kind. So it takes two rows to tell, however long ago the second is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from django.db import connection

from leads.models import User
from routing.models import Rota, Turn
from routing.quota import next_member, turns_of_round

Pairs = Sequence[tuple[int, int]]

NEWEST = """
    SELECT turn.rota_id, turn.number, turn.stretch, turn.kind, turn.eligible, turn.rep_id,
        turn.had_in_round, turn.last_turns
    FROM unnest(%s::bigint[], %s::text[]) AS asked(rota_id, kind), LATERAL (
        (SELECT * FROM routing_turn WHERE rota_id = asked.rota_id AND kind = asked.kind
            ORDER BY number DESC LIMIT 1)
        UNION ALL
        (SELECT * FROM routing_turn WHERE rota_id = asked.rota_id ORDER BY number DESC LIMIT 1)
    ) turn ORDER BY turn.number
"""


class Carried(NamedTuple):
    """Whose a turn is, and what it carries: as on record, or to be taken."""

    rota_id: int
    number: int
    stretch: int
    kind: str
    eligible: str
    rep_id: int
    had_in_round: Pairs
    last_turns: Pairs

    def taken(self, rep: User, at: datetime) -> Turn:
        """Return the turn as its rep takes it, not saved: it lacks its assignment."""
        carried = self._asdict()
        del carried["rep_id"]
        return Turn(**carried, rep=rep, at=at)


@dataclass(frozen=True)
class Standing:
    """Who stands in a rota for one lead.

    eligible: the weight of each member who can take it, by id.
    unsuited: the members for whom this lead is not, whether they are there or not.
    loads:    how much open work each of the eligible has.
    by_hours: whether only those at work can take it.
    """

    eligible: Mapping[int, int]
    unsuited: Collection[int] = ()
    loads: Mapping[int, int] = field(default_factory=dict)
    by_hours: bool = False

    @cached_property
    def kind(self) -> str:
        """A name for leads like this one: not for the same members, held or not."""
        return _digest(self.by_hours, tuple(sorted(self.unsuited)))


@lru_cache(maxsize=4_096)
def _digest(what: object, of: Sequence[object]) -> str:
    return hashlib.sha256(repr((what, list(of))).encode()).hexdigest()[:32]


class Stretch(NamedTuple):
    """first:    the number of its first turn.
    eligible: a name for who is, with their weights and the method of the rota.
    had:      the turns of each rep in the round going on.
    """

    first: int
    eligible: str
    had: Mapping[int, int]

    @classmethod
    def of(cls, turn: Turn | Carried) -> Stretch:
        return cls(turn.stretch, turn.eligible, dict(turn.had_in_round))


@dataclass
class SoFar:
    """How far a rota has come.

    number:    of the newest turn. last: of the newest turn of each rep.
    stretches: the newest of each kind of lead.
    """

    number: int = 0
    last: Mapping[int, int] = field(default_factory=dict)
    stretches: dict[str, Stretch] = field(default_factory=dict)

    def stretch_of(self, rota: Rota, who: Standing) -> Stretch | None:
        """Return the stretch that the next turn goes on with; None: it begins one."""
        found = self.stretches.get(who.kind)
        return found if found and found.eligible == _eligible(rota, who) else None

    def add(self, turn: Turn | Carried) -> None:
        """Go on by the next turn."""
        self.number = turn.number
        self.last = dict(turn.last_turns)
        self.stretches[turn.kind] = Stretch.of(turn)

    def to_json(self) -> list[Any]:
        stretches = self.stretches.items()
        kept = [[kind, first, eligible, _pairs(had)] for kind, (first, eligible, had) in stretches]
        return [self.number, _pairs(self.last), kept]

    @classmethod
    def from_json(cls, kept: Sequence[Any]) -> SoFar:
        number, last, stretches = kept
        return cls(
            number,
            dict(last),
            {kind: Stretch(first, who, dict(had)) for kind, first, who, had in stretches},
        )


class OnRecord(SoFar):
    """How far a rota has come by the turns on record, and by those added since it was asked."""

    def __init__(self, rota_id: int) -> None:
        super().__init__()
        self._rota_id = rota_id
        self._asked: set[str] = set()

    def look_up(self, kind: str) -> None:
        """Read what is needed for a turn of a lead of this kind, once."""
        if kind in self._asked:
            return
        self._asked.add(kind)
        for turn in newest_turns([(self._rota_id, kind)]):
            if turn.number > self.number:
                self.add(turn)
            else:
                self.stretches.setdefault(turn.kind, Stretch.of(turn))

    def stretch_of(self, rota: Rota, who: Standing) -> Stretch | None:
        self.look_up(who.kind)
        return super().stretch_of(rota, who)


def newest_turns(asked: Sequence[tuple[int, str]]) -> list[Carried]:
    """Return the newest turn of each rota and of a kind of lead in it, older ones first."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, [[rota_id for rota_id, _ in asked], [kind for _, kind in asked]])
        return [Carried(*row[:6], *map(json.loads, row[6:])) for row in cursor.fetchall()]


def next_turn(rota: Rota, so_far: SoFar, who: Standing) -> Carried:
    """Return the next turn by the method of `rota`. A stretch is named by the number of its first
    turn.
    """
    stretch = so_far.stretch_of(rota, who)
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
    return Carried(
        rota_id=rota.pk,
        number=number,
        stretch=stretch.first if stretch else number,
        kind=who.kind,
        eligible=_eligible(rota, who),
        rep_id=rep_id,
        had_in_round=[] if is_round else _pairs(had),
        last_turns=_pairs({**so_far.last, rep_id: number}),
    )


def _eligible(rota: Rota, who: Standing) -> str:
    return _digest(str(rota.method), tuple(sorted(who.eligible.items())))


def _pairs(counts: Mapping[int, int]) -> Pairs:
    return list(counts.items())
