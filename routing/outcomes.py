"""What a rule leads to: the rep or queue that its outcome means for this handoff, now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from leads.models import Handoff, Opportunity, Queue, User
from routing.candidates import claim
from routing.errors import NobodyAvailable, Refused, Skip
from routing.models import RoutingRule, Turn
from routing.rotas import next_turn
from routing.table import Rule
from routing.territories import territory_for

Outcome = RoutingRule.Outcome


@dataclass(frozen=True, slots=True)
class Question:
    """Who gets `handoff`, at `at`, by what is known of its lead?"""

    handoff: Handoff
    facts: Mapping[str, object]
    at: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """A rep or a queue, and why in words that follow the name of the rule.

    turn:  the turn in a rota that it uses up; not saved, because it still lacks its assignment.
    skips: who was passed over on the way.
    """

    to: User | Queue
    reason: str
    turn: Turn | None = None
    skips: Sequence[Skip] = field(default_factory=tuple)


def choose(rule: Rule, question: Question) -> Choice:
    """Return what the outcome of `rule` means; a rep stays locked until the transaction ends.

    Raises NobodyAvailable, saying why, if it leads to nobody now.
    """
    return CHOOSERS[rule.outcome](rule, question)


def _opportunity_owner(rule: Rule, question: Question) -> Choice:
    opportunity = open_opportunity(question.handoff)
    if opportunity is None:
        raise NobodyAvailable("No opportunity is open.")
    owner = opportunity_owner(opportunity)
    if owner is None:
        raise NobodyAvailable(f"Nobody owns the open opportunity {opportunity}.")
    return _person(owner, question, reason=f"works the open opportunity {opportunity}")


def _account_owner(rule: Rule, question: Question) -> Choice:
    account = question.handoff.lead.account
    if account is None:
        raise NobodyAvailable("The lead has no account.")
    if account.owner is None:
        raise NobodyAvailable(f"Nobody owns the account {account}.")
    return _person(account.owner, question, reason=f"owns the account {account}")


def _territory(rule: Rule, question: Question) -> Choice:
    territory = territory_for(question.facts)
    if territory.rep is not None:
        return _person(territory.rep, question, reason=f"has the territory {territory}")
    assert territory.rota_id is not None  # constraint territory_rep_or_rota
    return _turn(territory.rota_id, question, reason=f"for the territory {territory}")


def _rota(rule: Rule, question: Question) -> Choice:
    assert rule.rota_id is not None  # constraint routing_rule_names_its_outcome
    return _turn(rule.rota_id, question)


def _rep(rule: Rule, question: Question) -> Choice:
    assert rule.rep_id is not None  # constraint routing_rule_names_its_outcome
    rep = User.objects.get(pk=rule.rep_id)
    return _person(rep, question, reason="is named by the rule")


def _queue(rule: Rule, question: Question) -> Choice:
    assert rule.queue_id is not None  # constraint routing_rule_names_its_outcome
    queue = Queue.objects.get(pk=rule.queue_id)
    return Choice(queue, reason=f"goes to the queue {queue}")


CHOOSERS: Mapping[str, Callable[[Rule, Question], Choice]] = {
    Outcome.OPPORTUNITY_OWNER: _opportunity_owner,
    Outcome.ACCOUNT_OWNER: _account_owner,
    Outcome.TERRITORY: _territory,
    Outcome.ROTA: _rota,
    Outcome.REP: _rep,
    Outcome.QUEUE: _queue,
}


def open_opportunity(handoff: Handoff) -> Opportunity | None:
    """Return the newest open opportunity of the lead's account, or of a lead without one."""
    lead = handoff.lead
    opportunities = Opportunity.objects.filter(state=Opportunity.State.OPEN)
    if lead.account_id is None:
        opportunities = opportunities.filter(lead=lead)
    else:
        opportunities = opportunities.filter(lead__account=lead.account_id)
    return (
        opportunities.select_related("handoff__owner", "lead__owner")
        .order_by("-opened_at", "-id")
        .first()
    )


def opportunity_owner(opportunity: Opportunity) -> User | None:
    """Return who works a deal: the owner of the handoff that it came from, else of its lead."""
    handoff = opportunity.handoff
    return (handoff.owner if handoff else None) or opportunity.lead.owner


def _person(rep: User, question: Question, *, reason: str) -> Choice:
    try:
        return Choice(claim(rep.pk, question.handoff, at=question.at), reason)
    except Refused as refused:
        raise NobodyAvailable(
            f"{rep} {reason} but {refused.skip.reason}.", skips=[refused.skip]
        ) from refused


def _turn(rota_id: int, question: Question, *, reason: str = "") -> Choice:
    turn, skips = next_turn(rota_id, question.handoff, at=question.at)
    words = f"is next in rota {turn.rota} {reason}".strip()
    return Choice(turn.rep, words, turn=turn, skips=skips)
