"""Working the review queue: what can't be passed to a rep by itself, and what failed on its way in.

Each function is one transaction, locks the lead, then the handoff, and meets a second person at
the same handoff with LostRace, which says who was first and when.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F, OuterRef, Prefetch, QuerySet, Subquery

from feedback.closing import close
from feedback.errors import AnswerRefused
from feedback.models import Disposition, ReasonCode
from feedback.packets import build_packet
from leads import handoffs, lifecycle
from leads.correcting import CorrectedFields, correct
from leads.criteria import criteria_of
from leads.custom_facts import all_attributes, labels_of
from leads.documents import live_version
from leads.errors import LostRace, WithSales
from leads.fact_history import evidence_for
from leads.facts import Fact
from leads.inbox import PROCESS_TASK
from leads.lead_locks import locked_leads
from leads.matching import lock_identities
from leads.models import (
    Document,
    Handoff,
    Lead,
    OwnershipChange,
    Stage,
    Submission,
    User,
)
from leads.nudges import nudge
from leads.rescoring import keep, rescore
from leads.scoring import missing_fields
from leads.stage_rules import refusal_of
from routing import routing
from routing.questions import open_opportunity
from sla import clocks, handoff_clocks
from sla.deadlines import Deadline, deadlines
from sla.models import Clock, ClockEvent, Target

SWEEP_TASK = "revops.tasks.sweep"
MOST_ITEMS = 50
REVIEW_CLOCK = [Target.Kind.REVIEW]
DECIDED_HERE = ClockEvent.Channel.ANSWERED


@dataclass(frozen=True, slots=True)
class Item:
    """A handoff in review.

    missing:     labels of the facts without which it can't go on.
    deadline:    the reviewer's; None: nobody promised any.
    prospect:    till when the prospect was promised an answer; None: no such clock is running.
    is_released: what was missing was filled in, and it is being judged again.
    """

    handoff: Handoff
    missing: list[str]
    deadline: Deadline | None
    prospect: Deadline | None
    is_released: bool


def in_review(viewer: User) -> QuerySet[Handoff]:
    """Return the handoffs in review that `viewer` may work, the first due first."""
    running = Clock.objects.running().filter(handoff=OuterRef("pk"), kind=Target.Kind.REVIEW)
    return (
        Handoff.objects.visible_to(viewer)
        .in_review()
        .annotate(review_due=Subquery(running.order_by("due_at").values("due_at")[:1]))
        .order_by(F("review_due").asc(nulls_last=True), "-priority", "opened_at", "pk")
    )


def items(waiting: QuerySet[Handoff], at: datetime) -> list[Item]:
    """Return the most urgent of `waiting` with what their page shows."""
    running = Clock.objects.running().select_related("calendar", "within").order_by("due_at", "id")
    found = waiting.select_related("lead__source", "lead__account", "queue__owner")
    clocks_first = Prefetch("clocks", running, to_attr="running")
    own = all_attributes()
    return [_item(each, at, own) for each in found.prefetch_related(clocks_first)[:MOST_ITEMS]]


def _item(handoff: Handoff, at: datetime, own: Mapping[str, Fact]) -> Item:
    """Return what to show of a handoff whose running clocks are in `running`, first due first."""
    judged_at = handoff.lead.reconsider_at
    return Item(
        handoff=handoff,
        missing=labels_of(handoff.missing, own),
        deadline=_next_due(handoff, Target.Kind.REVIEW, at),
        prospect=_next_due(handoff, Target.Kind.FIRST_RESPONSE, at),
        is_released=judged_at is not None and judged_at <= at,
    )


def _next_due(handoff: Handoff, kind: Target.Kind, at: datetime) -> Deadline | None:
    running: list[Clock] = getattr(handoff, "running", [])
    of_kind = [clock for clock in running if clock.kind == kind]
    return next(iter(deadlines(of_kind[:1], at)), None)


@transaction.atomic
def fill_in(
    handoff: Handoff, fields: CorrectedFields, filled: Collection[str], *, by: User, at: datetime
) -> Handoff:
    """Write what was missing to the lead. Once nothing is missing any more, and its stage lets it
    go on, the handoff is routed within seconds; till then it stays in review with what is left.

    Raises LostRace if it is no longer in review, EmailTaken if the address is another lead's.
    """
    lock_identities(fields, handoff.lead.source)
    fresh = _claimed(handoff.pk)
    lead = correct(fresh.lead, fields, filled, by=by, at=at)
    evidence = evidence_for(lead, at)
    known, criteria = evidence.facts, criteria_of(live_version(Document.Kind.CRITERIA, at))
    left = [name for name in fresh.missing if known.get(name) in (None, "")]
    missing = list(dict.fromkeys([*missing_fields(known, criteria, fresh.path), *left]))
    refusal = "" if missing else refusal_of(fresh, evidence)
    if missing or refusal:
        handoffs.keep_in_review(fresh, missing=missing, refusal=refusal)
    else:
        _release(fresh, f"What was missing was filled in by {by}", by=by, at=at)
    return fresh


def _release(handoff: Handoff, reason: str, *, by: User, at: datetime) -> None:
    """End the review of a locked handoff and have it routed within seconds."""
    clocks.stop(handoff, REVIEW_CLOCK, at=at, evidence=reason, by=by, channel=DECIDED_HERE)
    source = OwnershipChange.Source.MANAGER
    handoffs.back_to_routing(handoff, at=at, reason=reason[:200], source=source, by=by)
    nudge(SWEEP_TASK)


@transaction.atomic
def assign(handoff: Handoff, rep: User, *, by: User, at: datetime, note: str = "") -> None:
    """Pass a handoff in review to `rep` by hand, whatever is missing or refused.

    Raises LostRace if it is no longer in review, CannotTake if `rep` is no sales rep.
    """
    fresh = _claimed(handoff.pk)
    why = note or "assigned by hand"
    lifecycle.bring_to_sales(fresh, reason=fresh.reason[:100], override=why, by=by, at=at)
    routing.reassign(fresh, rep, by=by, at=at, note=note)


@transaction.atomic
def route_again(handoff: Handoff, *, by: User, at: datetime) -> None:
    """Let the live routing table decide again, within seconds.

    Raises LostRace if it is no longer in review, AnswerRefused while a required fact is missing or
    its stage asks for more.
    """
    fresh = _claimed(handoff.pk)
    evidence = evidence_for(fresh.lead, at)
    criteria = criteria_of(live_version(Document.Kind.CRITERIA, at))
    if missing := missing_fields(evidence.facts, criteria, fresh.path):
        names = ", ".join(labels_of(missing))
        raise AnswerRefused({"missing": f"Still missing: {names}. Fill it in, or assign a rep."})
    if refusal := refusal_of(fresh, evidence):
        raise AnswerRefused({"stage": f"{refusal} Correct the lead, or assign a rep."})
    _release(fresh, f"Sent to routing again by {by}", by=by, at=at)


@transaction.atomic
def disqualify(handoff: Handoff, *, code: ReasonCode, note: str, by: User, at: datetime) -> None:
    """Close a handoff in review: this lead is not for sales, and `code`, put on record, says why.

    Raises LostRace if it is no longer in review, AnswerRefused if the code asks for a note.
    """
    if code.needs_note and not note.strip():
        raise AnswerRefused({"note": f"Say in a few words what you mean by “{code}”."})
    fresh = _claimed(handoff.pk)
    said = f"{Disposition.Kind.DISQUALIFIED.label} by {by} in review: {code}"
    reason = (said + (f" ({note})" if note else ""))[:200]
    Disposition.objects.create(
        handoff=fresh, code=code, kind=Disposition.Kind.DISQUALIFIED, note=note, by=by, at=at
    )
    clocks.stop(fresh, REVIEW_CLOCK, at=at, evidence=reason, by=by, channel=DECIDED_HERE)
    lifecycle.move(fresh.lead, Stage.Key.DISQUALIFIED, at=at, reason=reason, by=by, handoff=fresh)
    disqualified, source = Handoff.ClosedAs.DISQUALIFIED, OwnershipChange.Source.MANAGER
    close(fresh, disqualified, reason=reason, by=by, at=at, source=source)


@transaction.atomic
def hand_over(lead: Lead, *, reason: str, by: User, at: datetime) -> Handoff:
    """Open a handoff of `lead` by hand, to be routed within seconds. Neither score nor rest nor a
    disqualifier keeps it back; a missing fact sends it to review as ever.

    reason: why now, for the rep to read.
    Raises HandoffIsOpen if there is one, WithSales if sales took the lead on before, LostRace if it
    was merged into another.
    """
    lead = locked_leads([lead.pk])[lead.pk]
    if lead.merged_into_id is not None:
        raise LostRace("This lead was merged into another one in the meantime.")
    if lead.stage_id in lifecycle.WITH_SALES:
        raise WithSales(f"{lead} is with sales already: {lead.stage}, {lead.owner or lead.queue}.")
    evidence = evidence_for(lead, at)
    score, version = rescore(lead, evidence)
    handoff = handoffs.open_handoff(
        lead,
        path=Handoff.Path.MANUAL,
        reason=reason,
        criteria=version,
        score=score,
        by=by,
        at=at,
    )
    said = f"Handed over by {by}"
    lifecycle.bring_to_sales(handoff, reason=said, override=reason, by=by, at=at)
    keep(lead, score, version, at=at, handoff=handoff)
    handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=None, at=at)
    handoff.missing = missing_fields(evidence.facts, criteria_of(version), handoff.path)
    deal = open_opportunity(lead.account_id, lead.pk)
    handoff.packet = build_packet(lead, handoff, score, evidence, at, deal=deal)
    handoff.reroute_at = at
    handoff.save(update_fields=["missing", "packet", "reroute_at"])
    nudge(SWEEP_TASK)
    return handoff


def codes() -> QuerySet[ReasonCode]:
    """Return the reasons a reviewer may disqualify for: none that asks for a rep's work."""
    offered = ReasonCode.objects.offered().filter(min_touches=0, needs_date=False)
    return offered.exclude(group=ReasonCode.Group.ROUTING)


def kept_submissions() -> QuerySet[Submission]:
    """Return what could not be processed and what is held for a look, the newest first."""
    return (
        Submission.objects.kept_back()
        .select_related("source", "by")
        .order_by("-received_at", "-pk")
    )


@transaction.atomic
def try_again(submission_id: int, *, at: datetime) -> None:
    """Set a failed or held submission waiting; its error stays with it until it succeeds.

    Raises LostRace if somebody did before.
    """
    waiting = (
        Submission.objects.kept_back()
        .filter(pk=submission_id)
        .update(state=Submission.State.PENDING, next_attempt_at=at, attempts=0)
    )
    if not waiting:
        raise LostRace("This has been tried again in the meantime.")
    nudge(PROCESS_TASK, submission_id)


def _claimed(handoff_id: int) -> Handoff:
    """Lock a handoff that must still be in review. Raises LostRace, saying who took it where."""
    handoff = handoffs.locked(handoff_id)
    if handoff.state != Handoff.State.REVIEW:
        raise _taken(handoff)
    return handoff


def _taken(handoff: Handoff) -> LostRace:
    last = (
        OwnershipChange.objects.filter(lead=handoff.lead_id)
        .select_related("by", "to_owner", "to_queue")
        .order_by("seq")
        .last()
    )
    if last is None:
        return LostRace("This is no longer in review.")
    where = f"is with {last.to_owner or last.to_queue} now"
    if not handoff.is_open:
        where = f"was closed as {handoff.get_closed_as_display().lower()}"
    who = f" {last.by} was first." if last.by else ""
    return LostRace(f"This lead {where}.{who}", winner=last.by, at=last.at)
