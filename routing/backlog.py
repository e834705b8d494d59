"""Many waiting handoffs passed through their rotas at once: by the same rules, turns and caps as
one by one, with locks taken and rows written once for all of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import takewhile

from django.db import connection, transaction

from leads.bulk_evidence import evidence_in_bulk
from leads.bulk_passing import locked_many, pass_many
from leads.evidence import Evidence
from leads.fact_sheet import handoff_facts
from leads.models import Assignment, Handoff, OwnershipChange, User, Version
from routing.asking import Answer, ask
from routing.candidates import NEVER, caps_of
from routing.caps import Caps, Lately, over_cap, passed_lately
from routing.claiming import lock
from routing.errors import Skip
from routing.models import Decision, Turn
from routing.needs import Needs
from routing.outcomes import Choice, turn_words
from routing.questions import Question, account_now
from routing.refusals import own_refusals
from routing.rotas import Line, line_of, locked_rota
from routing.routing import OWNERSHIP_REASON_LENGTH, decision_of
from routing.table import Rule, live_table
from routing.turns import Carried, OnRecord, SoFar, Standing, next_turn

# Leads that somebody may have a claim on: they return, or there is an open deal. As one by one.
CLAIMED = """
    SELECT lead.id FROM leads_lead lead WHERE lead.id = ANY(%(leads)s) AND (
        'recycled' = (SELECT closed_as FROM leads_handoff
            WHERE lead_id = lead.id AND state = 'closed' ORDER BY closed_at DESC LIMIT 1)
        OR EXISTS (SELECT 1 FROM leads_opportunity deal WHERE deal.state = 'open'
            AND deal.lead_id = lead.id)
        OR EXISTS (SELECT 1 FROM leads_opportunity deal
            JOIN leads_lead other ON other.id = deal.lead_id
            WHERE deal.state = 'open' AND other.account_id = lead.account_id))
"""
IsReady = Callable[[Handoff], bool]
Then = Callable[[Assignment, datetime], None]


class OneByOne(Exception):
    """A rule leads elsewhere than to a rota."""


@dataclass(frozen=True, slots=True)
class Asked:
    handoff: Handoff
    answer: Answer

    @property
    def rule(self) -> Rule:
        assert self.answer.rule is not None  # what led to a rota
        return self.answer.rule

    @property
    def rota_id(self) -> int:
        choice = self.answer.choice
        assert choice is not None and choice.rota_id is not None  # see _for_many
        return choice.rota_id

    @property
    def key(self) -> tuple[int, Needs]:
        return self.rota_id, self.rule.needs


@dataclass
class Passing:
    """Who takes turns while many handoffs are passed, in rotas that are all locked.

    lines: who stands in each rota for what each rule needs. turns: how far each has come.
    had: by lead, who had this handoff or rejected the lead before, in words.
    """

    lines: Mapping[tuple[int, Needs], Line]
    at: datetime
    had: Mapping[int, Mapping[int, str]]
    caps: Mapping[int, Caps]
    lately: Lately
    turns: Mapping[int, SoFar]
    loads: dict[int, int] = field(default_factory=dict)

    def next(self, asked: Asked) -> Turn | None:
        """Return whose turn it is, not saved, count it, and log who was skipped; None, with nothing
        logged: nobody here can take this one.
        """
        if asked.key not in self.lines:  # its rota is off
            return None
        line, had = self.line_of(asked), self.had.get(asked.handoff.lead_id, {})
        refusals = {each: self._refusal(each, line, had) for each in line.people}
        eligible = {each: weight for each, weight in line.eligible.items() if not refusals[each]}
        if not eligible:
            return None
        skips = [Skip(line.people[each].rep, why) for each, why in refusals.items() if why]
        asked.answer.log.add_skips(asked.rule, skips)
        unsuited = line.unsuited | (had.keys() & line.people.keys())
        who = Standing(eligible, unsuited, self.loads, line.by_hours)
        turn = next_turn(line.rota, self.turns[line.rota.pk], who)
        self._count(turn)
        return turn.taken(line.people[turn.rep_id].rep, self.at)

    def line_of(self, asked: Asked) -> Line:
        return self.lines[asked.key]

    def _refusal(self, rep_id: int, line: Line, had: Mapping[int, str]) -> str:
        """Return the first that stands against giving a rep this lead, in the order in which it is
        asked of one lead; "" if nothing does, or they can take something only since others were
        locked.
        """
        seen = line.people[rep_id]
        if rep_id in line.unsuited or seen.refusal in NEVER:
            return seen.refusal
        return (
            had.get(rep_id)
            or seen.refusal
            or (self._over_cap(seen.rep) if rep_id in line.eligible else "")
        )

    def _over_cap(self, rep: User) -> str:
        caps, count = self.caps[rep.pk], self.loads[rep.pk]
        return over_cap(caps, rep, open_count=count, lately=self.lately, at=self.at)

    def _count(self, turn: Carried) -> None:
        self.turns[turn.rota_id].add(turn)
        self.loads[turn.rep_id] += 1
        self.lately.passed.setdefault(turn.rep_id, []).append(self.at)


@transaction.atomic
def route_backlog(
    handoff_ids: Collection[int], *, at: datetime, is_ready: IsReady, then: Then
) -> set[int]:
    """Pass the waiting handoffs of these that lead to a rota, in the order in which they wait, up
    to the first that has to be routed by itself: it might take what a later one would get. Returns
    the ids of those that are passed.

    is_ready: whether nothing but routing stands between a handoff and its rep.
    then:     called for each assignment within the transaction that makes it.
    All rotas that they lead to are held together: who finds nobody in one may come by another.
    """
    version, rules = live_table(at)
    asked = _ask([each for each in locked_many(sorted(handoff_ids)) if is_ready(each)], rules, at)
    if not asked:
        return set()
    passing = _passing(asked, at)
    turns: list[tuple[Asked, Turn]] = []
    for each in asked:
        turn = passing.next(each)
        if turn is None:
            break
        turns.append((each, turn))
    assignments = _write(turns, passing, version, at)
    for assignment in assignments:
        then(assignment, at)
    return {assignment.handoff_id for assignment in assignments}


def _ask(locked: Sequence[Handoff], rules: Sequence[Rule], at: datetime) -> list[Asked]:
    """Return those due that a rule leads to a rota, first in line first, with what was asked; none
    behind one that has to be routed by itself.
    """
    due = sorted(
        (each for each in locked if each.reroute_at is not None and each.reroute_at <= at),
        key=lambda each: (-each.priority, each.opened_at, each.pk),
    )
    claimed = _claimed([each.lead_id for each in due])
    plain = list(takewhile(lambda each: each.lead_id not in claimed, due))
    known = dict(evidence_in_bulk([each.lead_id for each in plain], at))
    asked: list[Asked] = []
    for each in plain:
        found = _asked(each, known[each.lead_id], rules, at)
        if found is None:
            break
        asked.append(found)
    return asked


def _asked(handoff: Handoff, known: Evidence, rules: Sequence[Rule], at: datetime) -> Asked | None:
    account = handoff.lead.account
    facts = {**known.facts, **handoff_facts(handoff), **account_now(account, None)}
    question = Question(handoff, facts, at, handoff.lead, account)
    try:
        answer = ask(rules, question, known.with_facts(facts), take=_for_many)
    except OneByOne:
        return None
    return Asked(handoff, answer) if answer.choice else None


def _for_many(choice: Choice, rule: Rule, question: Question) -> Choice:
    if choice.rota_id is None:
        raise OneByOne
    return choice


def _passing(asked: Sequence[Asked], at: datetime) -> Passing:
    """Lock the rotas that these lead to, and then everybody in them who can take anything."""
    question = Question(None, {}, at)
    rotas = [locked_rota(rota_id) for rota_id in sorted({each.rota_id for each in asked})]
    on = {rota.pk: rota for rota in rotas if rota.is_active}
    kinds = {each.key for each in asked if each.rota_id in on}
    stood = [line_of(on[rota_id], question, needs) for rota_id, needs in kinds]
    locked = {rep_id for line in stood for rep_id in line.eligible}
    for rep_id in sorted(locked):
        lock(rep_id)
    lines = {key: line_of(on[key[0]], question, key[1]) for key in kinds}
    # Who could take something only since then is held by nobody: they come with the next round.
    for line in lines.values():
        line.eligible = {each: line.eligible[each] for each in line.eligible.keys() & locked}
    standing = [line.people[each] for line in lines.values() for each in line.eligible]
    caps = {each.rep.pk: caps_of(each.rep) for each in standing}
    # Not every line needs to count what is open: one that does knows best.
    loads = dict.fromkeys(caps, 0)
    for each in standing:
        loads[each.rep.pk] = max(loads[each.rep.pk], each.open_count)
    return Passing(
        lines,
        at,
        had=own_refusals([each.handoff.lead_id for each in asked]),
        caps=caps,
        lately=passed_lately(list(caps.items()), at),
        turns={rota_id: OnRecord(rota_id) for rota_id in on},
        loads=loads,
    )


def _write(
    turns: Sequence[tuple[Asked, Turn]], passing: Passing, version: Version, at: datetime
) -> list[Assignment]:
    """Pass each handoff to whose turn it is, and keep turns and decisions."""
    passes: list[tuple[Handoff, User, str]] = []
    for asked, turn in turns:
        asked.handoff.priority = max(asked.handoff.priority, asked.rule.priority)
        reason = f"{asked.rule.label}: {_reason(asked, passing)}"[:OWNERSHIP_REASON_LENGTH]
        passes.append((asked.handoff, turn.rep, reason))
    assignments = pass_many(passes, source=OwnershipChange.Source.ROUTING, at=at)
    decisions: list[Decision] = []
    for (asked, turn), assignment in zip(turns, assignments, strict=True):
        turn.assignment = assignment
        answer = replace(asked.answer, reason=_reason(asked, passing))
        decisions.append(decision_of(asked.handoff, answer, version, at=at, assignment=assignment))
    Turn.objects.bulk_create(turn for _, turn in turns)
    Decision.objects.bulk_create(decisions)
    return assignments


def _reason(asked: Asked, passing: Passing) -> str:
    return turn_words(passing.line_of(asked), asked.answer.reason)


def _claimed(lead_ids: Sequence[int]) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(CLAIMED, {"leads": list(lead_ids)})
        return {lead_id for (lead_id,) in cursor.fetchall()}
