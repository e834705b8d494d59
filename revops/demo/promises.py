"""The demo's clocks and messages, as `sla.clocks` and the sweep would have written them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from leads.fact_sheet import handoff_facts
from leads.models import Assignment, Handoff, Lead, User
from revops.demo.ledger import Case
from revops.demo.setting import Setting
from sla.business_time import WorkingTime
from sla.clocks import NO_EVIDENCE, Evidence
from sla.ladders import Others, told
from sla.levels import Level, event_of, instants, move_on, settle, to_come
from sla.messages import event_subject
from sla.models import Clock, ClockEvent, Notification, Target
from sla.policies import BREACH, Promise, ReadyPolicy

Kind = Target.Kind
Reason = Clock.StopReason
# In the demo everybody has somebody behind them.
NOBODY_ELSE = Others({}, ())
# The sweep comes by every two seconds.
SWEPT_AFTER = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody was told. Its key names the row it is `about`, which has no number yet."""

    recipient: User
    kind: str
    subject: str
    body: str
    handoff: Handoff
    at: datetime
    about: Assignment | Clock | Handoff
    detail: str = ""


@dataclass
class Promises:
    """Starts, fires and stops clocks, and collects what people were told."""

    setting: Setting
    messages: list[Message]

    def start(
        self,
        case: Case,
        kinds: Iterable[str],
        started_at: datetime,
        *,
        at: datetime,
        seq: int = 1,
        assignment: Assignment | None = None,
    ) -> list[Clock]:
        """Start a clock for each of `kinds` that the policy of the open handoff promises."""
        handoff = case.handoff
        assert handoff is not None
        policy = self._policy(case, handoff, at)
        found = [policy.promises[kind] for kind in kinds if kind in policy.promises]
        clocks = [self._clock(handoff, each, started_at, policy, assignment) for each in found]
        for clock in clocks:
            clock.seq = seq
            case.rows.add(clock)
            started = ClockEvent.Kind.STARTED
            case.rows.add(
                ClockEvent(
                    clock=clock,
                    kind=started,
                    due_at=started_at,
                    processed_at=at,
                    detail=policy.label,
                )
            )
        case.clocks += clocks
        case.started += clocks
        return clocks

    def _policy(self, case: Case, handoff: Handoff, at: datetime) -> ReadyPolicy:
        facts = {**case.facts, **handoff_facts(handoff)}
        evidence = case.evidence(at).with_facts(facts)
        return next(each for each in self.setting.policies if each.conditions.matches(evidence))

    def _clock(
        self,
        handoff: Handoff,
        promise: Promise,
        started_at: datetime,
        policy: ReadyPolicy,
        assignment: Assignment | None,
    ) -> Clock:
        rep_id = assignment.rep_id if assignment else None
        hours = self.setting.hours[rep_id]
        is_working = promise.measure == Target.Measure.WORKING
        schedule = hours.schedule if is_working else None
        levels = [step.percent for step in promise.ladder]
        level_ats = instants(started_at, promise.allowed, levels, schedule=schedule)
        return Clock(
            lead=handoff.lead,
            handoff=handoff,
            assignment=assignment,
            kind=promise.kind,
            measure=promise.measure,
            policies=self.setting.policy_version,
            policy_label=policy.label,
            calendar=hours.calendar if is_working else None,
            within=hours.within if is_working else None,
            allowed=promise.allowed,
            started_at=started_at,
            due_at=level_ats[levels.index(BREACH)],
            levels=levels,
            level_ats=level_ats,
            actions=[step.action for step in promise.ladder],
            next_level=levels[0],
            next_at=level_ats[0],
        )

    def stop(self, case: Case, kinds: Iterable[str], *, at: datetime, evidence: Evidence) -> None:
        """Stop the clocks of these kinds that run: what they asked for was done."""
        wanted = set(kinds)
        for clock in [each for each in case.clocks if each.kind in wanted]:
            if clock.started_at <= at:
                self._close(case, clock, Reason.MET, at=at, evidence=evidence)

    def end(self, case: Case, *, at: datetime, assignment: Assignment | None = None) -> None:
        """End the clocks that run, of one assignment or of the handoff: nobody asks any more."""
        for clock in list(case.clocks):
            if assignment is None or clock.assignment is assignment:
                self._close(case, clock, Reason.ENDED, at=max(at, clock.started_at))

    def sweep(self, case: Case, at: datetime) -> None:
        """Fire what the running clocks have reached by `at`, each level when it was."""
        for clock in case.clocks:
            self._fire(case, clock, at)

    def _fire(self, case: Case, clock: Clock, at: datetime) -> None:
        for level in to_come(clock):
            if (seen_at := level.at + SWEPT_AFTER) <= at:
                (event,) = move_on(clock, max(seen_at, clock.started_at + SWEPT_AFTER))
                case.rows.add(event)
                self._tell_of(event, seen_at)

    def _close(
        self,
        case: Case,
        clock: Clock,
        reason: str,
        *,
        at: datetime,
        evidence: Evidence = NO_EVIDENCE,
    ) -> None:
        self._fire(case, clock, at)
        for event in settle(clock, at, at=at):
            case.rows.add(event)
        clock.stopped_at, clock.stop_reason, clock.stop_evidence = at, reason, evidence.words[:200]
        schedule = self._schedule_of(clock)
        clock.elapsed = (
            schedule.between(clock.started_at, at) if schedule else at - clock.started_at
        )
        stopped = event_of(clock, Level(0, at), ClockEvent.Kind.STOPPED, at=at)
        stopped.detail, stopped.by = clock.stop_evidence, evidence.by
        stopped.channel, stopped.touch = evidence.channel, evidence.touch
        case.rows.add(stopped)
        case.clocks.remove(clock)

    def _schedule_of(self, clock: Clock) -> WorkingTime | None:
        if clock.calendar is None:
            return None
        rep_id = clock.assignment.rep_id if clock.assignment else None
        return self.setting.hours[rep_id].schedule

    def _tell_of(self, event: ClockEvent, at: datetime) -> None:
        clock, is_late = event.clock, event.level >= BREACH
        for person in told(event, NOBODY_ELSE):
            self.tell(
                person,
                Notification.Kind.BREACH if is_late else Notification.Kind.WARNING,
                subject=event_subject(event),
                body=clock.handoff.reason,
                handoff=clock.handoff,
                about=clock,
                detail=str(event.level),
                at=at,
            )

    def tell(
        self,
        recipient: User,
        kind: str,
        *,
        subject: str,
        body: str,
        handoff: Handoff,
        about: Assignment | Clock | Handoff,
        at: datetime,
        detail: str = "",
    ) -> None:
        """Tell `recipient`, or the cover of somebody who is away."""
        absence = self.setting.away(recipient, at)
        if absence is not None and absence.cover is not None:
            recipient = absence.cover
        self.messages.append(Message(recipient, kind, subject, body, handoff, at, about, detail))

    def respond(self, record: Handoff | Lead, asked_at: datetime, rep: User, at: datetime) -> None:
        """Note the first human answer to what was asked at `asked_at`, unless it was answered."""
        earlier = record.first_response_at
        if at < asked_at or (earlier is not None and asked_at <= earlier <= at):
            return
        schedule = self.setting.hours[rep.pk].schedule
        record.first_response_at = at
        record.first_response_wall = at - asked_at
        record.first_response_working = schedule.between(asked_at, at)
