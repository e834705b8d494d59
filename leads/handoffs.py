"""What happens to a handoff, from opening to close.

Each function is one transaction and expects to be the only one at work on its lead: callers lock
with `locked`, in the order lead, handoff. States and who may follow whom:

    review -> waiting -> passed -> accepted -> closed
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from leads import lifecycle, ownership
from leads.bulk_passing import open_assignments
from leads.errors import HandoffIsOpen, LostRace
from leads.models import (
    Assignment,
    Handoff,
    Hop,
    Lead,
    OwnershipChange,
    Queue,
    User,
    Version,
)
from leads.rows import Columns
from leads.scoring import Score, is_better_band

NURTURE, REVIEW, ROUTING = "nurture", "review", "routing"
# How the reason begins of who goes to review for want of a field, and of nothing else.
MISSING = "Missing: "
FIRST_HOP = "marketing_sales"

LEAD, HANDOFF = Columns(Lead, "lead"), Columns(Handoff, "handoff")
# As SQL, since every step of a handoff begins with it. Rows are locked in the order named last.
LOCK = f"""
    SELECT {LEAD.sql}, {HANDOFF.sql}
    FROM leads_handoff handoff JOIN leads_lead lead ON lead.id = handoff.lead_id
    WHERE handoff.id = %s FOR NO KEY UPDATE OF lead, handoff
"""
LOCK_IF_FREE = f"{LOCK} SKIP LOCKED"

# None is found where the lead that was waited for was merged into another, which has it now.
MOST_LOOKS = 3

Source = OwnershipChange.Source
State = Handoff.State
PASSED = State.PASSED
WITH_A_REP = (PASSED, State.ACCEPTED)


def locked(handoff_id: int) -> Handoff:
    """Lock a handoff and its lead, in the order that everyone does, and return it fresh."""
    found = _look(LOCK_IF_FREE, handoff_id) or _wait_for(handoff_id)
    handoff = HANDOFF.made(found[len(LEAD) :])
    handoff.lead = LEAD.made(found[: len(LEAD)])
    return handoff


def _look(statement: str, handoff_id: int) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [handoff_id])
        found: tuple[Any, ...] | None = cursor.fetchone()
    return found


def _wait_for(handoff_id: int) -> tuple[Any, ...]:
    """Lock what others hold, once they let go of it. A look that finds none lets go of what it
    locked: the handoff is not to be held while its new lead is waited for.
    """
    for _ in range(MOST_LOOKS):
        with transaction.atomic():
            found = _look(LOCK, handoff_id)
            transaction.set_rollback(found is None)
        if found is not None:
            return found
    raise Handoff.DoesNotExist(f"There is no handoff {handoff_id}.")


def earlier_of(handoff: Handoff) -> list[Handoff]:
    """Return the handoffs that `handoff` goes on from, since their close was undone, the latest
    first.
    """
    found: list[Handoff] = []
    earlier = handoff.previous
    while earlier is not None:
        found.append(earlier)
        earlier = earlier.previous
    return found


def open_assignment(handoff: Handoff) -> Assignment | None:
    return Assignment.objects.filter(handoff=handoff, ended_at=None).select_related("rep").first()


@transaction.atomic
def open_handoff(
    lead: Lead,
    *,
    path: str,
    trigger_key: str = "",
    reason: str,
    at: datetime,
    hand_raised_at: datetime | None = None,
    criteria: Version | None = None,
    score: Score | None = None,
    previous: Handoff | None = None,
    by: User | None = None,
    is_historical: bool = False,
) -> Handoff:
    """Open a handoff of `lead`, waiting in the routing queue.

    hand_raised_at: when the prospect asked for a person; None for a handoff by depth or score.
    A lead that rested rests no longer. Raises HandoffIsOpen if it has an open one.
    """
    if Handoff.objects.open().filter(lead=lead).exists():
        raise HandoffIsOpen("This lead has an open handoff already.")
    handoff = Handoff(
        lead=lead,
        hop=Hop.objects.get(key=FIRST_HOP),
        previous=previous,
        state=State.WAITING,
        path=path,
        trigger_key=trigger_key,
        reason=reason,
        criteria=criteria,
        opened_at=at,
        hand_raised_at=hand_raised_at,
        is_historical=is_historical,
    )
    if score is not None:
        handoff.fit, handoff.readiness, handoff.band = score.fit, score.readiness, score.band
    source = Source.IMPORT if is_historical else Source.INTAKE
    _to_queue(handoff, ROUTING, source=source, reason=reason, by=by, at=at)
    handoff.save()
    if lead.wakes_at is not None and not is_historical:
        _end_rest(lead)
    return handoff


def _end_rest(lead: Lead) -> None:
    """Let a lead that was sent back to nurture rest no longer, and be woken no more."""
    if lead.reconsider_at == lead.wakes_at:
        lead.reconsider_at = lead.reconsider_fails_since = None
    lead.nurture_until = lead.wakes_at = None
    judging = ("reconsider_at", "reconsider_fails_since")
    lead.save(update_fields=["nurture_until", "wakes_at", *judging])


@transaction.atomic
def send_to_review(
    handoff: Handoff,
    *,
    at: datetime,
    missing: Iterable[str] = (),
    reason: str = "",
    source: str = Source.ROUTING,
    by: User | None = None,
) -> None:
    """Put `handoff` into the review queue, saying which facts are missing or what else is wrong."""
    handoff.missing = list(missing)
    why = reason or MISSING + ", ".join(handoff.missing)
    end_assignment(handoff, Assignment.Outcome.HANDED_BACK, at=at)
    lifecycle.undo_acceptance(handoff, reason=why, by=by, at=at)
    handoff.state = State.REVIEW
    handoff.review_reason = reason[:300]
    handoff.reroute_at = None
    _to_queue(handoff, REVIEW, source=source, reason=why[:200], by=by, at=at)
    handoff.save()


def keep_in_review(handoff: Handoff, *, missing: Iterable[str], refusal: str) -> None:
    """Say what a handoff in review still waits for. refusal: by a stage; "": none that is known."""
    handoff.missing = list(missing)
    handoff.review_reason = refusal[:300] or handoff.review_reason
    handoff.save(update_fields=["missing", "review_reason"])


@transaction.atomic
def back_to_routing(
    handoff: Handoff,
    *,
    at: datetime,
    reason: str,
    source: str = Source.ROUTING,
    by: User | None = None,
    outcome: str = Assignment.Outcome.REROUTED,
) -> None:
    """Take `handoff` from its rep or from review and set it waiting to be routed at once."""
    end_assignment(handoff, outcome, at=at)
    lifecycle.undo_acceptance(handoff, reason=reason, by=by, at=at)
    handoff.state = State.WAITING
    handoff.missing, handoff.review_reason = [], ""
    handoff.reroute_at = at
    _to_queue(handoff, ROUTING, source=source, reason=reason, by=by, at=at)
    handoff.save()


def hold(handoff: Handoff, *, till: datetime) -> None:
    """Let a waiting handoff wait on, to be routed at `till`."""
    handoff.reroute_at = till
    handoff.save(update_fields=["priority", "reroute_at"])


def pass_to(
    handoff: Handoff,
    rep: User,
    *,
    source: str,
    reason: str,
    at: datetime,
    by: User | None = None,
) -> Assignment:
    """Pass `handoff` to `rep`, with the priority that it has been given: end the open assignment if
    there is one, open the next. The caller has begun the transaction.

    Raises LostRace if the handoff was closed in the meantime, and as `ownership.take`; the caller
    rolls back then.
    """
    if not handoff.is_open:
        raise LostRace("This handoff was closed in the meantime.", at=handoff.closed_at)
    ownership.take_with_handoff(handoff, to=rep, source=source, reason=reason, by=by, at=at)
    if handoff.state in WITH_A_REP:
        end_assignment(handoff, Assignment.Outcome.REASSIGNED, at=at)
        lifecycle.undo_acceptance(handoff, reason=reason, by=by, at=at)
    (assignment,) = open_assignments([(handoff, rep)], at=at)
    return assignment


def rise(handoff: Handoff) -> bool:
    """Note the band of the lead of an open handoff, if it is better than any since its opening.
    Returns whether it is so; of a handoff that was opened without a band it never is.
    """
    if not handoff.lead.band or not is_better_band(handoff.lead.band, handoff.best_band):
        return False
    handoff.better_band = handoff.lead.band
    handoff.save(update_fields=["better_band"])
    return True


def receive(assignment: Assignment, *, evidence: str, at: datetime) -> bool:
    """Note that the rep has seen the lead, and how one knows. Only the first time counts; returns
    whether this was it.
    """
    first = Assignment.objects.filter(
        pk=assignment.pk, received_at=None, passed_at__lte=at, ended_at=None
    ).update(received_at=at, evidence=evidence)
    if first:
        Handoff.objects.filter(pk=assignment.handoff_id, received_at=None).update(received_at=at)
    return bool(first)


@transaction.atomic
def accept(assignment: Assignment, *, by: User, at: datetime, override: str = "") -> Handoff:
    """Answer an assignment with yes. Returns the handoff, locked.

    override: why, although the lead does not meet what the stage asks for.
    Raises LostRace, naming the winner, if it was answered, passed on or closed before, and
    EntryRefused if the stage asks for more.
    """
    handoff = locked(assignment.handoff_id)
    answered = Assignment.objects.filter(pk=assignment.pk, answered_at=None, ended_at=None).update(
        answer=Assignment.Answer.ACCEPTED, answered_at=at
    )
    if not answered:
        raise lost_answer(assignment.handoff_id)
    receive(assignment, evidence=Assignment.Evidence.ANSWERED, at=at)
    handoff.refresh_from_db(fields=["received_at"])
    handoff.state = State.ACCEPTED
    handoff.accepted_at = at
    handoff.save()
    stage = lifecycle.stage_on_accept(handoff)
    reason = f"Accepted by {by}"
    lifecycle.move(
        handoff.lead, stage, at=at, reason=reason, by=by, handoff=handoff, override=override
    )
    return handoff


def lost_answer(handoff_id: int) -> LostRace:
    """Return the LostRace that says what became of a handoff that somebody still saw as open."""
    last = (
        Assignment.objects.filter(handoff=handoff_id)
        .select_related("rep", "handoff__lead__owner", "handoff__lead__queue")
        .order_by("seq")
        .last()
    )
    if last is None:
        return LostRace("This lead went back to be routed.")
    if last.outcome == Assignment.Outcome.MERGED:
        holder = last.handoff.lead.responsible
        said = f"Two leads were one person: they were merged, and {holder} has the lead."
        return LostRace(said, winner=last.handoff.lead.owner)
    if last.answer:
        said = last.get_answer_display().lower()
        return LostRace(f"{last.rep} {said} this.", winner=last.rep, at=last.answered_at)
    if last.ended_at:
        return LostRace("This lead went back to be routed.", at=last.ended_at)
    return LostRace(f"This lead went to {last.rep}.", winner=last.rep, at=last.passed_at)


@transaction.atomic
def close(
    handoff: Handoff,
    *,
    closed_as: str,
    outcome: str,
    at: datetime,
    source: str = Source.REP,
    reason: str,
    by: User | None = None,
    keeps_owner: bool = False,
) -> None:
    """Close `handoff` for good. The lead returns to marketing's queue unless `keeps_owner`."""
    end_assignment(handoff, outcome, at=at)
    handoff.state, handoff.closed_as, handoff.closed_at = State.CLOSED, closed_as, at
    handoff.reroute_at = None
    if not keeps_owner:
        _to_queue(handoff, NURTURE, source=source, reason=reason[:200], by=by, at=at)
    handoff.save()


def end_assignment(handoff: Handoff, outcome: str, *, at: datetime) -> None:
    """End the open assignment of `handoff`, if there is one, with `outcome`."""
    Assignment.objects.filter(handoff=handoff, ended_at=None).update(ended_at=at, outcome=outcome)


def _to_queue(
    handoff: Handoff, key: str, *, source: str, reason: str, by: User | None, at: datetime
) -> None:
    queue = Queue.objects.get(key=key)
    ownership.take_with_handoff(handoff, to=queue, source=source, reason=reason, by=by, at=at)
