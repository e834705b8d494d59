"""The past of a lead that was imported with it: back-dated, marked, without clocks or messages."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import Group
from django.utils.text import slugify

from feedback.models import Disposition, ReasonCode
from leads import handoffs, lifecycle
from leads.models import (
    Assignment,
    Handoff,
    IntakeSource,
    Lead,
    Opportunity,
    OwnershipChange,
    Role,
    Stage,
    Submission,
    Touch,
    User,
)
from leads.submission_fields import HistoricalFields, HistoryFields
from sla import responses

Source = OwnershipChange.Source
UNKNOWN_REASON = "unknown-imported"
STAGES_IN_ORDER = [Stage.Key.ML, Stage.Key.MQL, Stage.Key.SAL, Stage.Key.SQL]


def record(
    lead: Lead, fields: HistoricalFields, submission: Submission, at: datetime
) -> Handoff | None:
    """Put the past that `fields` tell on record. Returns the handoff, if they tell of one."""
    if fields.history is None:
        if fields.stage:
            _move(lead, fields.stage, fields.occurred_at or submission.received_at)
        return None
    return Past(lead, fields.history, submission.source, at).record()


def _move(lead: Lead, stage: str, at: datetime, handoff: Handoff | None = None) -> None:
    lifecycle.move(lead, stage, at=at, reason="Imported", handoff=handoff, is_historical=True)


@dataclass(frozen=True)
class Past:
    """A handoff of the past: opened, passed, touched, answered and closed when the import says."""

    lead: Lead
    history: HistoryFields
    source: IntakeSource
    at: datetime

    def record(self) -> Handoff:
        history = self.history
        handoff = handoffs.open_handoff(
            self.lead,
            path=Handoff.Path.IMPORT,
            reason=f"Imported from {self.source}",
            at=history.opened_at,
            is_historical=True,
        )
        _move(self.lead, Stage.Key.MQL, history.opened_at, handoff)
        if history.handler:
            self._work(handoff, handler(self.source, history.handler))
        CLOSINGS.get(history.outcome, _withdraw)(self, handoff)
        return handoff

    @property
    def ended_at(self) -> datetime:
        """When it ended; the last thing known of it where the import does not say."""
        history = self.history
        known = [history.opened_at, history.passed_at, history.first_touch_at, history.closed_at]
        return max(instant for instant in known if instant)

    def _work(self, handoff: Handoff, rep: User) -> None:
        """What the rep did: had it passed, touched it, answered."""
        history = self.history
        assignment = handoffs.pass_to(
            handoff,
            rep,
            source=Source.IMPORT,
            reason="Imported",
            at=history.passed_at or history.opened_at,
        )
        if history.first_touch_at:
            self._touch(handoff, assignment, history.first_touch_at)
        if history.accepted:
            answered_at = history.first_touch_at or assignment.passed_at
            accepted = handoffs.accept(assignment, by=rep, at=answered_at)
            handoff.refresh_from_db(fields=["state", "accepted_at", "received_at"])
            self.lead.refresh_from_db(fields=["stage", "stage_seq", "stage_since"])
            assert accepted.state == handoff.state

    def _touch(self, handoff: Handoff, assignment: Assignment, touched_at: datetime) -> None:
        Touch.objects.create(
            lead=self.lead,
            handoff=handoff,
            assignment=assignment,
            by=assignment.rep,
            channel=Touch.Channel.CALL,
            outcome=Touch.Outcome.SPOKE,
            occurred_at=touched_at,
            is_historical=True,
        )
        handoffs.receive(assignment, evidence=Assignment.Evidence.IMPORTED, at=touched_at)
        responses.record_first_response(handoff, at=touched_at, rep=assignment.rep)

    def close(self, handoff: Handoff, stage: str, closed_as: str, outcome: str) -> None:
        """Close as the import says, with every stage on the way that was not recorded."""
        for step in self._steps_to(stage):
            _move(self.lead, step, self.ended_at, handoff)
        handoffs.close(
            handoff,
            closed_as=closed_as,
            outcome=outcome,
            at=self.ended_at,
            source=Source.IMPORT,
            reason="Imported",
            keeps_owner=closed_as == Handoff.ClosedAs.QUALIFIED,
        )

    def _steps_to(self, stage: str) -> list[str]:
        if stage != Stage.Key.CUSTOMER:
            return [stage]
        passed = STAGES_IN_ORDER.index(Stage.Key(self.lead.stage_id))
        return [*STAGES_IN_ORDER[passed + 1 :], Stage.Key.OPPORTUNITY, Stage.Key.CUSTOMER]


def _close_won(past: Past, handoff: Handoff) -> None:
    Opportunity.objects.create(
        lead=past.lead,
        handoff=handoff,
        state=Opportunity.State.WON,
        opened_at=past.history.opened_at,
        closed_at=past.ended_at,
    )
    past.close(
        handoff,
        Stage.Key.CUSTOMER,
        Handoff.ClosedAs.QUALIFIED,
        Assignment.Outcome.QUALIFIED,
    )


def _close_disqualified(past: Past, handoff: Handoff) -> None:
    past.close(
        handoff,
        Stage.Key.DISQUALIFIED,
        Handoff.ClosedAs.DISQUALIFIED,
        Assignment.Outcome.DISQUALIFIED,
    )


def _close_recycled(past: Past, handoff: Handoff) -> None:
    """Close as recycled; nobody said why, and the code says so."""
    assignment = handoffs.open_assignment(handoff)
    code = ReasonCode.objects.get(key=UNKNOWN_REASON)
    if assignment is not None:
        Disposition.objects.create(
            handoff=handoff,
            assignment=assignment,
            code=code,
            kind=Disposition.Kind.RECYCLED,
            nurture_until=(past.ended_at + timedelta(days=code.nurture_days or 0)).date(),
            by=assignment.rep,
            at=past.ended_at,
            is_historical=True,
        )
    past.close(
        handoff,
        handoff.hop.return_stage_id,
        Handoff.ClosedAs.RECYCLED,
        Assignment.Outcome.RECYCLED,
    )


def _withdraw(past: Past, handoff: Handoff) -> None:
    """Close what the import left open: nobody works it here, and it must not stand in the way of
    the next one. The stage stays where it was.
    """
    handoffs.close(
        handoff,
        closed_as=Handoff.ClosedAs.WITHDRAWN,
        outcome=Assignment.Outcome.WITHDRAWN,
        at=past.ended_at,
        source=Source.IMPORT,
        reason="Open when it was imported",
    )


CLOSINGS = {
    "won": _close_won,
    "disqualified": _close_disqualified,
    "recycled": _close_recycled,
}


def handler(source: IntakeSource, name: str) -> User:
    """Return who worked a lead before: an inactive user of that name, made when first met."""
    told_apart = hashlib.blake2b(name.encode(), digest_size=4).hexdigest()
    email = f"{slugify(name) or 'rep'}-{told_apart}@{source.slug}.invalid"
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, name=name, is_active=False)
        user.groups.add(Group.objects.get(name=Role.REP))
    return user
