"""How each kind of event in a lead's timeline is told: what happened, and who did it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from feedback.models import Disposition
from feedback.packets import detail as telling_detail
from feedback.packets import kind_label
from leads.activity_series import ActivityRecord
from leads.models import (
    Activity,
    Assignment,
    FactSnapshot,
    Handoff,
    Meeting,
    Merge,
    Opportunity,
    OwnershipChange,
    RefusedOwnership,
    ScoreSnapshot,
    StageTransition,
    Submission,
    Touch,
)
from leads.percents import PERCENT
from routing.models import Decision
from sla.models import Clock, ClockEvent, Notification, Pause, Target
from sla.models.promises import pause_words

THE_LEAD, THE_SYSTEM = "The lead", "Handoff"

CLOCK_ICONS = {
    ClockEvent.Kind.STARTED: "clock",
    ClockEvent.Kind.WARNED: "bell",
    ClockEvent.Kind.BREACHED: "alert",
    ClockEvent.Kind.ESCALATED: "alert",
    ClockEvent.Kind.SKIPPED: "clock",
    ClockEvent.Kind.HELD: "check",
    ClockEvent.Kind.MOVED: "clock",
    ClockEvent.Kind.STOPPED: "check",
}
AT_A_LEVEL = (ClockEvent.Kind.WARNED, ClockEvent.Kind.ESCALATED, ClockEvent.Kind.SKIPPED)
CHANNEL_ICONS = {
    Touch.Channel.CALL: "phone",
    Touch.Channel.EMAIL: "mail",
    Touch.Channel.MEETING: "calendar",
}


@dataclass(frozen=True, slots=True)
class Told:
    """An event in words. note: what was said beside it. is_bad: a promise was missed."""

    icon: str
    what: str
    who: str
    note: str = ""
    is_bad: bool = False


def submission(row: Submission) -> Told:
    text = f"Handed in: {row.source}"
    return Told("inbox", text, str(row.by) if row.by else row.get_door_display())


def activity(row: Activity) -> Told:
    record = ActivityRecord(row.kind, row.properties, row.occurred_at)
    who = THE_LEAD if row.lead_id else "Somebody at the company"
    return Told("eye", kind_label(row.kind), who, telling_detail(record))


def correction(row: FactSnapshot) -> Told:
    return Told("edit", "Facts corrected", str(row.by))


def score(row: ScoreSnapshot) -> Told:
    text = f"Band is {row.band}: fit {row.fit}, readiness {row.readiness}"
    return Told("gauge", text, str(row.version))


def opened(row: Handoff) -> Told:
    return Told("send", f"Handoff opened: {row.reason}", row.get_path_display())


def closed(row: Handoff) -> Told:
    return Told("lock", f"Handoff closed as {row.get_closed_as_display().lower()}", THE_SYSTEM)


def merged(row: Merge) -> Told:
    return Told("merge", f"Lead {row.gone_id} became part of it: {row.gone}", str(row.by))


def stage(row: StageTransition) -> Told:
    text = f"{row.from_stage} → {row.to_stage}" if row.from_stage else f"Began as {row.to_stage}"
    override = " (override)" if row.is_override else ""
    return Told("flag", text + override, str(row.by or THE_SYSTEM), row.reason)


def owner(row: OwnershipChange) -> Told:
    source = row.get_source_display()
    return Told(
        "user", f"Now with {row.to_owner or row.to_queue}", str(row.by or source), row.reason
    )


def refused_owner(row: RefusedOwnership) -> Told:
    text = f"Not given to {row.to_owner or row.to_queue}"
    return Told("x", text, str(row.by or row.get_source_display()), row.because)


def decision(row: Decision) -> Told:
    rule = row.rule_label or "By hand"
    who = str(row.by or row.version or THE_SYSTEM)
    return Told("route", f"Routed to {row.rep or row.queue}: {rule}", who, row.reason)


def passed(row: Assignment) -> Told:
    return Told("arrow-right", f"Passed to {row.rep}", THE_SYSTEM)


def received(row: Assignment) -> Told:
    return Told("eye", f"Received: {row.get_evidence_display().lower()}", str(row.rep))


def answered(row: Assignment) -> Told:
    is_accepted = row.answer == Assignment.Answer.ACCEPTED
    return Told("check" if is_accepted else "x", row.get_answer_display(), str(row.rep))


def ended(row: Assignment) -> Told:
    if row.outcome == Assignment.Outcome.QUALIFIED:  # who qualified it keeps it
        return Told("flag", f"Qualified by {row.rep}", str(row.rep))
    return Told(
        "undo", f"No longer with {row.rep}: {row.get_outcome_display().lower()}", THE_SYSTEM
    )


def touch(row: Touch) -> Told:
    who = str(row.by) if row.by else "Automatic"
    icon = CHANNEL_ICONS.get(Touch.Channel(row.channel), "users")
    said = f", said {timezone.localtime(row.outcome_at):%d %b %Y, %H:%M}" if row.outcome_at else ""
    return Told(icon, f"{row}{said}{hasty(row)}", who, row.note)


def hasty(row: Touch) -> str:
    """Return what is to be said of a touch that came too soon or too fast; it must be `marked`."""
    if row.is_too_soon:  # type: ignore[attr-defined]
        return ", less than 20 seconds after opening the lead"
    return ", one of five or more in a minute" if row.is_too_fast else ""  # type: ignore[attr-defined]


def disposition(row: Disposition) -> Told:
    until = f", rests till {row.nurture_until:%d %b %Y}" if row.nurture_until else ""
    return Told("note", f"{row}{until}", str(row.by), row.note)


def paused(row: Pause) -> Told:
    until = timezone.localtime(row.until)
    text = f"{row.get_kind_display()} till {until:%d %b %Y, %H:%M}"
    return Told("snooze", text, str(row.by), row.reason)


def pause_ended(row: Pause) -> Told:
    return Told("play", f"No longer {pause_words(row.kind)}", THE_SYSTEM, row.ended_because)


def clock_event(row: ClockEvent) -> Told:
    clock, is_missed = row.clock, row.kind == ClockEvent.Kind.BREACHED
    at_level = f" at {row.level}{PERCENT}" if row.kind in AT_A_LEVEL else ""
    text = f"{_promise(clock)}: {_what_it_did(row)}{at_level}{_where_to(row)}"
    if is_missed:
        text += f", {row.whose}"  # type: ignore[attr-defined]
    how = row.get_channel_display().lower()
    who = ", ".join(filter(None, [str(row.by or THE_SYSTEM), how]))
    icon = "x" if _is_undone(row) else CLOCK_ICONS[ClockEvent.Kind(row.kind)]
    return Told(icon, text, who, row.detail or _step(row), is_missed)


def _what_it_did(row: ClockEvent) -> str:
    if row.kind != ClockEvent.Kind.STOPPED:
        return row.get_kind_display().lower()
    if _is_undone(row):
        return "ended, not done"
    return "done in time" if row.due_at <= row.clock.due_at else "done late"


def _is_undone(row: ClockEvent) -> bool:
    is_ended = row.clock.stop_reason == Clock.StopReason.ENDED
    return is_ended and row.kind == ClockEvent.Kind.STOPPED


def _step(row: ClockEvent) -> str:
    """Return whom a step of the ladder told; of one that told nobody, what it is to do."""
    *others, last = row.told_to or [""]  # type: ignore[attr-defined]
    if last:
        return f"Told {' and '.join(filter(None, [', '.join(others), last]))}"
    return row.get_action_display().capitalize() if row.action else ""


def _where_to(row: ClockEvent) -> str:
    if row.moved_from is None or row.moved_to is None:
        return ""
    was, now = timezone.localtime(row.moved_from), timezone.localtime(row.moved_to)
    return f" from {was:%d %b %Y, %H:%M} to {now:%d %b %Y, %H:%M}"


def _promise(clock: Clock) -> str:
    """Return what was promised, and in which time it runs where that tells two clocks apart."""
    if clock.kind == Target.Kind.FIRST_RESPONSE:
        return "First response to the prospect"
    return f"{clock.get_kind_display()}, in {clock.get_measure_display().lower()}"


def notification(row: Notification) -> Told:
    icon = "mail" if row.channel == Notification.Channel.EMAIL else "bell"
    text = f"Told {row.recipient}: {row.get_kind_display().lower()}"
    return Told(icon, text, row.get_channel_display(), row.subject)


def meeting(row: Meeting) -> Told:
    when = f" for {row.starts_at:%d %b %Y, %H:%M} UTC" if row.starts_at else ""
    text = f"Meeting{when}: {row.get_outcome_display().lower()}"
    return Told("calendar", text, str(row.source or THE_SYSTEM))


def deal_opened(row: Any) -> Told:
    # Of one that a rep told more about since, the amount at its opening is not on record.
    worth = "" if row.is_told else _worth(row)
    return Told("bolt", f"Deal opened{_name(row)}{worth}", str(row.source or THE_SYSTEM))


def deal_closed(row: Any) -> Told:
    text = f"Deal {row.get_state_display().lower()}{_name(row)}{_worth(row)}"
    return Told("bolt", text, str(row.source or THE_SYSTEM))


def deal_told(row: Any) -> Told:
    now = row.get_to_state_display().lower()
    worth = _worth(row)
    if row.is_correction:
        was = row.get_from_state_display().lower()
        return Told("edit", f"Deal corrected from {was} to {now}{worth}", str(row.by))
    news = "opened" if row.to_state == Opportunity.State.OPEN and not row.from_state else now
    return Told("bolt", f"Deal {news}{worth}", str(row.by))


def _name(deal: Opportunity) -> str:
    return f": {deal.name}" if deal.name else ""


def _worth(deal: Any) -> str:
    """Return what a deal, or a change of one, is worth. `currency`: the organisation's."""
    return f", {deal.amount:,.2f} {deal.currency}" if deal.amount is not None else ""
