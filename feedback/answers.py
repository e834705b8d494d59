"""What a rep answers about a lead: yes, no and why, tried to reach it, qualified.

Each function is one transaction and locks the lead, then the handoff. All but `open_lead` meet a
second call with LostRace, which says who was first and when.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db import transaction

from feedback import checklist, touch_outcomes
from feedback.closing import close
from feedback.errors import AnswerRefused
from feedback.giving_back import GivenBack
from feedback.models import Disposition, ReasonCode
from feedback.touch_outcomes import REACHED, STILL_ASKED
from leads import handoffs, lifecycle
from leads.models import Assignment, Handoff, Meeting, Touch, User
from leads.stage_rules import unmet
from sla import clocks, handoff_clocks, touch_clocks
from sla.haste import KEPT_BY_TOUCH
from sla.models import ClockEvent, Target
from sla.models.promises import STAYS

Answer = Assignment.Answer
Channel = ClockEvent.Channel
Kind = Disposition.Kind

# Two equal touches nearer than this are one, sent twice.
SAME_TOUCH = timedelta(seconds=10)

# The clocks that an answer stops, and those that a touch does: either shows the lead was opened.
ANSWERED = (Target.Kind.RECEIVED, Target.Kind.ACCEPT)
TOUCHED = KEPT_BY_TOUCH
KIND_AFTER_ACCEPT = {
    ReasonCode.Consequence.RECYCLE: Kind.RECYCLED,
    ReasonCode.Consequence.DISQUALIFY: Kind.DISQUALIFIED,
    ReasonCode.Consequence.REROUTE: Kind.HANDED_BACK,
    ReasonCode.Consequence.REVIEW: Kind.HANDED_BACK,
}


@transaction.atomic
def open_lead(assignment: Assignment, *, at: datetime) -> None:
    """Note that the rep has opened the lead that was passed to them. Only the first time counts."""
    handoffs.locked(assignment.handoff_id)
    if handoffs.receive(assignment, evidence=Assignment.Evidence.OPENED, at=at):
        clocks.stop(
            assignment.handoff,
            [Target.Kind.RECEIVED],
            at=at,
            evidence="Opened",
            by=assignment.rep,
            channel=Channel.OPENED,
        )


@transaction.atomic
def accept(assignment: Assignment, *, by: User, at: datetime, override: str = "") -> Handoff:
    """Take the lead on: the accept clock stops, the lead's stage moves. Returns the handoff.

    override: why, although the lead does not meet what the stage asks for.
    Raises LostRace, naming the winner, if the assignment was answered or ended before, and
    EntryRefused if the stage asks for more and nothing overrides that.
    """
    if assignment.rep_id != by.pk:
        raise handoffs.lost_answer(assignment.handoff_id)
    handoff = handoffs.accept(assignment, by=by, at=at, override=override)
    clocks.stop(handoff, ANSWERED, at=at, evidence="Accepted", by=by, channel=Channel.ANSWERED)
    handoff_clocks.start_accepted_clocks(assignment, at=at)
    return handoff


@transaction.atomic
def reject(
    assignment: Assignment,
    *,
    code: ReasonCode,
    note: str,
    nurture_until: date | None,
    by: User,
    at: datetime,
) -> Disposition:
    """Answer an assignment with no, for the reason `code`, and carry out what that entails.

    nurture_until: when to ask again; None takes the number of days that the code names.
    Raises AnswerRefused if the code asks for more, LostRace if this was answered before.
    """
    handoff = _claimed(assignment, by=by, answer="")
    given = GivenBack(handoff, assignment, code, note, nurture_until, by, at, Kind.REJECTED)
    given.check()
    assignment.answer, assignment.answered_at = Answer.REJECTED, at
    assignment.save(update_fields=["answer", "answered_at"])
    handoffs.receive(assignment, evidence=Assignment.Evidence.ANSWERED, at=at)
    handoff.refresh_from_db(fields=["received_at"])
    said = f"Rejected: {code}"
    clocks.stop(handoff, ANSWERED, at=at, evidence=said, by=by, channel=Channel.ANSWERED)
    return given.carry_out()


@transaction.atomic
def hand_back(
    handoff: Handoff,
    *,
    code: ReasonCode,
    note: str,
    nurture_until: date | None,
    by: User,
    at: datetime,
) -> Disposition:
    """Give a lead back that was accepted before, for the reason `code`. Otherwise as `reject`."""
    assignment = _held(handoff, by=by)
    fresh = _claimed(assignment, by=by, answer=Answer.ACCEPTED)
    kind = KIND_AFTER_ACCEPT[ReasonCode.Consequence(code.consequence)]
    given = GivenBack(fresh, assignment, code, note, nurture_until, by, at, kind)
    given.check()
    return given.carry_out()


@transaction.atomic
def qualify(
    handoff: Handoff,
    *,
    confirmed: Collection[str],
    by: User,
    at: datetime,
    note: str = "",
    meeting_at: datetime | None = None,
    override: str = "",
) -> Handoff:
    """Close an accepted handoff as qualified; the rep keeps the lead.

    confirmed:  the keys of the checklist's items that the lead confirmed; kept with the handoff.
    meeting_at: when a meeting that was agreed on starts; None: none was.
    override:   why, although the lead does not meet what the stage asks for.
    Raises LostRace if it is closed or another's by now, AnswerRefused if the checklist or a fact
    is wanting, EntryRefused if the stage asks for more and nothing overrides that.
    """
    handoff = _claimed(_held(handoff, by=by), by=by, answer=Answer.ACCEPTED)
    if problems := checklist.problems(handoff, confirmed, at):
        raise AnswerRefused(problems)
    checklist.keep(handoff, confirmed, at)
    reason = f"Qualified by {by}" + (f": {note}" if note else "")
    lifecycle.move(
        handoff.lead,
        handoff.hop.qualify_stage_id,
        at=at,
        reason=reason[:200],
        by=by,
        handoff=handoff,
        override=override,
    )
    if meeting_at:
        Meeting.objects.create(
            lead=handoff.lead, handoff=handoff, booked_at=at, starts_at=meeting_at
        )
    _close_qualified(handoff, reason=reason, by=by, at=at)
    return handoff


def _close_qualified(handoff: Handoff, *, reason: str, by: User, at: datetime) -> None:
    qualifying = [Target.Kind.QUALIFIED]
    clocks.stop(handoff, qualifying, at=at, evidence=reason, by=by, channel=Channel.ANSWERED)
    qualified, still_run = Handoff.ClosedAs.QUALIFIED, [*STAYS.values(), *STILL_ASKED]
    close(handoff, qualified, reason=reason, by=by, at=at, keeps_owner=True, spares=still_run)


def stage_refusal(handoff: Handoff, at: datetime) -> str:
    """Return what the stage that qualifying leads to asks for and the lead lacks; "": nothing."""
    return unmet(handoff.lead, handoff.hop.qualify_stage, at=at, handoff=handoff)


@transaction.atomic
def log_touch(
    handoff: Handoff,
    *,
    by: User,
    channel: str,
    outcome: str,
    occurred_at: datetime,
    note: str,
    at: datetime,
) -> Touch:
    """Log what `by` did to reach the lead: it stops the clocks that wait for it, as of when it was
    done. Logging the same again within seconds returns the touch that is there.

    outcome: "" if it is to be said later, for which a clock may start.
    Raises AnswerRefused for an instant that can't be, LostRace if the lead is another's by now.
    """
    fresh = handoffs.locked(handoff.pk)
    assignment = _held(fresh, by=by)
    occurred_at = _since_passing(occurred_at, assignment)
    _check_instant(assignment, occurred_at, at)
    touch, is_new = Touch.objects.get_or_create(
        handoff=fresh,
        by=by,
        channel=channel,
        outcome=outcome,
        note=note,
        occurred_at__range=(occurred_at - SAME_TOUCH, occurred_at + SAME_TOUCH),
        defaults={"lead": fresh.lead, "assignment": assignment, "occurred_at": occurred_at},
    )
    if is_new:
        _count(touch, fresh, assignment, at)
    return touch


def _count(touch: Touch, handoff: Handoff, assignment: Assignment, at: datetime) -> None:
    """Let a touch count: as a sign that the lead was received, and for the clocks."""
    handoffs.receive(assignment, evidence=Assignment.Evidence.TOUCH, at=at)
    touch_outcomes.count(touch, handoff, TOUCHED, at=at)
    if not touch.outcome:
        touch_clocks.start_outcome_clock(touch, at=at)
    if touch.outcome not in REACHED:
        touch_clocks.start_follow_up_clock(touch, at=at)


def _since_passing(occurred_at: datetime, assignment: Assignment) -> datetime:
    """Return `occurred_at`, or the instant of the passing for the full minute in which it fell:
    whoever types "10:04" may mean 10:04:40, and can't say so.
    """
    minute = assignment.passed_at.replace(second=0, microsecond=0)
    return assignment.passed_at if occurred_at == minute else occurred_at


def _check_instant(assignment: Assignment, occurred_at: datetime, at: datetime) -> None:
    if occurred_at > at:
        raise AnswerRefused({"occurred_at": "That is still to come. Log what has been done."})
    if occurred_at < assignment.passed_at:
        raise AnswerRefused({"occurred_at": "That was before this lead was passed to you."})


def _held(handoff: Handoff, *, by: User) -> Assignment:
    """Return `by`'s open assignment of `handoff`. Raises LostRace if there is none."""
    assignment = handoffs.open_assignment(handoff)
    if assignment is None or assignment.rep_id != by.pk:
        raise handoffs.lost_answer(handoff.pk)
    return assignment


def _claimed(assignment: Assignment, *, by: User, answer: str) -> Handoff:
    """Lock the lead and handoff of `by`'s open assignment and read it afresh.

    Raises LostRace if it has ended, is another's, or was not answered with `answer` ("": not yet).
    """
    handoff = handoffs.locked(assignment.handoff_id)
    assignment.refresh_from_db()
    if assignment.ended_at or assignment.rep_id != by.pk or assignment.answer != answer:
        raise handoffs.lost_answer(handoff.pk)
    return handoff
