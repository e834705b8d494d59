"""Which rep, team or queue a handoff goes to, and why."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from leads import handoffs, ownership
from leads.errors import LostRace
from leads.models import Assignment, Handoff, OwnershipChange, Queue, User, Version
from routing.asking import Answer, ask
from routing.candidates import NEVER, candidates
from routing.claiming import lock
from routing.errors import CannotTake
from routing.models import Decision
from routing.outcomes import held
from routing.questions import question_of
from routing.table import live_table
from sla import clocks, handoff_clocks, messages, outbox
from sla.models import Notification, Target

REASON_LENGTH = 300
OWNERSHIP_REASON_LENGTH = 200
# What makes a wait the same as the last.
WAIT = ("waits_till", "line", "rule_key", "version_id", "reason")


def route(handoff: Handoff, *, at: datetime) -> Decision:
    """Ask the live table's rules in order and pass `handoff` to whom the first leads that leads
    anywhere; let it wait where that one holds it until somebody opens; failing all, send it to
    review with the reason. Returns the decision, on record.

    The caller has begun the transaction and holds the locks of lead and handoff
    (`leads.handoffs.locked`); starting clocks and telling people is the caller's as well.
    """
    version, rules = live_table(at)
    question, evidence = question_of(handoff, at=at)
    answer = ask(rules, question, evidence, take=held)
    if answer.rule is not None:
        handoff.priority = max(handoff.priority, answer.rule.priority)
    if answer.waits_till is not None:
        return _wait(handoff, answer, version, at=at, till=answer.waits_till)
    if isinstance(answer.to, User):
        return _pass(handoff, answer.to, answer, version, at=at)
    return _to_queue(handoff, answer, version, at=at)


def _pass(
    handoff: Handoff, rep: User, answer: Answer, version: Version, *, at: datetime
) -> Decision:
    assert answer.rule is not None and answer.choice is not None  # somebody was chosen by a rule
    assignment = handoffs.pass_to(
        handoff,
        rep,
        source=OwnershipChange.Source.ROUTING,
        reason=f"{answer.rule.label}: {answer.reason}"[:OWNERSHIP_REASON_LENGTH],
        at=at,
    )
    turn = answer.choice.turn
    if turn is not None:
        turn.assignment = assignment
        turn.save()
    return _record(handoff, answer, version, at=at, assignment=assignment)


def _wait(
    handoff: Handoff, answer: Answer, version: Version, *, at: datetime, till: datetime
) -> Decision:
    """Hold a handoff until `till`. There is one decision for each such wait, however often it is
    asked about meanwhile; another line or rule till the same instant is another wait.
    """
    handoffs.hold(handoff, till=till)
    last = Decision.objects.filter(handoff=handoff).order_by("-id").first()
    decision = decision_of(handoff, answer, version, at=at)
    if last is not None and all(getattr(last, each) == getattr(decision, each) for each in WAIT):
        return last
    decision.save()
    return decision


def _to_queue(handoff: Handoff, answer: Answer, version: Version, *, at: datetime) -> Decision:
    """Put a handoff into the queue that a rule names; what no rule takes goes to review."""
    reason = answer.reason[:REASON_LENGTH]
    is_unwanted = answer.rule is None or answer.rule.is_fallback
    missing = answer.log.unknown | answer.log.missing if is_unwanted else ()
    handoffs.send_to_review(handoff, missing=missing, reason=reason, at=at)
    if isinstance(answer.to, Queue) and answer.to != handoff.queue:
        source = OwnershipChange.Source.ROUTING
        ownership.take_with_handoff(
            handoff,
            to=answer.to,
            source=source,
            reason=reason[:OWNERSHIP_REASON_LENGTH],
            by=None,
            at=at,
        )
        handoff.save(update_fields=["owner", "queue"])
    return _record(handoff, answer, version, at=at)


def _record(
    handoff: Handoff,
    answer: Answer,
    version: Version,
    *,
    at: datetime,
    assignment: Assignment | None = None,
) -> Decision:
    decision = decision_of(handoff, answer, version, at=at, assignment=assignment)
    decision.save()
    return decision


def decision_of(
    handoff: Handoff,
    answer: Answer,
    version: Version,
    *,
    at: datetime,
    assignment: Assignment | None = None,
) -> Decision:
    """Return the decision, not saved; without an assignment, it went to the queue that the handoff
    is in.
    """
    rule = answer.rule
    return Decision(
        handoff=handoff,
        assignment=assignment,
        version=version,
        rule_key=rule.key if rule else "",
        rule_label=rule.label if rule else "",
        rep=assignment.rep if assignment else None,
        queue=None if assignment else handoff.queue,
        reason=answer.reason[:REASON_LENGTH],
        trace=answer.log.to_json(),
        waits_till=answer.waits_till,
        line=answer.line,
        at=at,
    )


def stands_against(handoff: Handoff, rep: User, *, at: datetime) -> str:
    """Return what would keep the table from giving `handoff` to `rep`, which somebody may set
    aside; "" for nothing.
    """
    (candidate,) = candidates([rep.pk], handoff, at=at)
    return "" if candidate.refusal in NEVER else candidate.refusal


@transaction.atomic
def reassign(handoff: Handoff, rep: User, *, by: User, at: datetime, note: str = "") -> Decision:
    """Give `handoff`, as `by` saw it, to `rep` by hand; end the clocks of whoever had it, start the
    rep's and tell both.

    Caps and absence don't hold here: what stood against it is kept in the trace. It takes no turn.
    Raises LostRace, naming who has it, if it moved or closed since `by` saw it, and CannotTake if
    `rep` has it already or is no active sales rep.
    """
    fresh = handoffs.locked(handoff.pk)
    _check_unmoved(handoff, fresh)
    lock(rep.pk)
    (candidate,) = candidates([rep.pk], fresh, at=at)
    if candidate.refusal in NEVER:
        raise CannotTake(f"{rep} {candidate.refusal}.")
    before = handoffs.open_assignment(fresh)
    if before is not None and before.rep_id == rep.pk:
        raise CannotTake(f"{rep} has this handoff already.")
    reason = f"by {by}" + (f": {note}" if note else "")
    assignment = _pass_by_hand(fresh, rep, before=before, reason=f"Given {reason}", by=by, at=at)
    against = [candidate.skip.to_json()] if candidate.refusal else []
    return Decision.objects.create(
        handoff=fresh,
        assignment=assignment,
        rep=rep,
        reason=f"was given it {reason}"[:REASON_LENGTH],
        trace={"rules": [], "skipped": [], "against": against},
        by=by,
        at=at,
    )


def _check_unmoved(seen: Handoff, fresh: Handoff) -> None:
    if not fresh.is_open:
        raise LostRace("This handoff was closed in the meantime.", at=fresh.closed_at)
    if seen.owner_id != fresh.owner_id or seen.queue_id != fresh.queue_id:
        holder = fresh.owner or fresh.queue
        raise LostRace(f"{holder} has this handoff now.", winner=fresh.owner, at=fresh.passed_at)


def _pass_by_hand(
    handoff: Handoff, rep: User, *, before: Assignment | None, reason: str, by: User, at: datetime
) -> Assignment:
    if before is not None:
        clocks.end(before, at=at)
    clocks.stop(handoff, [Target.Kind.REVIEW], at=at, evidence=f"Given to {rep} by {by}", by=by)
    assignment = handoffs.pass_to(
        handoff,
        rep,
        source=OwnershipChange.Source.MANAGER,
        reason=reason[:OWNERSHIP_REASON_LENGTH],
        by=by,
        at=at,
    )
    handoff_clocks.start_assignment_clocks(assignment, at=at)
    headline = messages.headline(handoff)
    if rep != by:
        outbox.notify(
            rep,
            Notification.Kind.PASSED,
            key=f"passed:assignment:{assignment.pk}",
            subject=f"{by} passed you {headline}",
            body=reason,
            handoff=handoff,
            at=at,
        )
    if before is not None:
        outbox.notify(
            before.rep,
            Notification.Kind.MOVED,
            key=f"moved:assignment:{before.pk}",
            subject=f"Moved to {rep}: {headline}",
            body=reason,
            handoff=handoff,
            at=at,
        )
    return assignment
