"""What a rule leads to: the rep or queue that its outcome means for this handoff, now.

Looking at who it would be (`seen`) takes no lock and writes nothing; `held` holds them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import transaction

from leads.models import Handoff, Opportunity, Queue, User
from routing import rotas
from routing.candidates import Candidate, candidate_for
from routing.claiming import claim_for
from routing.cover import stand_in
from routing.errors import HasToWait, NobodyAvailable, Refused, Skip
from routing.lines import ahead_of, line_of_rep, line_of_rota
from routing.models import Rota, RoutingRule, Turn
from routing.questions import Question
from routing.returning import ACCEPTED_BEFORE
from routing.table import Rule
from routing.territories import territory_for

Outcome = RoutingRule.Outcome


@dataclass(frozen=True, slots=True)
class Choice:
    """A rep, a rota or a queue, and why in words that follow the name of the rule.

    to:     None for a rota, till it is known whose turn it is.
    line:   in which leads wait where this one has to; "" if they never do.
    seen:   the rep, as they were found when they were chosen.
    turn:   that turn, once the rep is held; not saved, because it still lacks its assignment.
    skips:  who was passed over on the way.
    """

    to: User | Queue | None
    reason: str
    line: str = ""
    seen: Candidate | None = None
    rota_id: int | None = None
    turn: Turn | None = None
    skips: Sequence[Skip] = field(default_factory=tuple)


def choose(rule: Rule, question: Question) -> Choice:
    """Return what the outcome of `rule` means, without locking anybody.

    Raises NobodyAvailable, saying why, if it leads to nobody now, and HasToWait if it will once
    somebody opens.
    """
    return CHOOSERS[rule.outcome](rule, question)


def seen(choice: Choice, rule: Rule, question: Question) -> Choice:
    """Return who it would be, in a rota whose turn it would be: nobody is held to it. Raises as
    `choose`.
    """
    if choice.rota_id is None:
        return choice
    rep, line = rotas.look(choice.rota_id, question, rule.needs)
    return replace(choice, to=rep, reason=turn_words(line, choice.reason), skips=line.skips)


def held(choice: Choice, rule: Rule, question: Question) -> Choice:
    """Return who it is, held until the transaction ends: the rep is locked, and in a rota the turn.
    Raises as `choose`; whoever was locked on the way to nobody is free again then.

    Where leads wait for somebody to open, none passes those that have waited longer.
    """
    if isinstance(choice.to, Queue):
        return choice
    if rule.needs.at_work and question.handoff is not None:
        stay_in_line(question.handoff, choice, rule, question.at)
    refused: list[Skip] = []
    while True:
        try:
            with transaction.atomic():
                return _held(choice, rule, question, refused)
        except Refused as no:
            refused.append(no.skip)
            if choice.seen is not None:
                sentence = f"{choice.to} {choice.reason} but {no.skip.reason}."
                raise NobodyAvailable(sentence, skips=[*choice.skips, no.skip]) from no


def _held(choice: Choice, rule: Rule, question: Question, refused: Sequence[Skip]) -> Choice:
    if choice.seen is not None:
        return replace(choice, to=claim_for(question, choice.seen, rule.needs))
    assert choice.rota_id is not None  # neither a queue nor a person
    turn, line = rotas.take_turn(choice.rota_id, question, rule.needs, refused)
    words = turn_words(line, choice.reason)
    return replace(choice, to=turn.rep, reason=words, turn=turn, skips=line.skips)


def turn_words(line: rotas.Line, why: str) -> str:
    """Return why whoever is next in a rota gets it; `why` follows, it may be blank."""
    is_least = line.rota.method == Rota.Method.LEAST_WORK
    words = "has the least open work in rota" if is_least else "is next in rota"
    return f"{words} {line.rota} {why}".strip()


def stay_in_line(handoff: Handoff, choice: Choice, rule: Rule, at: datetime) -> None:
    """Raise HasToWait if others that are due wait before `handoff` where a choice leads."""
    priority = max(handoff.priority, rule.priority)
    ahead = ahead_of(handoff, choice.line, priority=priority, at=at)
    if ahead:
        leads = "1 lead is" if ahead == 1 else f"{ahead} leads are"
        reason = f"Waits its turn: {leads} before it."
        raise HasToWait(reason, reason=reason, till=at, line=choice.line)


def whose(rep_id: int, rule: Rule, question: Question, *, why: str) -> Choice:
    """Return the rep, or who covers for them, as the choice. Raises as `choose`."""
    person, reason, skips = stand_in(rep_id, question, rule.needs, why=why)
    return Choice(person.rep, reason, line_of_rep(rep_id), seen=person, skips=skips)


def opportunity_owner(opportunity: Opportunity) -> User | None:
    """Return who works a deal: the owner of the handoff that it came from, else of its lead."""
    handoff = opportunity.handoff
    return (handoff.owner if handoff else None) or opportunity.lead.owner


def _opportunity_owner(rule: Rule, question: Question) -> Choice:
    deal = question.deal
    if deal is None:
        raise NobodyAvailable("No opportunity is open.")
    owner = opportunity_owner(deal)
    if owner is None:
        raise NobodyAvailable(f"Nobody owns the open opportunity {deal}.")
    return whose(owner.pk, rule, question, why=f"works the open opportunity {deal}")


def _account_owner(rule: Rule, question: Question) -> Choice:
    account = question.account
    if account is None:
        raise NobodyAvailable("The lead has no account.")
    if account.owner_id is None:
        raise NobodyAvailable(f"Nobody owns the account {account}.")
    return whose(account.owner_id, rule, question, why=f"owns the account {account}")


def _territory(rule: Rule, question: Question) -> Choice:
    territory = territory_for(question)
    if territory.rep_id is not None:
        return whose(territory.rep_id, rule, question, why=f"has the territory {territory}")
    assert territory.rota_id is not None  # constraint territory_rep_or_rota
    why = f"for the territory {territory}"
    return Choice(None, why, line_of_rota(territory.rota_id), rota_id=territory.rota_id)


def _rota(rule: Rule, question: Question) -> Choice:
    assert rule.rota_id is not None  # constraint routing_rule_names_its_outcome
    return Choice(None, "", line_of_rota(rule.rota_id), rota_id=rule.rota_id)


def _rep(rule: Rule, question: Question) -> Choice:
    assert rule.rep_id is not None  # constraint routing_rule_names_its_outcome
    return whose(rule.rep_id, rule, question, why="is named by the rule")


def _queue(rule: Rule, question: Question) -> Choice:
    assert rule.queue_id is not None  # constraint routing_rule_names_its_outcome
    past = question.past
    queue = past.queue(rule.queue_id) if past else Queue.objects.get(pk=rule.queue_id)
    return Choice(queue, reason=f"goes to the queue {queue}")


def _accepted_before(rule: Rule, question: Question) -> Choice:
    """Return who accepted a returning lead before. Nobody covers: it is about who knows it."""
    assert rule.rep_id is not None  # routing.returning names them
    candidate = candidate_for(question, rule.rep_id, rule.needs)
    if candidate.refusal:
        sentence = f"{candidate.rep} accepted this lead before but {candidate.refusal}."
        raise NobodyAvailable(sentence, skips=[candidate.skip])
    return Choice(candidate.rep, "accepted this lead before", seen=candidate)


CHOOSERS: Mapping[str, Callable[[Rule, Question], Choice]] = {
    Outcome.OPPORTUNITY_OWNER: _opportunity_owner,
    Outcome.ACCOUNT_OWNER: _account_owner,
    Outcome.TERRITORY: _territory,
    Outcome.ROTA: _rota,
    Outcome.REP: _rep,
    Outcome.QUEUE: _queue,
    ACCEPTED_BEFORE: _accepted_before,
}
