"""Giving a lead back: what each reason entails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db.models import Q

from feedback import closing, work_standard
from feedback.errors import AnswerRefused
from feedback.models import Disposition, ReasonCode
from feedback.touch_outcomes import STILL_ASKED
from feedback.work_standard import Attempts
from leads import handoffs, lifecycle
from leads.models import Assignment, Handoff, Lead, Stage, Touch, User
from leads.nudges import nudge
from sla import clocks, handoff_clocks, outbox
from sla.haste import is_hasty, marked
from sla.models import Notification

Consequence = ReasonCode.Consequence
CLOSING = (Consequence.RECYCLE, Consequence.DISQUALIFY)


def attempts(handoff: Handoff) -> Attempts:
    """Return what was tried in `handoff`, in those whose close by mistake it undoes, and in those
    that were merged into them, of one person.
    """
    own = [handoff, *handoffs.earlier_of(handoff)]
    merged = Q(closed_as=Handoff.ClosedAs.MERGED, closed_at__gte=own[-1].opened_at)
    of_it = Handoff.objects.filter(
        Q(pk__in=[each.pk for each in own]) | merged, lead=handoff.lead_id
    )
    touches = Touch.objects.filter(handoff__in=of_it, is_automated=False)
    said = [(is_hasty(touch), touch.outcome) for touch in marked(touches)]
    in_haste = sum(hasty for hasty, _ in said)
    unsaid = said.count((False, ""))
    return Attempts(len(said) - in_haste - unsaid, unsaid=unsaid, hasty=in_haste)


def day_at(user: User, at: datetime) -> date:
    """Return which day `at` is where `user` works."""
    return at.astimezone(ZoneInfo(user.zone)).date()


@dataclass(frozen=True)
class GivenBack:
    """A lead on its way back, and the reason. The handoff and its lead are locked."""

    handoff: Handoff
    assignment: Assignment
    code: ReasonCode
    note: str
    nurture_until: date | None
    by: User
    at: datetime
    kind: Disposition.Kind

    @property
    def reason(self) -> str:
        return f"{self.kind.label} by {self.by}: {self.code}"[:200]

    def check(self) -> None:
        problems = work_standard.problems(
            self.code,
            note=self.note,
            nurture_until=self.nurture_until,
            touches=attempts(self.handoff),
            today=day_at(self.by, self.at),
        )
        if problems:
            raise AnswerRefused(problems)

    def carry_out(self) -> Disposition:
        """Put the answer on record and send the lead where the code says."""
        rest_until = work_standard.rest_until(
            self.code, self.nurture_until, day_at(self.by, self.at)
        )
        consequence = Consequence(self.code.consequence)
        spares = STILL_ASKED if consequence in CLOSING else ()
        clocks.end(self.assignment, at=self.at, spares=spares)
        disposition = Disposition.objects.create(
            handoff=self.handoff,
            assignment=self.assignment,
            code=self.code,
            kind=self.kind,
            note=self.note,
            nurture_until=rest_until,
            by=self.by,
            at=self.at,
        )
        CONSEQUENCES[consequence](self, disposition)
        return disposition

    def move(self, stage: str) -> None:
        lifecycle.move(
            self.handoff.lead,
            stage,
            at=self.at,
            reason=self.reason,
            by=self.by,
            handoff=self.handoff,
        )

    def close(self, closed_as: Handoff.ClosedAs) -> None:
        """Close the handoff. Only now nobody waits for the prospect's answer any more."""
        closing.close(
            self.handoff,
            closed_as,
            reason=self.reason,
            by=self.by,
            at=self.at,
            spares=STILL_ASKED,
        )


def recycle(given: GivenBack, disposition: Disposition) -> None:
    """Close the handoff and let the lead rest; it is looked at again when its rest is over."""
    given.move(given.handoff.hop.return_stage_id)
    given.close(Handoff.ClosedAs.RECYCLED)
    rest_until = disposition.nurture_until
    if rest_until is None:
        raise ValueError("A reason that recycles always has a date.")
    wakes_at = datetime.combine(rest_until, time.min, tzinfo=ZoneInfo(given.by.zone))
    Lead.objects.filter(pk=given.handoff.lead_id).update(
        nurture_until=rest_until,
        wakes_at=wakes_at,
        reconsider_at=wakes_at,
        reconsider_fails_since=None,
    )


def disqualify(given: GivenBack, disposition: Disposition) -> None:
    given.move(Stage.Key.DISQUALIFIED)
    given.close(Handoff.ClosedAs.DISQUALIFIED)


def reroute(given: GivenBack, disposition: Disposition) -> None:
    """Set the handoff waiting for the next rep; routing passes over those who had it."""
    handoffs.back_to_routing(
        given.handoff, at=given.at, reason=given.reason, source=handoffs.Source.REP, by=given.by
    )
    nudge("revops.tasks.sweep")


def to_review(given: GivenBack, disposition: Disposition) -> None:
    """Put the handoff before whoever owns the review queue, and tell them."""
    handoff = given.handoff
    why = given.reason + (f" ({given.note})" if given.note else "")
    handoffs.send_to_review(handoff, at=given.at, reason=why[:300], by=given.by)
    handoff_clocks.start_review_clock(handoff, at=given.at)
    if handoff.queue:
        outbox.notify(
            handoff.queue.owner,
            Notification.Kind.REVIEW,
            key=f"review:disposition:{disposition.pk}",
            subject=f"{handoff.lead} waits for review",
            body=why,
            handoff=handoff,
            at=given.at,
        )


CONSEQUENCES: dict[Consequence, Callable[[GivenBack, Disposition], None]] = {
    Consequence.RECYCLE: recycle,
    Consequence.DISQUALIFY: disqualify,
    Consequence.REROUTE: reroute,
    Consequence.REVIEW: to_review,
}
