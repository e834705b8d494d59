"""Handing a routed handoff to whoever has it now: their clock starts and they are told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from feedback import pausing
from leads.custom_facts import labels_of
from leads.models import Assignment, Handoff, Lead, User
from leads.nudges import nudge
from leads.scoring import Opening
from sla import clocks, handoff_clocks
from sla.instant_answers import answer_at_once
from sla.messages import headline, who
from sla.models import Clock, Notification
from sla.outbox import notify

URGENT = 50
SEND_TASK = "revops.tasks.send_notifications"


def hand_to_rep(assignment: Assignment, at: datetime) -> None:
    """Start the rep's clocks and tell them what came, why, and until when."""
    handoff = assignment.handoff
    started = handoff_clocks.start_assignment_clocks(assignment, at=at)
    asked = [clock for clock in started if clock.kind != clocks.Kind.RECEIVED]
    promised = Clock.objects.running().filter(handoff=handoff, kind=clocks.Kind.FIRST_RESPONSE)
    notify(
        assignment.rep,
        Notification.Kind.PASSED,
        key=f"passed:assignment:{assignment.pk}",
        subject=f"New lead: {headline(handoff)}",
        body=why_and_until(handoff, [*promised, *asked], zone=assignment.rep.zone),
        handoff=handoff,
        at=at,
    )
    nudge(SEND_TASK)


def hand_to_reviewer(handoff: Handoff, at: datetime) -> None:
    """Start the reviewer's clock and tell the owner of the queue what is missing."""
    handoff_clocks.start_review_clock(handoff, at)
    queue = handoff.queue
    assert queue is not None  # constraint handoff_with_a_rep_once_passed
    missing = ", ".join(labels_of(handoff.missing))
    notify(
        queue.owner,
        Notification.Kind.REVIEW,
        key=f"review:{handoff.pk}:{handoff.lead.owner_seq}",
        subject=f"For review: {headline(handoff)}",
        body=handoff.review_reason or f"Missing: {missing}",
        handoff=handoff,
        at=at,
    )
    nudge(SEND_TASK)


def raise_hand_again(handoff: Handoff, found: Opening, at: datetime) -> None:
    """A hand-raise during an open handoff: it goes to the top, the prospect's own clock starts, and
    whoever has it is told.
    """
    assert found.activity_at is not None  # only a score may open without one
    handoff.priority = max(handoff.priority, URGENT)
    handoff.save(update_fields=["priority"])
    handoff.lead.last_hand_raise_at = found.activity_at
    handoff.lead.save(update_fields=["last_hand_raise_at"])
    pausing.hand_raised(handoff, at=at, because=f"{found.label} again")
    handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=found.activity_at, at=at)
    notify(
        holder(handoff),
        Notification.Kind.HAND_RAISE,
        key=f"hand_raise:{handoff.pk}:{found.activity_at.isoformat()}",
        subject=f"{found.label} again: {headline(handoff)}",
        body="They asked once more while you have them. Answer now.",
        handoff=handoff,
        at=at,
    )
    nudge(SEND_TASK)
    answer_prospect(handoff, found, at)


def tell_of_better_band(handoff: Handoff, at: datetime) -> None:
    """Start what is promised once the lead of an open handoff rises to a better band, and tell
    whoever has it; nobody where nothing is.
    """
    for clock in handoff_clocks.start_better_band_clock(handoff, at=at):
        person = holder(handoff)
        notify(
            person,
            Notification.Kind.BAND,
            key=f"band:{handoff.pk}:{handoff.better_band}",
            subject=f"Now in band {handoff.better_band}: {headline(handoff)}",
            body=why_and_until(handoff, [clock], zone=person.zone),
            handoff=handoff,
            at=at,
        )
        nudge(SEND_TASK)


def answer_prospect(handoff: Handoff, found: Opening, at: datetime) -> None:
    """Have somebody who asked for a person answered at once, where that is wanted."""
    if found.asked_at and answer_at_once(handoff, asked_at=found.asked_at, at=at):
        nudge(SEND_TASK)


def tell_owner(lead: Lead, owner: User, found: Opening, at: datetime) -> None:
    """Tell the rep who has a lead in sales already that it raised a hand; once for each time."""
    if found.activity_at is None or found.path != Handoff.Path.HAND_RAISE:
        return
    lead.last_hand_raise_at = found.activity_at
    lead.save(update_fields=["last_hand_raise_at"])
    notify(
        owner,
        Notification.Kind.HAND_RAISE,
        key=f"hand_raise:lead:{lead.pk}:{found.activity_at.isoformat()}",
        subject=f"{found.label}: {who(lead)}",
        body="They are yours already, and asked for a person. Answer now.",
        handoff=Handoff.objects.filter(lead=lead).order_by("-opened_at").first(),
        lead=lead,
        at=at,
    )
    nudge(SEND_TASK)


def why_and_until(handoff: Handoff, promises: Iterable[Clock], *, zone: str) -> str:
    """Return why a lead came and, in the zone of its rep, by when the prospect is to be answered
    and the rep to do the first that is asked of them; the earlier of the two first.
    """
    told: dict[str, str] = {}
    for clock in sorted(promises, key=lambda each: each.due_at):
        is_prospects = clock.kind == clocks.Kind.FIRST_RESPONSE
        what = "the prospect is to be answered" if is_prospects else clock.get_kind_display()
        whose = "prospect" if is_prospects else "rep"
        local = clock.due_at.astimezone(ZoneInfo(zone))
        told.setdefault(whose, f"{what.lower()} by {local:%a %d %b, %H:%M}")
    if not told:
        return handoff.reason
    until = "; ".join(told.values())
    return f"{handoff.reason}. {until[0].upper()}{until[1:]} ({zone})."


def holder(handoff: Handoff) -> User:
    """Return the person who answers for `handoff` now: its rep, or its queue's owner."""
    if handoff.owner is not None:
        return handoff.owner
    assert handoff.queue is not None  # constraint handoff_owner_or_queue
    return handoff.queue.owner
