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
from routing.candidates import caps_of
from routing.caps import Caps, Lately, over_cap, passed_lately
from routing.claiming import lock
from routing.errors import Skip
from routing.models import Decision, RotaMember, Turn
from routing.needs import Needs
from routing.outcomes import Choice, turn_words
from routing.questions import Question, account_now
from routing.refusals import own_refusals
from routing.rotas import Line, line_of, locked_rota
from routing.routing import OWNERSHIP_REASON_LENGTH, decision_of
from routing.table import Rule, live_table
from routing.turns import OnRecord, SoFar, Standing, next_turn

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


@dataclass
class Passing:
    """Who takes turns in one rota while many handoffs are passed: all of them are locked.

    lines: who stands in it for what each rule needs.
    had: by lead, who had this handoff or rejected the lead before, in words.
    """

    lines: Mapping[Needs, Line]
    at: datetime
    had: Mapping[int, Mapping[int, str]]
    caps: Mapping[int, Caps]
    lately: Lately
    turns: SoFar
    loads: dict[int, int] = field(default_factory=dict)

    def next(self, asked: Asked) -> Turn | None:
        """Return whose turn it is, not saved, count it, and log who was skipped; None, with nothing
        logged: nobody here can take this one.
        """
        line, had = self.line_of(asked), self.had.get(asked.handoff.lead_id, {})
        full = {each: self._over_cap(line.people[each].rep) for each in line.eligible}
        refusals = {each: had.get(each) or why for each, why in full.items()}
        eligible = {each: weight for each, weight in line.eligible.items() if not refusals[each]}
        there = {each: weight for each, weight in line.there.items() if not full.get(each)}
        if not eligible:
            return None
        skips = [Skip(line.people[each].rep, why) for each, why in refusals.items() if why]
        asked.answer.log.add_skips(asked.rule, [*line.skips, *skips])
        who = Standing(eligible, there, self.loads, line.by_hours)
        turn = next_turn(line.rota, self.turns, who)
        turn.rep, turn.at = line.people[turn.rep_id].rep, self.at
        self._count(turn)
        return turn

    def line_of(self, asked: Asked) -> Line:
        return self.lines[asked.rule.needs]

    def shares_a_cap_with(self, rota_ids: Collection[int]) -> set[int]:
        """Return which of these rotas have a member who takes only so much and is in this one."""
        capped = [
            each for each, (_, *caps) in self.caps.items() if any(c is not None for c in caps)
        ]
        members = RotaMember.objects.filter(rota__in=rota_ids, rep__in=capped)
        return set(members.values_list("rota", flat=True)) if rota_ids else set()

    def _over_cap(self, rep: User) -> str:
        caps, count = self.caps[rep.pk], self.loads[rep.pk]
        return over_cap(caps, rep, open_count=count, lately=self.lately, at=self.at)

    def _count(self, turn: Turn) -> None:
        self.turns.add(turn)
        self.loads[turn.rep_id] += 1
        self.lately.passed.setdefault(turn.rep_id, []).append(self.at)


def route_backlog(
    handoff_ids: Collection[int], *, at: datetime, is_ready: IsReady, then: Then
) -> set[int]:
    """Pass the waiting handoffs of these that lead to a rota, in the order in which they wait, up
    to the first that has to be routed by itself: it might take what a later one would get. Returns
    the ids of those that are passed.

    is_ready: whether nothing but routing stands between a handoff and its rep.
    then:     called for each assignment within the transaction that makes it.
    There is one transaction for each rota, so that nobody waits for a second one with locks held.
    """
    passed: set[int] = set()
    left = set(handoff_ids)
    while left:
        now, left = _pass_first_rota(sorted(left), at=at, is_ready=is_ready, then=then)
        passed |= now
    return passed


@transaction.atomic
def _pass_first_rota(
    ids: Sequence[int], *, at: datetime, is_ready: IsReady, then: Then
) -> tuple[set[int], set[int]]:
    """Pass those that lead to the same rota as the first in line, up to the first that a later one
    might take the last place of. Returns the ids of those, and of those between them that lead to
    rotas of others.
    """
    version, rules = live_table(at)
    asked = _ask([each for each in locked_many(ids) if is_ready(each)], rules, at)
    passing = _passing(asked, at) if asked else None
    if passing is None:
        return set(), set()
    first = asked[0].rota_id
    bound = passing.shares_a_cap_with({each.rota_id for each in asked} - {first})
    turns: list[tuple[Asked, Turn]] = []
    others: set[int] = set()
    for each in asked:
        if each.rota_id in bound:
            break
        if each.rota_id != first:
            others.add(each.handoff.pk)
        elif turn := passing.next(each):
            turns.append((each, turn))
        else:
            break
    assignments = _write(turns, passing, version, at)
    for assignment in assignments:
        then(assignment, at)
    return {assignment.handoff_id for assignment in assignments}, others


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


def _passing(asked: Sequence[Asked], at: datetime) -> Passing | None:
    """Lock the rota that the first leads to and everybody in it who can take anything; None: nobody
    can, or it is off.
    """
    rota_id = asked[0].rota_id
    kinds = {each.rule.needs for each in asked if each.rota_id == rota_id}
    rota, question = locked_rota(rota_id), Question(None, {}, at)
    if not rota.is_active:
        return None
    locked = {rep_id for needs in kinds for rep_id in line_of(rota, question, needs).eligible}
    for rep_id in sorted(locked):
        lock(rep_id)
    lines = {needs: line_of(rota, question, needs) for needs in kinds}
    # Who could take something only since then is held by nobody: they come with the next round.
    for line in lines.values():
        line.eligible = {each: line.eligible[each] for each in line.eligible.keys() & locked}
    people = {each: line.people[each] for line in lines.values() for each in line.eligible}
    caps = {rep_id: caps_of(each.rep) for rep_id, each in people.items()}
    return Passing(
        lines,
        at,
        had=own_refusals([each.handoff.lead_id for each in asked]),
        caps=caps,
        lately=passed_lately(list(caps.items()), at),
        turns=OnRecord(rota.pk),
        loads={rep_id: each.open_count for rep_id, each in people.items()},
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
