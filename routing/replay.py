"""Past handoffs sent through a routing table, with people simulated in memory. Pure.

The rules are asked as `routing.routing.route` asks them (`routing.asking`); only who there is to
take a lead, and what they have had, is answered from memory instead of the database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import heappop, heappush
from typing import Any, cast

from leads.condition_trace import Trace
from leads.conditions import Truth
from leads.evidence import Evidence
from leads.models import Account, Opportunity, Queue
from leads.rule_index import RuleIndex
from routing.asking import Answer, ask
from routing.candidates import Candidate, caps_of
from routing.caps import next_day
from routing.errors import HasToWait, NobodyAvailable
from routing.models import Rota, Territory
from routing.needs import Needs
from routing.outcomes import Choice
from routing.questions import Question
from routing.replay_people import BEGINNING, NEVER, People, Reps, State, Waiting
from routing.replay_result import NO_RULE, Side, Went
from routing.rotas import line_of
from routing.table import Rule
from routing.trace import Log
from routing.turns import SoFar

AT_CAP = "is at cap"
HELD = Trace((), Truth.TRUE)


@dataclass(frozen=True, slots=True)
class Case:
    """A past handoff, as it was known when it was opened.

    frees_at: when it really left the open work of its rep; NEVER if it is open still.
    deal:     of the account, or of the lead without one, that was open then.
    domains:  that tell the company, with those that they lie under.
    accepted_by, rejected_by: who had answered so for the lead by then.
    """

    handoff_id: int
    lead_id: int
    opened_at: datetime
    evidence: Evidence
    frees_at: datetime = NEVER
    account: Account | None = None
    deal: Opportunity | None = None
    domains: Set[str] = frozenset()
    accepted_by: int | None = None
    rejected_by: Set[int] = frozenset()


# Told where a side has placed a handoff.
Placed = Callable[[Case, Went], None]


class OnlyWords(Log):
    """Of rules that are known to hold, notes in words why they lead to nobody, and no more."""

    def holds(self, rule: Rule, evidence: Evidence) -> bool:
        return True

    def trace(self, rule: Rule, evidence: Evidence) -> Trace:
        return HELD

    def add_nobody(self, rule: Rule, trace: Trace, nobody: NobodyAvailable) -> None:
        self.nobody.append(str(nobody))

    def add_matched(self, *_: object) -> None: ...

    def add_waits(self, rule: Rule, trace: Trace, wait: HasToWait) -> None:
        self.nobody.append(str(wait))


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
        self.reps = Reps(self.people, self.state)
        people = self.people.reps.values()
        self._zones, self._next_day = {rep.zone for rep in people}, BEGINNING
        caps = {rep.pk: caps_of(rep).max_open for rep in people}
        self._caps = {rep_id: cap for rep_id, cap in caps.items() if cap is not None}
        # When each rep at their cap is freed of a handoff: till then it takes a gift to change it.
        self._frees = dict.fromkeys(self._caps, BEGINNING)

    def send(self, cases: Iterable[Case], waiting: Mapping[int, Case]) -> None:
        """Send `cases`, in the order in which they were opened, and meanwhile those that wait."""
        known = dict(waiting)
        for case in cases:
            known[case.handoff_id] = case
            self.wake(known, until=case.opened_at)
            self._ask(case, case.opened_at)

    def wake(self, known: Mapping[int, Case], *, until: datetime) -> None:
        """Ask again about those that wait, as routing does: all for whom somebody opens by `until`,
        and the first of each line whenever somebody may be free before.
        """
        while self.state.waiting:
            till, sooner = self.state.waiting[0].till, self._next_change()
            self.state.looked_at = min(till, sooner, until)
            if sooner < till and sooner <= until:
                self._ask_firsts(known, sooner)
            elif till <= until:
                first = heappop(self.state.waiting)
                self._ask(known[first.handoff_id], till)
            else:
                break
        self.state.looked_at = until

    def _next_change(self) -> datetime:
        """Return when somebody at a cap has room next: one of theirs is closed, or a day begins."""
        if self._next_day <= self.state.looked_at:
            self._next_day = min(next_day(self.state.looked_at, zone) for zone in self._zones)
        frees = min(self._frees.values(), default=NEVER)
        if frees <= self.state.looked_at:
            self._frees = {
                rep_id: self.state.frees_at(rep_id, self._caps[rep_id]) for rep_id in self._caps
            }
            frees = min(self._frees.values())
        return min(self._next_day, frees)

    def _ask_firsts(self, known: Mapping[int, Case], at: datetime) -> None:
        """Ask about those that wait alike, one after the other, up to the first that still does."""
        in_line = sorted(self.state.waiting, key=lambda each: each[1:4])
        alike: dict[tuple[object, ...], list[Waiting]] = {}
        for each in in_line:
            had_by = known[each.handoff_id].rejected_by
            alike.setdefault((each.till, each.rule, each.line, had_by), []).append(each)
        for own in alike.values():
            for each in own:
                if not self._goes_on(known[each.handoff_id], each, at):
                    break

    def _goes_on(self, case: Case, waits: Waiting, at: datetime) -> bool:
        """Ask about one that waits, and note what becomes of it; False: it waits as it did."""
        then = Then(self, case, at)
        answer = self._answer(then)
        if (answer.waits_till, answer.line) == (waits.till, waits.line) and (
            answer.rule is not None and answer.rule.key == waits.rule
        ):
            return False
        self.state.go_on(waits)
        self._note(answer, then)
        return True

    def finish(self, known: Mapping[int, Case], *, end: datetime) -> None:
        """Count those that still wait at the end of the window."""
        self.wake(known, until=end)
        for waiting in self.state.waiting:
            self._put(known[waiting.handoff_id], Went(waiting.rule, waits=True), end)
        self.state.waiting.clear()

    def _ask(self, case: Case, at: datetime) -> None:
        then = Then(self, case, at)
        self._note(self._answer(then), then)

    def _answer(self, then: Then) -> Answer:
        case, at = then.case, then.at
        rules = [self.rules[place] for place in self._index.matching(case.evidence)]
        question = Question(
            None,
            case.evidence.facts,
            at,
            account=case.account,
            deal=case.deal,
            accepted_by=case.accepted_by,
            past=then,
        )
        return ask(rules, question, case.evidence, take=self._take, log=OnlyWords())

    def _note(self, answer: Answer, then: Then) -> None:
        """Keep where a case went, or that it waits."""
        case, at = then.case, then.at
        if answer.waits_till is None:
            for rep_id in then.capped:
                self.side.load(rep_id).capped += 1
            self._put(case, _went(answer), at)
            return
        assert answer.rule is not None  # which holds it
        # Whatever priority the live table gave it, it had none when it was opened.
        rank, key = -max(0, answer.rule.priority), answer.rule.key
        place = rank, case.opened_at, case.handoff_id
        heappush(self.state.waiting, Waiting(answer.waits_till, *place, key, answer.line))

    def _take(self, choice: Choice, rule: Rule, question: Question) -> Choice:
        """Take the turn where a choice leads to a rota, as `routing.outcomes.held` does."""
        if choice.rota_id is None:
            return choice
        rota = self.people.rotas[choice.rota_id]
        line = line_of(rota, question, rule.needs)
        turn = line.next(question.at)
        line.turns.add(turn)
        return replace(choice, to=line.people[turn.rep_id].rep)

    def _put(self, case: Case, went: Went, at: datetime) -> None:
        self.side.add(went)
        if at > case.opened_at:
            self.side.add_wait(at - case.opened_at)
        if went.rep is not None:
            self.reps.give(went.rep, at=at, frees_at=case.frees_at)
            if went.rep in self._caps:
                self._frees[went.rep] = self.state.frees_at(went.rep, self._caps[went.rep])
            load = self.side.load(went.rep)
            load.peak_open = max(load.peak_open, self.state.open_count(went.rep, at))
        self.placed(case, went)


def _went(answer: Answer) -> Went:
    why, choice = " ".join(answer.log.nobody), answer.choice
    if answer.rule is None or choice is None:
        return Went(NO_RULE, why=why)
    to = answer.to
    if isinstance(to, Queue):
        return Went(answer.rule.key, queue=to.pk, why=why)
    return Went(answer.rule.key, rep=to.pk if to else None, rota=choice.rota_id, why=why)


@dataclass(frozen=True, slots=True)
class Then:
    """One side as it stands at `at`, when a case is asked about: a `routing.past.Past`.

    capped: the reps whom the case passes by at a cap, however many rules ask for them.
    """

    table: Table
    case: Case
    at: datetime
    capped: set[int] = field(default_factory=set)

    def candidates(self, rep_ids: Collection[int], needs: Needs) -> list[Candidate]:
        rejected_by, asked = self.case.rejected_by, self.table.reps
        found = asked.candidates(sorted(rep_ids), needs, self.at, rejected_by=rejected_by)
        self.capped.update(each.rep.pk for each in found if each.refusal.startswith(AT_CAP))
        return found

    def members(self, rota: Rota, needs: Needs) -> list[Candidate]:
        weights = self.table.people.members.get(rota.pk, {})
        found = self.candidates(weights, needs)
        for each, weight in zip(found, weights.values(), strict=True):
            cast(Any, each.rep).weight = weight
        if rota.method == Rota.Method.LEAST_WORK:
            counts = self.table.state.open_count
            return [replace(each, open_count=counts(each.rep.pk, self.at)) for each in found]
        return found

    def rota(self, rota_id: int) -> Rota:
        return self.table.people.rotas[rota_id]

    def turns(self, rota: Rota) -> SoFar:
        return self.table.state.turns.setdefault(rota.pk, SoFar())

    def queue(self, queue_id: int) -> Queue:
        return self.table.people.queues[queue_id]

    def territories(self) -> Sequence[Territory]:
        return self.table.people.territories

    def domains(self) -> Set[str]:
        return self.case.domains
