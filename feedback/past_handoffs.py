"""What really became of many leads: their handoffs, and how those ended."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from feedback.models import Disposition
from feedback.replay import PastHandoff
from leads.lifecycle import WITH_SALES
from leads.models import Assignment, Handoff, Opportunity, StageTransition


@dataclass(slots=True)
class Outcome:
    """What became of a lead's handoffs of some time, taken together.

    was_sent:     there was one at all; without, nothing is known.
    is_answered:  a rep accepted or rejected one.
    is_resolved:  none is open any more.
    is_settled:   it is known whether it was won: not qualified, or its deal is closed.
    """

    was_sent: bool = False
    is_answered: bool = False
    is_accepted: bool = False
    is_resolved: bool = False
    is_qualified: bool = False
    is_settled: bool = False
    is_won: bool = False


@dataclass(slots=True)
class RealPast:
    handoffs: list[PastHandoff] = field(default_factory=list)
    outcome: Outcome = field(default_factory=Outcome)


def real_pasts(lead_ids: Sequence[int], start: datetime, end: datetime) -> dict[int, RealPast]:
    """Return each lead's first hops, oldest first, and the outcome of those from `start` to `end`.

    Five queries, however many leads; one if none was ever handed over.
    """
    pasts = {lead_id: RealPast() for lead_id in lead_ids}
    rows = list(
        Handoff.objects.filter(lead__in=lead_ids, previous=None).order_by("opened_at", "pk")
    )
    handed = {each.lead_id for each in rows}
    rests, left = _rests(handed), _left_sales(handed)
    answers, deals = _answers(handed), _deals(handed)
    for handoff in rows:
        past = pasts[handoff.lead_id]
        free_at = _free_at(handoff, left.get(handoff.lead_id, ()))
        past.handoffs.append(
            PastHandoff(handoff.opened_at, handoff.closed_at, free_at, rests.get(handoff.pk))
        )
        if start <= handoff.opened_at < end:
            _add(past.outcome, handoff, answers.get(handoff.pk, set()))
    for lead_id, past in pasts.items():
        if past.outcome.was_sent:
            _settle(past.outcome, deals.get(lead_id, set()))
    return pasts


def _add(outcome: Outcome, handoff: Handoff, answers: set[str]) -> None:
    is_first = not outcome.was_sent
    outcome.was_sent = True
    outcome.is_answered |= bool(answers)
    outcome.is_accepted |= Assignment.Answer.ACCEPTED in answers
    outcome.is_resolved = not handoff.is_open and (is_first or outcome.is_resolved)
    outcome.is_qualified |= handoff.closed_as == Handoff.ClosedAs.QUALIFIED


def _settle(outcome: Outcome, deals: set[str]) -> None:
    outcome.is_won = Opportunity.State.WON in deals
    has_ended = outcome.is_won or deals == {Opportunity.State.LOST}
    outcome.is_settled = outcome.is_resolved and (not outcome.is_qualified or has_ended)


def _free_at(handoff: Handoff, left_sales: Sequence[datetime]) -> datetime | None:
    """Return when the lead could be handed over again: a qualified one once sales gave it back."""
    if handoff.closed_at is None or handoff.closed_as != Handoff.ClosedAs.QUALIFIED:
        return handoff.closed_at
    return next((at for at in left_sales if at > handoff.closed_at), None)


def _left_sales(lead_ids: Collection[int]) -> dict[int, list[datetime]]:
    moves = (
        StageTransition.objects.filter(lead__in=lead_ids, from_stage__in=WITH_SALES)
        .exclude(to_stage__in=WITH_SALES)
        .order_by("at")
    )
    return _grouped(moves.values_list("lead_id", "at"))


def _rests(lead_ids: Collection[int]) -> dict[int, date | None]:
    rows = Disposition.objects.filter(handoff__lead__in=lead_ids, nurture_until__isnull=False)
    return dict(rows.order_by("pk").values_list("handoff_id", "nurture_until"))


def _answers(lead_ids: Collection[int]) -> Mapping[int, set[str]]:
    rows = Assignment.objects.filter(handoff__lead__in=lead_ids).exclude(answer="")
    return _sets(rows.values_list("handoff_id", "answer"))


def _deals(lead_ids: Collection[int]) -> Mapping[int, set[str]]:
    rows = Opportunity.objects.filter(lead__in=lead_ids)
    return _sets(rows.values_list("lead_id", "state"))


def _grouped(rows: Iterable[tuple[int, datetime]]) -> dict[int, list[datetime]]:
    found: dict[int, list[datetime]] = {}
    for key, value in rows:
        found.setdefault(key, []).append(value)
    return found


def _sets(rows: Iterable[tuple[int, str]]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for key, value in rows:
        found.setdefault(key, set()).add(value)
    return found
