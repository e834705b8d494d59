"""Who there is to take leads in a replay, and what they had so far. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple, cast

from leads.models import Assignment, Queue, User
from routing.candidates import Candidate, candidate_of, caps_of
from routing.caps import LONGEST_WEEK, Lately, next_day, over_cap
from routing.hours import Hours
from routing.models import Rota, Territory
from routing.needs import Needs
from routing.turns import SoFar

# Of a handoff that is still open: it never leaves its rep.
NEVER = datetime.max.replace(tzinfo=UTC)
BEGINNING = datetime.min.replace(tzinfo=UTC)


class Away(NamedTuple):
    starts_at: datetime
    ends_at: datetime
    cover_id: int | None


class Waiting(NamedTuple):
    """A handoff held in a line till somebody opens. They sort as they wake; a lower rank goes
    first.
    """

    till: datetime
    rank: int
    opened_at: datetime
    handoff_id: int
    rule: str
    line: str


@dataclass(frozen=True, slots=True)
class People:
    """Everybody as they are today, but for what they have had: that is counted.

    reps:    by id, read as candidates are.
    members: the weight of each member of a rota, by their ids, in the order of these.
    away:    absences by rep, those that were and those to come.
    """

    reps: Mapping[int, User]
    rotas: Mapping[int, Rota]
    members: Mapping[int, Mapping[int, int]]
    queues: Mapping[int, Queue]
    territories: Sequence[Territory]
    hours: Hours
    away: Mapping[int, Sequence[Away]]
    first_weekday: int


@dataclass(slots=True)
class State:
    """How far a table has come: turns by rota; by rep, when the handoffs that they have are freed,
    and when they were passed one in the last days; what waits, as a heap; and up to which instant
    it was looked whether that has to wait.
    """

    turns: dict[int, SoFar] = field(default_factory=dict)
    open: dict[int, list[datetime]] = field(default_factory=dict)
    passed: dict[int, list[datetime]] = field(default_factory=dict)
    waiting: list[Waiting] = field(default_factory=list)
    looked_at: datetime = BEGINNING

    def give(self, rep_id: int, *, at: datetime, frees_at: datetime) -> None:
        heappush(self.open.setdefault(rep_id, []), frees_at)
        passed = self.passed.setdefault(rep_id, [])
        passed.append(at)
        while passed[0] <= at - LONGEST_WEEK:
            del passed[0]

    def open_count(self, rep_id: int, at: datetime) -> int:
        """Return how many handoffs a rep has at `at`, which never goes back."""
        frees = self.open.get(rep_id, [])
        while frees and frees[0] <= at:
            heappop(frees)
        return len(frees)

    def frees_at(self, rep_id: int, cap: int) -> datetime:
        """Return when a rep who has as many handoffs as the cap allows is freed of one."""
        count = self.open_count(rep_id, self.looked_at)
        return self.open[rep_id][0] if count >= cap else NEVER

    def go_on(self, waiting: Waiting) -> None:
        """Take out a handoff that waits no more."""
        self.waiting.remove(waiting)
        heapify(self.waiting)


class Kept(NamedTuple):
    """A candidate as they stand till an instant, unless they are given something before."""

    candidate: Candidate
    till: datetime


class Reps:
    """What stands against giving each rep a lead, kept until something changes it. It is asked at
    instants that never go back.
    """

    def __init__(self, people: People, state: State) -> None:
        self._people, self._state = people, state
        self._lately = Lately(state.passed, people.first_weekday)
        self._kept: dict[Needs, dict[int, Kept]] = {}
        self._edges: dict[tuple[int, bool], datetime] = {}

    def candidates(
        self,
        rep_ids: Iterable[int],
        needs: Needs,
        at: datetime,
        *,
        rejected_by: Collection[int] = (),
    ) -> list[Candidate]:
        """Return reps with what stands against giving them a lead that some rejected. How many open
        handoffs they have may have changed since they were asked.
        """
        kept = self._kept.setdefault(needs, {})
        found: list[Candidate] = []
        for rep_id in rep_ids:
            if rep_id in rejected_by:
                found.append(self.asked(rep_id, needs, at, has_rejected=True))
                continue
            own = kept.get(rep_id)
            if own is None or own.till <= at:
                candidate = self.asked(rep_id, needs, at)
                own = kept[rep_id] = Kept(candidate, self._till(candidate, needs, at))
            found.append(own.candidate)
        return found

    def asked(
        self, rep_id: int, needs: Needs, at: datetime, *, has_rejected: bool = False
    ) -> Candidate:
        rep = self._people.reps[rep_id]
        found = cast(Any, rep)
        absences = self._people.away.get(rep_id, ())
        away = next((each for each in absences if each.starts_at <= at < each.ends_at), None)
        found.away_until, found.cover_id = (away.ends_at, away.cover_id) if away else (None, None)
        found.open_count = self._state.open_count(rep_id, at)
        found.last_answer = Assignment.Answer.REJECTED.value if has_rejected else None
        hours = self._people.hours if needs.at_work else None
        return candidate_of(rep, needs, self._lately, hours, at)

    def give(self, rep_id: int, *, at: datetime, frees_at: datetime) -> None:
        """Count one more of theirs. Who can take another stands as before."""
        self._state.give(rep_id, at=at, frees_at=frees_at)
        rep, open_count = self._people.reps[rep_id], self._state.open_count(rep_id, at)
        caps, lately = caps_of(rep), self._lately
        is_capped = over_cap(caps, rep, open_count=open_count, lately=lately, at=at) != ""
        for kept in self._kept.values():
            if rep_id in kept and (is_capped or kept[rep_id].candidate.refusal):
                del kept[rep_id]

    def _till(self, candidate: Candidate, needs: Needs, at: datetime) -> datetime:
        """Return until when what is said of a candidate at `at` holds, but for how much they have:
        till a day, their hours or an absence begins or ends, or where that frees them, till one of
        theirs is closed.
        """
        rep, limits = candidate.rep, candidate.limits
        is_full = caps_of(rep).is_full(candidate.open_count)
        if candidate.refusal and limits and not is_full and limits.free_from is None:
            return at  # how far is looked ahead moves on with each instant
        closed = self._state.open.get(rep.pk, [])[:1] if is_full else []
        return min([self._edge(rep, at, by_hours=needs.at_work), *closed])

    def _edge(self, rep: User, at: datetime, *, by_hours: bool) -> datetime:
        """Return when a day, an absence or, where hours are asked, those of a rep begin or end."""
        edge = self._edges.get((rep.pk, by_hours), BEGINNING)
        if edge <= at:
            away = self._people.away.get(rep.pk, ())
            edges = [each for spell in away for each in (spell.starts_at, spell.ends_at)]
            if by_hours:
                edges.append(self._people.hours.change_after(rep.pk, at) or NEVER)
            edge = min([next_day(at, rep.zone), *(each for each in edges if each > at)])
            self._edges[rep.pk, by_hours] = edge
        return edge
