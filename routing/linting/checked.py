"""What the check of a routing table looks at, and what it finds. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from leads.condition_logic import Asked, Group
from leads.conditions import Compiled
from leads.evidence import Evidence
from leads.linting.checked import Finding

__all__ = [
    "Checked",
    "Finding",
    "LintRule",
    "Passed",
    "Path",
    "Person",
    "RotaState",
    "Row",
    "TerritoryState",
]

TABLE = "rows"
# Fewer handoffs than this say nothing about what never happens: with 100, what one in thirty does
# is seen with 97 % certainty.
ENOUGH_HANDOFFS = 100
# How a condition on the key of a hand-raise asks for none, or lets none pass.
WITHOUT_ONE = frozenset({"is_unknown", "is_not", "is_none_of"})


class Path(StrEnum):
    """What opened the handoffs that a row takes."""

    HAND_RAISE = "hand_raise"
    NURTURE = "score"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody a row may lead to. opens: whether they work at all in the coming week."""

    name: str
    is_active: bool
    is_rep: bool
    is_online: bool
    opens: bool
    skills: frozenset[str]
    languages: frozenset[str]

    @property
    def is_gone(self) -> bool:
        return not (self.is_active and self.is_rep)

    @property
    def why_gone(self) -> str:
        return "is no sales rep any more" if self.is_active else "has left"


@dataclass(frozen=True, slots=True)
class RotaState:
    name: str
    is_active: bool
    members: Sequence[Person]

    @property
    def staying(self) -> list[Person]:
        return [each for each in self.members if not each.is_gone]


@dataclass(frozen=True, slots=True)
class TerritoryState:
    """A territory, and whose it is: a rep's or a rota's."""

    name: str
    rep: Person | None
    rota: RotaState | None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table. compiled: None if it asks for what there is not.

    unknown: what keeps its conditions from being asked, in words; gone: which values it asks for
    that nothing has; retired: the labels of facts in them that were switched off. needed: the
    skills and languages in words. is_review: whether it leads to the review queue.
    """

    key: str
    label: str
    place: int
    groups: Sequence[Group]
    compiled: Compiled | None
    unknown: Sequence[str]
    gone: Sequence[str]
    retired: Sequence[str]
    outcome: str
    rota: RotaState | None
    rep: Person | None
    holds: bool
    priority: int
    skills: frozenset[str]
    languages: frozenset[str]
    needed: str
    is_fallback: bool
    is_review: bool

    @property
    def leads_to(self) -> tuple[str, RotaState | None, Person | None]:
        return self.outcome, self.rota, self.rep

    @property
    def takes_any(self) -> bool:
        """Whether there is anybody to take a lead in the rota, or as the rep, that it names."""
        if self.rota is not None:
            return self.rota.is_active and bool(self.rota.staying)
        return self.rep is None or not self.rep.is_gone

    @property
    def path(self) -> Path:
        if self.groups and all(any(map(_is_of_hand_raise, each)) for each in self.groups):
            return Path.HAND_RAISE
        if self.groups and all(any(map(_is_of_nurture, each)) for each in self.groups):
            return Path.NURTURE
        return Path.ANY


def _is_of_hand_raise(asked: Asked) -> bool:
    name = asked.condition.fact.name
    if name == "handoff.hand_raise":
        return asked.operator not in WITHOUT_ONE
    return name == "handoff.path" and _only(asked, "hand_raise")


def _is_of_nurture(asked: Asked) -> bool:
    return asked.condition.fact.name == "handoff.path" and _only(asked, "score")


def _only(asked: Asked, path: str) -> bool:
    """Whether a condition on the path lets only this one pass."""
    value = asked.condition.value
    if asked.operator == "is":
        return value == path
    return asked.operator == "is_any_of" and isinstance(value, list | tuple) and {*value} == {path}


@dataclass(frozen=True, slots=True)
class Passed:
    """A past handoff, with what was known when it opened."""

    lead_id: int
    evidence: Evidence


@dataclass(frozen=True)
class Checked:
    """A table under check, and what is known beside it.

    past: handoffs of the last 90 days; of none, nothing is said about traffic.
    lately_from: since when one is of the last 30; None: all are.
    """

    rows: Sequence[Row]
    territories: Sequence[TerritoryState]
    past: Sequence[Passed] = ()
    lately_from: datetime | None = None

    @property
    def asked(self) -> list[Row]:
        """The rows that can be asked at all, but for the fallback."""
        return [row for row in self.rows if row.compiled is not None and not row.is_fallback]

    @property
    def lately(self) -> list[Passed]:
        since = self.lately_from
        return [each for each in self.past if since is None or each.evidence.at > since]


@dataclass(frozen=True, slots=True)
class LintRule:
    """One thing that is looked for. help: what to do about it. An error forbids publishing."""

    id: str
    title: str
    help: str
    find: Callable[[Checked], Iterable[Finding]]
    is_error: bool = False


def about(id: str, row: Row, sentence: str, leads: Sequence[int] | None = None) -> Finding:
    """Return a finding about a row of the table."""
    found = tuple(leads or ())
    count = None if leads is None else len(found)
    return Finding(id, row.label, sentence, row.key, TABLE, found, count)
