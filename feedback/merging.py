"""Merging two leads who are one person: what becomes of their handoffs and of what was promised.

Not to be undone. The rest of it, rows, facts, stage and owner, is `leads.merging`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from feedback import merge_messages, pausing, touch_outcomes
from feedback.closing import close
from feedback.errors import CannotMerge
from feedback.merge_pairs import Pair, pair_of, refusal_of
from leads import handoffs, lifecycle, merging
from leads.errors import LostRace
from leads.models import Handoff, Lead, Touch, User
from leads.nudges import nudge
from leads.retrying import told_of_chance
from sla import clocks, instant_answers, responses, stay_clocks
from sla.models import Clock, Target
from sla.models.promises import STAYS

SWEEP_TASK = "revops.tasks.sweep"
PROSPECTS = [Target.Kind.FIRST_RESPONSE]


@told_of_chance()
@transaction.atomic
def merge(keep: Lead, gone: Lead, *, seen: str, by: User, at: datetime) -> Lead:
    """Merge `gone` into `keep`. The prospect's clocks go on from when they asked, by whichever of
    the two: the earliest start holds. Returns the lead that is kept.

    seen: the `Pair.mark` that `by` saw. Raises LostRace if one of the two changed since
    or is being changed, CannotMerge for what `refusal_of` says.
    """
    pair = _claimed(keep, gone, seen=seen, by=by)
    for lead in (pair.keep, pair.gone):
        stay_clocks.catch_up(lead, at)
    ended, had_them = pair.ends, (pair.keep.owner, pair.gone.owner)
    if ended:
        _count_answers(ended, [pair.keep, pair.gone], at=at)
        _end(ended, pair, by=by, at=at)
    is_open = pair.goes_on is not None
    stays_on = merging.takes_stay(pair.keep, pair.gone, at, is_open=is_open)
    _end_stays(pair.keep if stays_on else pair.gone, at=at)
    clocks.change_lead(pair.gone, pair.keep)
    merging.merge(pair.keep, pair.gone, by=by, at=at)
    if current := Handoff.objects.open().filter(lead=pair.keep).first():
        _go_on(handoffs.locked(current.pk), ended, stays_on=stays_on, at=at)
    merge_messages.tell(pair, ended, had_them, by=by, at=at)
    nudge(SWEEP_TASK)
    return pair.keep


def _claimed(keep: Lead, gone: Lead, *, seen: str, by: User) -> Pair:
    """Lock two leads that `by` may merge as they saw them."""
    pair = _locked(*merging.locked_pair(keep.pk, gone.pk))
    if pair.mark != seen:
        raise LostRace("One of the two changed in the meantime. Look at them once more.")
    if refusal := refusal_of(pair, by):
        raise CannotMerge(refusal)
    return pair


def _locked(keep: Lead, gone: Lead) -> Pair:
    """Lock all handoffs of two locked leads, then all clocks, each in the order of their ids."""
    handoffs_of = Handoff.objects.filter(lead__in=[keep, gone]).order_by("id")
    list(handoffs_of.select_for_update(no_key=True).values_list("pk"))
    clocks.lock_of([keep, gone])
    return pair_of(keep, gone)


def _end_stays(lead: Lead, *, at: datetime) -> None:
    """End what was promised of how long `lead` stays in its stage: the stay of the other holds."""
    stays = Clock.objects.running().filter(lead=lead, kind__in=STAYS.values())
    for clock in stays.select_related("handoff"):
        clocks.end(clock.handoff, at=at, kind=clock.kind)


def _end(handoff: Handoff, pair: Pair, *, by: User, at: datetime) -> None:
    reason = f"Same person as {pair.keep}, says {by}"
    lifecycle.undo_acceptance(handoff, reason=reason, by=by, at=at)
    merged, source = Handoff.ClosedAs.MERGED, handoffs.Source.MANAGER
    close(handoff, merged, reason=reason, by=by, at=at, source=source)


def _go_on(handoff: Handoff, ended: Handoff | None, *, stays_on: bool, at: datetime) -> None:
    """Let a handoff go on, with what was asked in the one that ended, if one did."""
    if ended:
        _join(handoff, ended, stays_on=stays_on, at=at)
    _count_answers(handoff, [handoff.lead], at=at)


def _join(handoff: Handoff, ended: Handoff, *, stays_on: bool, at: datetime) -> None:
    """Let what was asked in a handoff that ended, and was not answered, be asked in the one that
    goes on.

    stays_on: what was promised of its lead's stay is promised on.
    """
    stay = STAYS.get(handoff.lead.stage_id)
    if stays_on and stay is not None:
        clocks.carry_over(ended, handoff, kind=stay, at=at)
    instant_answers.go_on(ended, handoff, at=at)
    if clocks.carry_over(ended, handoff, at=at):
        pausing.hand_raised(handoff, at=at, because="Waits for an answer by another address")
    if not _was_answered(ended, before=handoff):
        asked = [each.hand_raised_at for each in (handoff, ended) if each.hand_raised_at]
        handoff.hand_raised_at = min(asked, default=None)
    handoff.priority = max(handoff.priority, ended.priority)
    handoff.save(update_fields=["hand_raised_at", "priority"])


def _was_answered(ended: Handoff, *, before: Handoff) -> bool:
    """Whether the prospect of a handoff that ended was answered before they asked in the other."""
    answered_at = ended.first_response_at
    return answered_at is not None and answered_at < responses.first_asked_at(before)


def _count_answers(handoff: Handoff, leads: Sequence[Lead], *, at: datetime) -> None:
    """Let whoever answered one of `leads` have answered the prospect of `handoff`, from when they
    did.
    """
    since = responses.first_asked_at(handoff)
    made = Touch.objects.filter(lead__in=leads, is_automated=False, occurred_at__gte=since)
    touches = list(made.select_related("by").order_by("occurred_at", "pk"))
    if touches:
        handoff.first_response_at = None  # counted again, from when they first asked
    for touch in touches:
        touch_outcomes.count(touch, handoff, PROSPECTS, at=at)
