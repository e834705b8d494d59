"""Which rep, team or queue a handoff goes to, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from leads import handoffs, ownership
from leads.conditions import Trace, Truth
from leads.evidence import Evidence
from leads.fact_history import evidence_for
from leads.models import Assignment, Handoff, OwnershipChange, Queue, Version
from routing.errors import NobodyAvailable, Skip
from routing.models import Decision
from routing.outcomes import Choice, Question, choose, open_opportunity
from routing.table import Rule, live_table
from routing.territories import labels_of

REASON_LENGTH = 300
OWNERSHIP_REASON_LENGTH = 200


@dataclass(slots=True)
class Log:
    """What was asked on the way to a decision, as `Decision.trace` keeps it."""

    rules: list[dict[str, object]] = field(default_factory=list)
    skipped: list[dict[str, object]] = field(default_factory=list)
    nobody: list[str] = field(default_factory=list)
    unknown: dict[str, None] = field(default_factory=dict)
    missing: dict[str, None] = field(default_factory=dict)

    def add_rule(self, rule: Rule, trace: Trace, *, nobody: str = "") -> None:
        matched = trace.truth is Truth.TRUE
        entry = {"key": rule.key, "label": rule.label, "matched": matched, "trace": trace.to_json()}
        self.rules.append(entry | ({"nobody": nobody} if nobody else {}))

    def add_skips(self, rule: Rule, skips: Sequence[Skip]) -> None:
        self.skipped += [each.to_json() | {"rule": rule.key} for each in skips]

    def why_nobody(self) -> str:
        """Return in words why no rule led anywhere."""
        unknown = f"{labels_of(list(self.unknown))} unknown." if self.unknown else ""
        if self.nobody:
            return " ".join([*self.nobody, unknown]).strip()[:REASON_LENGTH]
        return f"No rule matched: {unknown}" if unknown else "No rule fits this lead."

    def to_json(self) -> dict[str, object]:
        return {"rules": self.rules, "skipped": self.skipped}


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
    band = handoff.band or handoff.lead.band
    account = handoff.lead.account
    is_raised = handoff.path == Handoff.Path.HAND_RAISE
    facts = {
        "score.band": band or None,
        "score.fit": band[:1] or None,
        "score.readiness": band[1:] or None,
        "handoff.path": handoff.path,
        "handoff.hand_raise": handoff.trigger_key if is_raised else None,
        "account.has_owner": account is not None and account.owner_id is not None,
        "account.has_open_opportunity": open_opportunity(handoff) is not None,
    }
    return evidence_for(handoff.lead, at, extra=facts)


def _ask(rule: Rule, question: Question, evidence: Evidence, log: Log) -> Choice | None:
    """Return what `rule` leads to, None if it fails or leads to nobody; log it either way."""
    trace = rule.conditions.trace(evidence)
    if trace.truth is not Truth.TRUE:
        log.add_rule(rule, trace)
        if trace.truth is Truth.UNKNOWN:
            log.unknown |= dict.fromkeys(rule.conditions.unknown_facts(evidence))
        return None
    try:
        # A savepoint, so that a rota that yields nobody is unlocked before the next is tried.
        with transaction.atomic():
            choice = choose(rule, question)
    except NobodyAvailable as nobody:
        log.add_rule(rule, trace, nobody=str(nobody))
        log.add_skips(rule, nobody.skips)
        log.nobody.append(str(nobody))
        log.missing |= dict.fromkeys(nobody.missing)
        return None
    log.add_rule(rule, trace)
    log.add_skips(rule, choice.skips)
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
    reason = log.why_nobody()
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
