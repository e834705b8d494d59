"""Which rep, team or queue a handoff goes to, and why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from leads import handoffs, ownership
from leads.conditions import Truth
from leads.errors import LostRace
from leads.evidence import Evidence
from leads.fact_history import evidence_for
from leads.fact_sheet import handoff_facts
from leads.models import Assignment, Handoff, OwnershipChange, Queue, User, Version
from routing.candidates import NEVER, candidates, lock
from routing.errors import CannotTake, NobodyAvailable
from routing.models import Decision
from routing.outcomes import Choice, Question, choose, open_opportunity
from routing.table import Rule, live_table
from routing.trace import Log
from sla import clocks, messages, outbox
from sla.models import Notification, Target

REASON_LENGTH = 300
OWNERSHIP_REASON_LENGTH = 200


def route(handoff: Handoff, *, at: datetime) -> Decision:
    """Ask the live table's rules in order and pass `handoff` to whom the first leads that leads
    anywhere; failing all, send it to review with the reason. Returns the decision, on record.

    The caller has begun the transaction and holds the locks of lead and handoff
    (`leads.handoffs.locked`); starting clocks and telling people is the caller's as well.
    """
    version, rules = live_table(at)
    evidence = routing_evidence(handoff, at)
    question = Question(handoff, evidence.facts, at)
    log = Log()
    for rule in rules:
        choice = _ask(rule, question, evidence, log)
        if choice is not None:
            return _carry_out(choice, question, log, rule=rule, version=version)
    return _to_review(question, log, version=version)


def routing_evidence(handoff: Handoff, at: datetime) -> Evidence:
    """Return what rules may ask about: the lead, its score, and what opened the handoff.

    Whether the account has an owner or an open deal is read from the account as it is now: the
    rules that ask lead to that very person.
    """
    account = handoff.lead.account
    facts = {
        "account.has_owner": account is not None and account.owner_id is not None,
        "account.has_open_opportunity": open_opportunity(handoff) is not None,
    }
    return evidence_for(handoff.lead, at, extra=handoff_facts(handoff) | facts)


def _ask(rule: Rule, question: Question, evidence: Evidence, log: Log) -> Choice | None:
    """Return what `rule` leads to, None if it fails or leads to nobody; log it either way."""
    trace = rule.conditions.trace(evidence)
    if trace.truth is not Truth.TRUE:
        log.add_failed(rule, trace, rule.conditions.unknown_facts(evidence))
        return None
    try:
        # A savepoint, so that a rota that yields nobody is unlocked before the next is tried.
        with transaction.atomic():
            choice = choose(rule, question)
    except NobodyAvailable as nobody:
        log.add_nobody(rule, trace, nobody)
        return None
    log.add_matched(rule, trace, choice.skips)
    return choice


def _carry_out(
    choice: Choice, question: Question, log: Log, *, rule: Rule, version: Version
) -> Decision:
    question.handoff.priority = max(question.handoff.priority, rule.priority)
    if isinstance(choice.to, Queue):
        if rule.is_fallback:
            return _to_review(question, log, version=version, rule=rule, queue=choice.to)
        reason = f"By the rule “{rule.label}”."
        _put_in_queue(question, choice.to, reason=reason)
        return _record(question, log, reason=reason, version=version, rule=rule)
    assignment = handoffs.pass_to(
        question.handoff,
        choice.to,
        source=OwnershipChange.Source.ROUTING,
        reason=f"{rule.label}: {choice.reason}"[:OWNERSHIP_REASON_LENGTH],
        at=question.at,
    )
    if choice.turn is not None:
        choice.turn.assignment = assignment
        choice.turn.save()
    return _record(
        question, log, reason=choice.reason, version=version, rule=rule, assignment=assignment
    )


def _to_review(
    question: Question,
    log: Log,
    *,
    version: Version,
    rule: Rule | None = None,
    queue: Queue | None = None,
) -> Decision:
    """Send what no rule leads anywhere to review, or to the `queue` that the fallback names."""
    reason = log.why_nobody()[:REASON_LENGTH]
    _put_in_queue(question, queue, reason=reason, missing=log.unknown | log.missing)
    return _record(question, log, reason=reason, version=version, rule=rule)


def _put_in_queue(
    question: Question, queue: Queue | None, *, reason: str, missing: Iterable[str] = ()
) -> None:
    """Put a handoff into `queue` for somebody to look at; None: the review queue."""
    handoff, at = question.handoff, question.at
    handoffs.send_to_review(handoff, missing=missing, reason=reason, at=at)
    if queue is not None and queue != handoff.queue:
        source = OwnershipChange.Source.ROUTING
        ownership.take_with_handoff(
            handoff,
            to=queue,
            source=source,
            reason=reason[:OWNERSHIP_REASON_LENGTH],
            by=None,
            at=at,
        )
        handoff.save(update_fields=["owner", "queue"])


def _record(
    question: Question,
    log: Log,
    *,
    reason: str,
    version: Version,
    rule: Rule | None,
    assignment: Assignment | None = None,
) -> Decision:
    """Keep the decision; without an assignment, it went to the queue that the handoff is in."""
    handoff = question.handoff
    return Decision.objects.create(
        handoff=handoff,
        assignment=assignment,
        version=version,
        rule_key=rule.key if rule else "",
        rule_label=rule.label if rule else "",
        rep=assignment.rep if assignment else None,
        queue=None if assignment else handoff.queue,
        reason=reason[:REASON_LENGTH],
        trace=log.to_json(),
        at=question.at,
    )


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
    clocks.stop(handoff, [Target.Kind.REVIEW], at=at, evidence=f"Given to {rep} by {by}")
    assignment = handoffs.pass_to(
        handoff,
        rep,
        source=OwnershipChange.Source.MANAGER,
        reason=reason[:OWNERSHIP_REASON_LENGTH],
        by=by,
        at=at,
    )
    clocks.start_assignment_clocks(assignment, at=at)
    headline = messages.headline(handoff)
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
