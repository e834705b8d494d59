"""The whole journey of a submission, read from top to bottom.

    submission -> lead and account, facts, activities -> score -> stage -> handoff -> packet
               -> route -> clocks -> messages

Everything here is pulled by rows: submissions that are pending, leads to reconsider, handoffs to
route again. Each is one transaction, safe to run late, twice, or in two workers at once.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max

from feedback import pausing
from feedback.packets import build_packet
from leads import entering, handoffs, lifecycle
from leads.criteria import criteria_of
from leads.errors import EntryRefused
from leads.evidence import Evidence
from leads.fact_history import evidence_for
from leads.instants import database_now
from leads.models import Handoff, Lead, Stage, Submission, Version
from leads.openings import opening_of
from leads.rescoring import keep, rescore
from leads.scoring import Criteria, Opening, Score, missing_fields
from leads.stage_rules import OUTSIDE, refusal_of
from leads.standing import Standing
from leads.submission_fields import HistoricalFields, read_fields
from revops import delivery, history
from revops.verdicts import is_resting, verdict_on
from routing.backlog import route_backlog
from routing.questions import open_opportunity
from routing.routing import route
from sla import clocks, handoff_clocks

PATIENCE = "SET LOCAL lock_timeout = '1s'"


@transaction.atomic
def process(submission_id: int) -> bool:
    """Take a pending submission through all of it. Returns whether it was there to be taken.

    Raises LeadsError if what was handed in can't be used; nothing of it is left then.
    """
    submission = (
        Submission.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("source", "by")
        .filter(pk=submission_id, state=Submission.State.PENDING)
        .first()
    )
    if submission is None:
        return False
    at = database_now()
    fields = read_fields(submission.payload, at=at, is_historical=submission.is_historical)
    lead, _ = entering.enter(submission, fields, at)
    if isinstance(fields, HistoricalFields):
        handoff = history.record(lead, fields, submission, at)
    else:
        handoff = judge(lead, at)
    submission.state, submission.processed_at, submission.error = Submission.State.DONE, at, ""
    submission.lead, submission.handoff = lead, handoff
    submission.save()
    return True


def judge(lead: Lead, at: datetime) -> Handoff | None:
    """Score a locked lead and do what follows: join its open handoff, open one, or neither.

    Returns the handoff that it joined or opened.
    """
    evidence = evidence_for(lead, at)
    score, version = rescore(lead, evidence)
    criteria = criteria_of(version)
    current = Handoff.objects.open().filter(lead=lead).first()
    if current is not None:
        return join(handoffs.locked(current.pk), evidence, criteria)
    verdict = verdict_on(lead, Standing(evidence, criteria), last_closed(lead))
    if verdict.disqualified_by:
        reason = "Disqualified: " + ", ".join(verdict.disqualified_by)
        lifecycle.move(lead, Stage.Key.DISQUALIFIED, at=at, reason=reason)
    if verdict.found is None:
        return None
    if verdict.is_with_sales and lead.owner is not None:
        # Sales has it: its owner is told, nobody is handed it anew.
        delivery.tell_owner(lead, lead.owner, verdict.found, at)
        return None
    return open_and_deliver(lead, verdict.found, score=score, version=version, evidence=evidence)


def last_closed(lead: Lead) -> datetime | None:
    closed_at: datetime | None = Handoff.objects.filter(lead=lead).aggregate(last=Max("closed_at"))[
        "last"
    ]
    return closed_at


def open_and_deliver(
    lead: Lead, found: Opening, *, score: Score, version: Version, evidence: Evidence
) -> Handoff:
    """Open a handoff for what was `found`, and pass it to a rep or into review."""
    at = evidence.at
    handoff = handoffs.open_handoff(
        lead,
        path=found.path,
        trigger_key=found.key,
        reason=found.label,
        hand_raised_at=found.asked_at,
        criteria=version,
        score=score,
        at=at,
    )
    lead.last_hand_raise_at = found.asked_at or lead.last_hand_raise_at
    lead.save(update_fields=["last_hand_raise_at"])
    keep(lead, score, version, at=at, handoff=handoff)
    handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=found.asked_at, at=at)
    handoff.missing = missing_fields(evidence.facts, criteria_of(version), found.path)
    deal = open_opportunity(lead.account_id, lead.pk)
    handoff.packet = build_packet(lead, handoff, score, evidence, at, deal=deal)
    handoff.save(update_fields=["packet"])
    deliver(handoff, at)
    delivery.answer_prospect(handoff, found, at)
    return handoff


def deliver(handoff: Handoff, at: datetime) -> Handoff:
    """Route a waiting handoff, or send it to review if something it or the stage needs is missing;
    start the clock of whoever has it now, and tell them. One that waits on is nobody's yet.
    """
    refusal = become_qualified(handoff, at)
    if handoff.missing or refusal:
        handoffs.send_to_review(handoff, missing=handoff.missing, reason=refusal, at=at)
        delivery.hand_to_reviewer(handoff, at)
        return handoff
    decision = route(handoff, at=at)
    if decision.assignment is not None:
        delivery.hand_to_rep(decision.assignment, at)
    elif handoff.state == Handoff.State.REVIEW:
        delivery.hand_to_reviewer(handoff, at)
    return handoff


def become_qualified(handoff: Handoff, at: datetime) -> str:
    """Move the lead of an open handoff to MQL. Returns what the stages ask for and it lacks."""
    try:
        lifecycle.move(
            handoff.lead, Stage.Key.MQL, at=at, reason=handoff.reason[:200], handoff=handoff
        )
    except EntryRefused as refused:
        return str(refused)
    return ""


def join(handoff: Handoff, evidence: Evidence, criteria: Criteria) -> Handoff:
    """Let what is new add to an open handoff: a hand-raise makes it urgent, a better band may start
    a promise, and what was missing may be known now.
    """
    pausing.look_for_answer(handoff, at=evidence.at)
    since = last_raise(handoff)
    has_risen = handoffs.rise(handoff)
    found = opening_of(Standing(evidence, criteria), since)
    if found is not None and found.path == Handoff.Path.HAND_RAISE:
        delivery.raise_hand_again(handoff, found, evidence.at)
    elif has_risen:
        delivery.tell_of_better_band(handoff, evidence.at)
    if handoff.state == Handoff.State.REVIEW:
        return look_again(handoff, evidence, criteria)
    return handoff


def look_again(handoff: Handoff, evidence: Evidence, criteria: Criteria) -> Handoff:
    """Release a handoff from review if what it was sent there for is known now."""
    if not handoff.missing and handoff.lead.stage_id not in OUTSIDE:
        return handoff
    required = missing_fields(evidence.facts, criteria, handoff.path)
    asked_by_rules = [name for name in handoff.missing if evidence.facts.get(name) is None]
    missing = list(dict.fromkeys([*required, *asked_by_rules]))
    refusal = "" if missing else refusal_of(handoff, evidence)
    if not missing and not refusal:
        return release_from_review(handoff, evidence.at, reason="What was missing came in")
    if missing != handoff.missing:
        handoffs.keep_in_review(handoff, missing=missing, refusal=refusal)
    return handoff


def last_raise(handoff: Handoff) -> datetime:
    """Return the last hand-raise that an open handoff knows of; its opening, if there was none."""
    raised_at = handoff.lead.last_hand_raise_at
    if handoff.hand_raised_at is None:
        return max(handoff.opened_at, raised_at or handoff.opened_at)
    return raised_at or handoff.hand_raised_at


def release_from_review(handoff: Handoff, at: datetime, *, reason: str) -> Handoff:
    """Route a handoff whose review is over."""
    clocks.stop(handoff, [clocks.Kind.REVIEW], at=at, evidence=reason)
    handoffs.back_to_routing(handoff, at=at, reason=reason)
    return deliver(handoff, at)


@transaction.atomic
def reconsider(lead_id: int) -> bool:
    """Judge a lead again that something asked to: a wake date, a band that changed by itself, new
    criteria, a merge. Returns whether it was there to be taken.
    """
    at = database_now()
    lead = (
        Lead.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("source", "account")
        .filter(pk=lead_id)
        .to_reconsider(at)
        .first()
    )
    if lead is None:
        return False
    judge(lead, at)
    # One that was looked at while it rests still has to be woken.
    wakes_at = lead.wakes_at if is_resting(lead, at) else None
    Lead.objects.filter(pk=lead_id, reconsider_at__lte=at).update(
        reconsider_at=wakes_at, reconsider_fails_since=None
    )
    return True


@transaction.atomic
def reroute(handoff_id: int) -> bool:
    """Route a handoff that was given back or taken away. Returns whether it still had to be."""
    handoff = handoffs.locked(handoff_id)
    at = database_now()
    if handoff.reroute_at is None or handoff.reroute_at > at:
        return False
    handoff.reroute_at = None
    deliver(handoff, at)
    return True


@transaction.atomic
def reroute_many(handoff_ids: Collection[int]) -> set[int]:
    """Route those of these waiting handoffs that lead to a rota. Returns the ids of those that were
    passed; the others are to be rerouted one by one.

    Waits for a lock as long as somebody who passes one lead holds it, not for another backlog: then
    it fails as a lock not available.
    """
    with connection.cursor() as cursor:
        cursor.execute(PATIENCE)
    return route_backlog(
        handoff_ids, at=database_now(), is_ready=is_ready, then=delivery.hand_to_rep
    )


def is_ready(handoff: Handoff) -> bool:
    """Whether nothing but routing stands between a waiting handoff and its rep."""
    return handoff.lead.stage_id == Stage.Key.MQL and not handoff.missing
