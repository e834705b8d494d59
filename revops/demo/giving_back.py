"""How the demo's reps give back what they don't keep: why, and where it goes then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from feedback.giving_back import GivenBack, day_at
from feedback.models import Disposition, ReasonCode
from feedback.work_standard import rest_until
from leads.handoffs import NURTURE, REVIEW, ROUTING
from leads.models import Assignment, OwnershipChange, Stage, User
from revops.demo import contracts, ledger
from revops.demo.afterwards import Afterwards
from revops.demo.ledger import Case
from revops.demo.outcomes import Drivers
from revops.demo.promises import Promises
from revops.demo.setting import Setting
from sla.clocks import Evidence
from sla.models import ClockEvent, Notification, Target

Kind = Target.Kind
Given = Disposition.Kind
LOW_FIT = 40
# Reasons for a no, by their weight where fit is low and where it is not.
NO_AT_ONCE = {
    "wrong-size": (5, 1),
    "wrong-industry": (4, 1),
    "wrong-role": (4, 2),
    "wrong-timing": (2, 4),
    "no-need": (2, 3),
    "bad-contact": (1, 2),
    "wrong-person": (1, 2),
    "other": (1, 1),
}
NO_AFTER_WORK = {
    "unable-to-reach": (8, 8),
    "no-need": (4, 5),
    "wrong-timing": (3, 5),
    "wrong-role": (3, 2),
    "wrong-size": (2, 1),
    "other": (1, 1),
}
NOTES = {"other": "Wants a free tool for two people.", "wrong-timing": "New budget then."}


@dataclass(frozen=True, slots=True)
class GivingBack:
    """Puts on record that a rep gives a lead back, and sends it where the reason says."""

    setting: Setting
    promises: Promises
    rng: Random
    then: Afterwards

    def at_once(self, case: Case, assignment: Assignment, drivers: Drivers, at: datetime) -> None:
        """Reject what was just passed."""
        code = self.setting.codes[self._reason(NO_AT_ONCE, drivers)]
        assignment.answer, assignment.answered_at = Assignment.Answer.REJECTED, at
        contracts.receive(case, Assignment.Evidence.ANSWERED, at)
        said = Evidence(f"Rejected: {code}", assignment.rep, ClockEvent.Channel.ANSWERED)
        self.promises.stop(case, [Kind.ACCEPT], at=at, evidence=said)
        self._put_on_record(case, code, Given.REJECTED, at)

    def why_after_work(self, drivers: Drivers) -> str:
        """Return the key of the reason for which a lead that was worked goes back."""
        return self._reason(NO_AFTER_WORK, drivers)

    def after_work(self, case: Case, key: str, at: datetime) -> None:
        """Give back a lead that was accepted."""
        code = self.setting.codes[key]
        is_out = code.consequence == ReasonCode.Consequence.DISQUALIFY
        self._put_on_record(case, code, Given.DISQUALIFIED if is_out else Given.RECYCLED, at)

    def _reason(self, weights: dict[str, tuple[int, int]], drivers: Drivers) -> str:
        side = 0 if drivers.fit < LOW_FIT else 1
        return self.rng.choices([*weights], [each[side] for each in weights.values()])[0]

    def _put_on_record(
        self, case: Case, code: ReasonCode, kind: Disposition.Kind, at: datetime
    ) -> None:
        """Put the answer on record and send the lead where the code says."""
        handoff, assignment = case.current
        rep, note = assignment.rep, NOTES.get(code.key, "")
        asked = self._next_date(rep, at) if code.needs_date else None
        rest = rest_until(code, asked, day_at(rep, at))
        given = GivenBack(handoff, assignment, code, note, rest, rep, at, kind)
        self.promises.end(case, at=at)
        case.rows.add(
            Disposition(
                handoff=handoff,
                assignment=assignment,
                code=code,
                kind=kind,
                note=note,
                nurture_until=rest,
                by=rep,
                at=at,
            )
        )
        self._consequence(case, given)

    def _next_date(self, rep: User, at: datetime) -> date:
        return day_at(rep, at) + timedelta(days=self.rng.randint(20, 75))

    def _consequence(self, case: Case, given: GivenBack) -> None:
        match given.code.consequence:
            case ReasonCode.Consequence.RECYCLE:
                self._recycle(case, given)
            case ReasonCode.Consequence.DISQUALIFY:
                self._close(case, given, Stage.Key.DISQUALIFIED, "disqualified")
            case ReasonCode.Consequence.REROUTE:
                routing = self.setting.queues[ROUTING]
                source = OwnershipChange.Source.REP
                contracts.back_to_routing(
                    case, routing, at=given.at, reason=given.reason, source=source, by=given.by
                )
                self.then.reroute(case, given.at)
            case _:
                self._to_review(case, given)

    def _recycle(self, case: Case, given: GivenBack) -> None:
        self._close(case, given, given.handoff.hop.return_stage_id, "recycled")
        case.lead.nurture_until = given.nurture_until
        self.then.wake(case, given.by.zone)

    def _close(self, case: Case, given: GivenBack, stage: str, closed_as: str) -> None:
        ledger.move(
            case, stage, at=given.at, reason=given.reason, by=given.by, handoff=given.handoff
        )
        contracts.close(
            case,
            self.setting.queues[NURTURE],
            closed_as=closed_as,
            outcome=closed_as,
            at=given.at,
            reason=given.reason,
            by=given.by,
        )

    def _to_review(self, case: Case, given: GivenBack) -> None:
        queue, at = self.setting.queues[REVIEW], given.at
        contracts.send_to_review(case, queue, at=at, reason=given.reason, by=given.by)
        self.promises.start(case, [Kind.REVIEW], at, at=at, seq=case.next_seq(Kind.REVIEW))
        self.promises.tell(
            queue.owner,
            Notification.Kind.REVIEW,
            subject=f"{case.lead} waits for review",
            body=given.reason,
            handoff=given.handoff,
            about=given.handoff,
            detail=str(case.lead.owner_seq),
            at=at,
        )
        self.then.expect_review(case, at)
