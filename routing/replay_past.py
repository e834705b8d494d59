"""Past handoffs with what was known when each was opened, and the people of today to give them to.
A few statements for many handoffs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import Min, Q

from leads.bulk_evidence import History, histories
from leads.fact_sheet import handoff_facts
from leads.models import (
    Absence,
    AccountDomain,
    Assignment,
    Handoff,
    Opportunity,
    Organisation,
    Queue,
    User,
)
from routing.candidates import candidates
from routing.caps import LONGEST_WEEK
from routing.hours import LONGEST_WAIT, hours_of
from routing.models import Rota, RotaMember, Territory
from routing.questions import account_now
from routing.replay import Case
from routing.replay_people import NEVER, Away, People, State
from routing.territories import EMAIL_DOMAIN, with_parents

Answer, ClosedAs = Assignment.Answer, Handoff.ClosedAs
# What is read of a handoff and its lead.
READ = ("opened_at", "closed_at", "path", "trigger_key", "band", "lead__account")


class Answered(NamedTuple):
    answered_at: datetime
    rep_id: int
    answer: str
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Lives:
    """What was said of many leads and their companies, whenever it was. answers and ends: by lead,
    oldest first; deals: newest first; domains: by account.
    """

    answers: Mapping[int, Sequence[Answered]]
    ends: Mapping[int, Sequence[tuple[datetime, str]]]
    deals_of_account: Mapping[int, Sequence[Opportunity]]
    deals_of_lead: Mapping[int, Sequence[Opportunity]]
    domains: Mapping[int, Sequence[str]]

    def deal(self, handoff: Handoff) -> Opportunity | None:
        """Return the newest deal that was open when `handoff` was opened."""
        lead, at = handoff.lead, handoff.opened_at
        of_account = self.deals_of_account.get(lead.account_id or 0, ())
        deals = of_account if lead.account_id else self.deals_of_lead.get(lead.pk, ())
        return next((each for each in deals if _was_open(each, at)), None)

    def accepted_by(self, lead_id: int, at: datetime) -> int | None:
        """Return who had accepted a lead last, if it was recycled since."""
        ended = [how for when, how in self.ends.get(lead_id, ()) if when <= at]
        if not ended or ended[-1] != ClosedAs.RECYCLED:
            return None
        accepted = [
            each.rep_id
            for each in self.answers.get(lead_id, ())
            if each.answer == Answer.ACCEPTED and each.closed_at and each.closed_at <= at
        ]
        return accepted[-1] if accepted else None

    def rejected_by(self, lead_id: int, at: datetime) -> frozenset[int]:
        """Return those whose last answer for a lead was to reject it."""
        answers = self.answers.get(lead_id, ())
        last = {each.rep_id: each.answer for each in answers if each.answered_at <= at}
        return frozenset(rep_id for rep_id, answer in last.items() if answer == Answer.REJECTED)


def cases_of(handoff_ids: Sequence[int]) -> list[Case]:
    """Return these handoffs as they were known when they were opened, oldest first.

    An account, its owner and its domains are as they are now.
    """
    found = Handoff.objects.filter(pk__in=handoff_ids).select_related("lead__account")
    found = found.annotate(
        turned_down_at=Min(
            "assignments__answered_at", filter=Q(assignments__answer=Answer.REJECTED)
        )
    )
    handoffs = list(found.only(*READ).order_by("opened_at", "pk"))
    if not handoffs:
        return []
    lead_ids = sorted({each.lead_id for each in handoffs})
    lives = _lives(lead_ids, {each.lead.account_id for each in handoffs} - {None})
    of_lead = {each: list(own) for each, own in _by_lead(handoffs)}
    cases = [
        _case(handoff, history, lives)
        for history in histories(lead_ids, handoffs[-1].opened_at)
        for handoff in of_lead[history.lead_id]
    ]
    return sorted(cases, key=lambda each: (each.opened_at, each.handoff_id))


def _by_lead(handoffs: Iterable[Handoff]) -> Iterator[tuple[int, Iterator[Handoff]]]:
    return groupby(sorted(handoffs, key=lambda each: each.lead_id), lambda each: each.lead_id)


def _case(handoff: Handoff, history: History, lives: Lives) -> Case:
    known, lead, at = history.at(handoff.opened_at), handoff.lead, handoff.opened_at
    deal = lives.deal(handoff)
    facts = {**known.facts, **handoff_facts(handoff), **account_now(lead.account, deal)}
    address = facts.get(EMAIL_DOMAIN)
    told = [*lives.domains.get(lead.account_id or 0, ()), *([str(address)] if address else [])]
    return Case(
        handoff.pk,
        lead.pk,
        at,
        known.with_facts(facts),
        frees_at=_frees_at(handoff),
        account=lead.account,
        deal=deal,
        domains=with_parents(told),
        accepted_by=lives.accepted_by(lead.pk, at),
        rejected_by=lives.rejected_by(lead.pk, at),
    )


def _frees_at(handoff: Handoff) -> datetime:
    """Return when a handoff left its rep's open work: it was closed, or turned down before."""
    turned_down_at: datetime | None = vars(handoff)["turned_down_at"]  # as cases_of annotated
    return min(each for each in (turned_down_at, handoff.closed_at, NEVER) if each)


def _was_open(deal: Opportunity, at: datetime) -> bool:
    return deal.opened_at <= at and (deal.closed_at is None or deal.closed_at > at)


def _lives(lead_ids: Sequence[int], account_ids: set[Any]) -> Lives:
    answered = Assignment.objects.filter(handoff__lead__in=lead_ids, answered_at__isnull=False)
    said = answered.exclude(answer="").order_by("answered_at", "pk")
    closed = Handoff.objects.filter(lead__in=lead_ids, closed_at__isnull=False)
    deals = Opportunity.objects.select_related("handoff__owner", "lead__owner")
    deals = deals.defer("handoff__packet").order_by("-opened_at", "-pk")
    domains = AccountDomain.objects.filter(account__in=account_ids)
    return Lives(
        answers=_grouped(
            (lead_id, Answered(answered_at, rep_id, answer, closed_at))
            for lead_id, answered_at, rep_id, answer, closed_at in said.values_list(
                "handoff__lead", "answered_at", "rep", "answer", "handoff__closed_at"
            )
            if answered_at
        ),
        ends=_grouped(
            (lead_id, (closed_at, closed_as))
            for lead_id, closed_at, closed_as in closed.order_by("closed_at", "pk").values_list(
                "lead", "closed_at", "closed_as"
            )
            if closed_at
        ),
        deals_of_account=_grouped(
            (each.lead.account_id, each) for each in deals.filter(lead__account__in=account_ids)
        ),
        deals_of_lead=_grouped((each.lead_id, each) for each in deals.filter(lead__in=lead_ids)),
        domains=_grouped(domains.order_by("pk").values_list("account", "domain")),
    )


def _grouped(rows: Iterable[tuple[Any, Any]]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for key, value in rows:
        found.setdefault(key, []).append(value)
    return found


def people_at(at: datetime, *, since: datetime) -> People:
    """Return everybody as they are at `at`, with their absences from `since` on."""
    rep_ids = list(User.objects.order_by("pk").values_list("pk", flat=True))
    absent = Absence.objects.filter(ends_at__gt=since, starts_at__lt=at + LONGEST_WAIT)
    away: dict[int, list[Away]] = _grouped(
        (row[0], Away(*row[1:]))
        for row in absent.order_by("starts_at", "pk").values_list(
            "user", "starts_at", "ends_at", "cover"
        )
    )
    members: dict[int, dict[int, int]] = {}
    in_order = RotaMember.objects.order_by("rep")
    for rota_id, rep_id, weight in in_order.values_list("rota", "rep", "weight"):
        members.setdefault(rota_id, {})[rep_id] = weight
    known = {
        rep_id: [(each.starts_at, each.ends_at) for each in own] for rep_id, own in away.items()
    }
    return People(
        reps={each.rep.pk: each.rep for each in candidates(rep_ids, None, at=at)},
        rotas=Rota.objects.in_bulk(),
        members=members,
        queues=Queue.objects.in_bulk(),
        territories=list(Territory.objects.all()),
        hours=replace(hours_of(rep_ids, at), absences=known),
        away=away,
        first_weekday=Organisation.objects.get().first_weekday,
    )


def state_at(at: datetime) -> State:
    """Return what reps had in hand at `at`, and what they were passed in the days before: the
    replay goes on from there. Every rota begins anew.
    """
    state = State()
    recent = Q(passed_at__gt=at - LONGEST_WEEK) | Q(ended_at__gt=at) | Q(ended_at=None)
    earlier = Assignment.objects.filter(recent, passed_at__lt=at, handoff__opened_at__lt=at)
    rows = earlier.order_by("passed_at", "pk").values_list("rep", "passed_at", "ended_at")
    for rep_id, passed_at, ended_at in rows:
        state.give(rep_id, at=passed_at, frees_at=ended_at or NEVER)
    return state
