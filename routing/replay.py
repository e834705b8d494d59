"""Past handoffs sent through a routing table, with people simulated in memory. Pure.

Rules, turns, caps, hours and territories are those of routing itself; only who has had what is
counted here instead of in the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import Any, NamedTuple, cast

from leads.evidence import Evidence
from leads.models import Assignment, User
from leads.rule_index import RuleIndex
from routing.candidates import Candidate, Needs, _candidate, off_hours
from routing.caps import LONGEST_WEEK, Lately
from routing.errors import HasToWait, NobodyAvailable
from routing.hours import Hours
from routing.models import Rota, RoutingRule, Territory
from routing.questions import Question
from routing.quota import turns_of_round
from routing.replay_result import NO_RULE, Side, Went
from routing.returning import ACCEPTED_BEFORE, rules_before_the_table
from routing.rotas import Line, TurnTaken, weight_in
from routing.table import Rule
from routing.territories import _compare

Outcome = RoutingRule.Outcome
# Of a handoff that is still open: it never leaves its rep.
NEVER = datetime.max.replace(tzinfo=UTC)
AT_CAP = "is at cap"
HERE = "The replay tells no reasons."


class Away(NamedTuple):
    starts_at: datetime
    ends_at: datetime
    cover_id: int | None


class Waiting(NamedTuple):
    """A handoff held till somebody opens. They sort as they wake; a lower rank goes first."""

    till: datetime
    rank: int
    opened_at: datetime
    handoff_id: int
    rule: str


@dataclass(frozen=True, slots=True)
class Case:
    """A past handoff, as it was known when it was opened.

    frees_at: when it really left the open work of its rep; NEVER if it is open still.
    domains:  that tell the company, with those that they lie under.
    accepted_by, rejected_by: who had answered so for the lead by then.
    """

    handoff_id: int
    lead_id: int
    opened_at: datetime
    priority: int
    evidence: Evidence
    frees_at: datetime = NEVER
    deal_owner_id: int | None = None
    account_owner_id: int | None = None
    domains: Set[str] = frozenset()
    accepted_by: int | None = None
    rejected_by: Set[int] = frozenset()

    @property
    def question(self) -> Question:
        return Question(None, self.evidence.facts, self.opened_at, accepted_by=self.accepted_by)


@dataclass(frozen=True, slots=True)
class People:
    """Everybody as they are today, but for what they have had: that is counted.

    reps:    by id, read as candidates are.
    members: the weight of each member of a rota, by their ids.
    away:    absences by rep, those that were and those to come.
    """

    reps: Mapping[int, User]
    rotas: Mapping[int, Rota]
    members: Mapping[int, Mapping[int, int]]
    territories: Sequence[Territory]
    hours: Hours
    away: Mapping[int, Sequence[Away]]
    first_weekday: int


@dataclass(slots=True)
class State:
    """How far a table has come: turns by rota, oldest first; by rep, when the handoffs that they
    have are freed, and when they were passed one in the last days; and what waits, as a heap.
    """

    turns: dict[int, list[TurnTaken]] = field(default_factory=dict)
    open: dict[int, list[datetime]] = field(default_factory=dict)
    passed: dict[int, list[datetime]] = field(default_factory=dict)
    waiting: list[Waiting] = field(default_factory=list)

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


# Told where a side has placed a handoff.
Placed = Callable[[Case, Went], None]


@dataclass
class Table:
    """The rules of one side with what has become of its people so far."""

    rules: Sequence[Rule]
    people: People
    state: State
    side: Side
    placed: Placed

    def __post_init__(self) -> None:
        self._index = RuleIndex([rule.conditions for rule in self.rules])
        self._lately = Lately(self.state.passed, self.people.first_weekday)

    def send(self, cases: Iterable[Case], waiting: Mapping[int, Case]) -> None:
        """Send `cases`, in the order in which they were opened, and meanwhile those that wait."""
        known = dict(waiting)
        for case in cases:
            known[case.handoff_id] = case
            self.wake(known, until=case.opened_at)
            self._ask(case, case.opened_at)

    def wake(self, known: Mapping[int, Case], *, until: datetime) -> None:
        """Ask again about those for whom somebody opens by `until`."""
        while self.state.waiting and self.state.waiting[0].till <= until:
            first = heappop(self.state.waiting)
            self._ask(known[first.handoff_id], first.till)

    def finish(self, known: Mapping[int, Case], *, end: datetime) -> None:
        """Count those that still wait at the end of the window."""
        self.wake(known, until=end)
        for waiting in self.state.waiting:
            self._put(known[waiting.handoff_id], Went(waiting.rule, waits=True), end)
        self.state.waiting.clear()

    def _ask(self, case: Case, at: datetime) -> None:
        matching = (self.rules[place] for place in self._index.matching(case.evidence))
        for rule in [*rules_before_the_table(case.question), *matching]:
            try:
                went = CHOOSERS[rule.outcome](self, rule, case, at)
            except NobodyAvailable:
                continue
            except HasToWait as wait:
                rank = -max(case.priority, rule.priority)
                waits = Waiting(wait.till, rank, case.opened_at, case.handoff_id, rule.key)
                heappush(self.state.waiting, waits)
                return
            self._put(case, went, at)
            return
        self._put(case, Went(NO_RULE), at)

    def _put(self, case: Case, went: Went, at: datetime) -> None:
        self.side.add(went)
        if at > case.opened_at:
            self.side.add_wait(at - case.opened_at)
        if went.rep is not None:
            self.state.give(went.rep, at=at, frees_at=case.frees_at)
            load = self.side.load(went.rep)
            load.peak_open = max(load.peak_open, self.state.open_count(went.rep, at))
        self.placed(case, went)

    def candidate(
        self, rep_id: int, needs: Needs, case: Case, at: datetime, *, weight: int = 1
    ) -> Candidate:
        """Return a rep with what stands against giving them `case` at `at`."""
        rep = self.people.reps[rep_id]
        found = cast(Any, rep)
        away = self._away(rep_id, at)
        found.weight = weight
        found.away_until, found.cover_id = (away.ends_at, away.cover_id) if away else (None, None)
        found.open_count = self.state.open_count(rep_id, at)
        is_refused = rep_id in case.rejected_by
        found.last_answer = Assignment.Answer.REJECTED.value if is_refused else None
        hours = self.people.hours if needs.at_work else None
        candidate = _candidate(rep, needs, self._lately, hours, at)
        self.side.load(rep_id).capped += candidate.refusal.startswith(AT_CAP)
        return candidate

    def _away(self, rep_id: int, at: datetime) -> Away | None:
        absences = self.people.away.get(rep_id, ())
        return next((each for each in absences if each.starts_at <= at < each.ends_at), None)

    def turn(self, rota_id: int, rule: Rule, case: Case, at: datetime) -> Went:
        """Return whose turn it is in a rota, and count it. Raises as `Line.next`."""
        rota = self.people.rotas[rota_id]
        if not rota.is_active:
            raise NobodyAvailable(HERE)
        members = self.people.members.get(rota_id, {})
        found = {
            rep_id: self.candidate(rep_id, rule.needs, case, at, weight=members[rep_id])
            for rep_id in sorted(members)
        }
        eligible = {
            rep_id: weight_in(rota, members[rep_id])
            for rep_id, each in found.items()
            if not each.refusal
        }
        skips = [each.skip for each in found.values() if each.refusal]
        later = [each for each in found.values() if each.opens_at]
        recent = self.state.turns.setdefault(rota_id, [])
        line = Line(rota, found, eligible, skips, later, recent)
        turn = line.next(at)
        recent.append(TurnTaken(turn.number, turn.stretch, turn.eligible, turn.rep_id))
        del recent[: -2 * turns_of_round(line.weights)]
        return Went(rule.key, rep=turn.rep_id, rota=rota_id)

    def whose(self, rep_id: int | None, rule: Rule, case: Case, at: datetime) -> Went:
        """Return the rep, or who covers for them, as `routing.cover.stand_in` does."""
        asked: set[int] = set()
        while rep_id is not None and rep_id not in asked:
            asked.add(rep_id)
            person = self.candidate(rep_id, rule.needs, case, at)
            if not person.refusal:
                return Went(rule.key, rep=rep_id)
            if person.opens_at:
                raise off_hours([person], [person.skip], at=at)
            rep_id = person.cover_id if person.away_until else None
        raise NobodyAvailable(HERE)


def _opportunity_owner(table: Table, rule: Rule, case: Case, at: datetime) -> Went:
    return table.whose(case.deal_owner_id, rule, case, at)


def _account_owner(table: Table, rule: Rule, case: Case, at: datetime) -> Went:
    return table.whose(case.account_owner_id, rule, case, at)


def _territory(table: Table, rule: Rule, case: Case, at: datetime) -> Went:
    for territory in table.people.territories:
        is_outside, unknown = _compare(territory, case.evidence.facts, case.domains)
        if not is_outside and not unknown:
            if territory.rota_id is not None:
                return table.turn(territory.rota_id, rule, case, at)
            return table.whose(territory.rep_id, rule, case, at)
    raise NobodyAvailable(HERE)


def _rota(table: Table, rule: Rule, case: Case, at: datetime) -> Went:
    assert rule.rota_id is not None  # constraint routing_rule_names_its_outcome
    return table.turn(rule.rota_id, rule, case, at)


def _rep(table: Table, rule: Rule, case: Case, at: datetime) -> Went:
    return table.whose(rule.rep_id, rule, case, at)


def _queue(table: Table, rule: Rule, case: Case, at: datetime) -> Went:
    return Went(rule.key, queue=rule.queue_id)


def _accepted_before(table: Table, rule: Rule, case: Case, at: datetime) -> Went:
    assert rule.rep_id is not None  # routing.returning names them
    if table.candidate(rule.rep_id, rule.needs, case, at).refusal:
        raise NobodyAvailable(HERE)
    return Went(rule.key, rep=rule.rep_id)


CHOOSERS: Mapping[str, Callable[[Table, Rule, Case, datetime], Went]] = {
    Outcome.OPPORTUNITY_OWNER: _opportunity_owner,
    Outcome.ACCOUNT_OWNER: _account_owner,
    Outcome.TERRITORY: _territory,
    Outcome.ROTA: _rota,
    Outcome.REP: _rep,
    Outcome.QUEUE: _queue,
    ACCEPTED_BEFORE: _accepted_before,
}
