"""What happens to the demo's handoffs, from opening to close, as `leads.handoffs` writes it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from leads.handoffs import ROUTING
from leads.models import Assignment, Handoff, OwnershipChange, Queue, User
from leads.scoring import Opening, Score
from revops.demo.ledger import Case, own
from revops.demo.setting import Setting

State = Handoff.State
Outcome = Assignment.Outcome
Source = OwnershipChange.Source


def open_handoff(
    case: Case, found: Opening, score: Score, setting: Setting, at: datetime
) -> Handoff:
    """Open a handoff for what was `found`, waiting in the routing queue."""
    handoff = Handoff(
        lead=case.lead,
        hop=setting.hop,
        state=State.WAITING,
        path=found.path,
        trigger_key=found.key,
        reason=found.label,
        criteria=setting.criteria_version,
        fit=score.fit,
        readiness=score.readiness,
        band=score.band,
        opened_at=at,
        hand_raised_at=found.asked_at,
    )
    case.handoff, case.assignment = handoff, None
    case.had, case.touches, case.before_sale = [], 0, ""
    case.asked_at = found.asked_at or at
    case.rows.add(handoff)
    own(case, setting.queues[ROUTING], source=Source.INTAKE, reason=found.label, at=at)
    lead = case.lead
    lead.last_hand_raise_at = found.asked_at or lead.last_hand_raise_at
    lead.nurture_until = lead.wakes_at = None
    return handoff


def send_to_review(
    case: Case,
    queue: Queue,
    *,
    at: datetime,
    missing: Iterable[str] = (),
    reason: str = "",
    by: User | None = None,
) -> None:
    """Put the handoff into the review queue, saying what is missing or else wrong."""
    end_assignment(case, Outcome.HANDED_BACK, at)
    handoff = _handoff(case)
    handoff.state, handoff.missing, handoff.review_reason = State.REVIEW, [*missing], reason
    handoff.reroute_at = None
    why = reason or "Missing: " + ", ".join(handoff.missing)
    own(case, queue, source=Source.ROUTING, reason=why, by=by, at=at)


def back_to_routing(
    case: Case, queue: Queue, *, at: datetime, reason: str, source: str, by: User | None = None
) -> None:
    """Take the handoff from its rep or from review and set it waiting."""
    end_assignment(case, Outcome.REROUTED, at)
    handoff = _handoff(case)
    handoff.state, handoff.missing, handoff.review_reason = State.WAITING, [], ""
    handoff.reroute_at = at
    own(case, queue, source=source, reason=reason, by=by, at=at)


def pass_to(case: Case, rep: User, *, source: str, reason: str, at: datetime) -> Assignment:
    """Pass the handoff to `rep`."""
    own(case, rep, source=source, reason=reason, at=at)
    handoff = _handoff(case)
    handoff.state = State.PASSED
    handoff.passed_at = handoff.passed_at or at
    handoff.missing, handoff.review_reason, handoff.reroute_at = [], "", None
    case.had.append(rep.pk)
    assignment = Assignment(handoff=handoff, seq=len(case.had), rep=rep, passed_at=at)
    case.assignment = case.rows.add(assignment)
    return assignment


def receive(case: Case, evidence: str, at: datetime) -> None:
    """Note that the rep has seen the lead; only the first time counts."""
    handoff, assignment = case.current
    if assignment.received_at is None:
        assignment.received_at, assignment.evidence = at, evidence
        handoff.received_at = handoff.received_at or at


def close(
    case: Case,
    nurture: Queue,
    *,
    closed_as: str,
    outcome: str,
    at: datetime,
    reason: str,
    by: User,
    keeps_owner: bool = False,
) -> None:
    """Close the handoff for good. The lead returns to `nurture` unless it `keeps_owner`."""
    end_assignment(case, outcome, at)
    handoff = _handoff(case)
    handoff.state, handoff.closed_as, handoff.closed_at = State.CLOSED, closed_as, at
    handoff.reroute_at = None
    if not keeps_owner:
        own(case, nurture, source=Source.REP, reason=reason, by=by, at=at)
    case.handoff, case.closed_at, case.closed_as = None, at, closed_as


def end_assignment(case: Case, outcome: str, at: datetime) -> None:
    """End the open assignment, if there is one."""
    ended = case.assignment
    if ended is not None:
        ended.ended_at, ended.outcome = at, outcome
        case.assignment = None
        if ended.answer:
            case.answers.pop(ended.rep_id, None)
            case.answers[ended.rep_id] = ended.answer


def _handoff(case: Case) -> Handoff:
    assert case.handoff is not None
    return case.handoff
