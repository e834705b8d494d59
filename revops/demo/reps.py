"""How the demo's reps answer what they are passed: when, what, and why."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from leads.handoffs import NURTURE
from leads.models import (
    Assignment,
    ChecklistAnswer,
    Handoff,
    Meeting,
    Stage,
    Touch,
    User,
)
from revops.demo import contracts, ledger
from revops.demo.afterwards import Afterwards
from revops.demo.giving_back import LOW_FIT, GivingBack
from revops.demo.ledger import Case, Observation
from revops.demo.outcomes import ACCEPTANCE, QUALIFYING, Drivers
from revops.demo.promises import Promises
from revops.demo.setting import Setting
from revops.demo.unanswered import Unanswered
from sla.clocks import Evidence
from sla.models import ClockEvent, Target

Kind = Target.Kind

# Median working minutes till a rep answers, by what opened the handoff.
PROMPTNESS = {"demo-request": 1, "contact-form": 1.2, "inbound-call": 1, "trial-start": 15}
BY_SCORE = 30
LEFT_LYING = 0.07
HIGH_READINESS = 40


@dataclass(frozen=True, slots=True)
class Fate:
    """What comes of a lead that was accepted: qualified, or the key of the reason it goes back."""

    code: str = ""


@dataclass
class Reps:
    """Plans and does what reps do with what is passed to them."""

    setting: Setting
    promises: Promises
    rng: Random
    then: Afterwards

    def __post_init__(self) -> None:
        self.giving_back = GivingBack(self.setting, self.promises, self.rng, self.then)
        self.unanswered = Unanswered(self.setting, self.promises, self.then.plan, self.then.reroute)

    def passed(self, case: Case, at: datetime) -> None:
        """Plan the answer to what was just passed; to what came in just now there is none yet."""
        _, assignment = case.current
        self.unanswered.expect(case, assignment)
        if case.person.is_fresh:
            return
        answer_at = self.setting.after(assignment.rep, at, self._delay(case, assignment))
        seen_at = max(at + timedelta(seconds=20), answer_at - timedelta(minutes=2))
        self.then.plan(seen_at, lambda then: self._open(case, assignment, then))
        self.then.plan(max(answer_at, seen_at), lambda then: self._answer(case, assignment, then))

    def _delay(self, case: Case, assignment: Assignment) -> timedelta:
        handoff, rep = assignment.handoff, assignment.rep
        pace = 0.6 + (rep.pk * 7 % 10) / 9
        minutes = PROMPTNESS.get(handoff.trigger_key, BY_SCORE) * pace
        minutes *= math.exp(self.rng.gauss(0, 0.8))
        if self.rng.random() < LEFT_LYING:
            minutes = 12 * max(minutes, 3)
        return timedelta(minutes=minutes)

    def _open(self, case: Case, assignment: Assignment, at: datetime) -> None:
        if case.assignment is assignment:
            contracts.receive(case, Assignment.Evidence.OPENED, at)

    def _answer(self, case: Case, assignment: Assignment, at: datetime) -> None:
        if case.assignment is not assignment:
            return
        drivers = drivers_of(case, assignment.handoff)
        says_yes = self.rng.random() < ACCEPTANCE.probability(drivers)
        case.rows.acceptances.append(Observation(drivers, says_yes))
        if says_yes:
            self._accept(case, assignment, at)
        else:
            self.giving_back.at_once(case, assignment, drivers, at)

    def _accept(self, case: Case, assignment: Assignment, at: datetime) -> None:
        handoff, rep = assignment.handoff, assignment.rep
        assignment.answer, assignment.answered_at = Assignment.Answer.ACCEPTED, at
        contracts.receive(case, Assignment.Evidence.ANSWERED, at)
        handoff.state, handoff.accepted_at = Handoff.State.ACCEPTED, at
        stage = handoff.hop.accept_stage
        if stage.is_used:
            case.before_sale = case.lead.stage_id
            ledger.move(
                case, stage.key, at=at, reason=f"Accepted by {rep}", by=rep, handoff=handoff
            )
        accepted = Evidence("Accepted", rep, ClockEvent.Channel.ANSWERED)
        self.promises.stop(case, [Kind.ACCEPT], at=at, evidence=accepted)
        minutes = 1.2 * math.exp(self.rng.gauss(0, 1.0))
        touch_at = self.setting.after(rep, at, timedelta(minutes=minutes))
        self.then.plan(touch_at, lambda then: self._first_touch(case, assignment, then))

    def _first_touch(self, case: Case, assignment: Assignment, at: datetime) -> None:
        self.touch(case, assignment, at)
        handoff, rep = assignment.handoff, assignment.rep
        drivers = drivers_of(case, handoff)
        is_good = self.rng.random() < QUALIFYING.probability(drivers)
        fate = Fate() if is_good else Fate(self.giving_back.why_after_work(drivers))
        days = self.rng.triangular(0.5, 8, 2.5)
        end_at = self.setting.after(rep, at, timedelta(hours=8.5 * days))
        touches = self.rng.randint(3, 5) if fate.code == "unable-to-reach" else _few(self.rng)
        for when in self._spread(rep, at, end_at, touches):
            self.then.plan(when, lambda then: self.touch(case, assignment, then))
        self.then.plan(end_at, lambda then: self._finish(case, assignment, fate, drivers, then))

    def _spread(self, rep: User, start: datetime, end: datetime, count: int) -> Iterator[datetime]:
        """Yield when the touches between `start` and `end` are made, in the rep's hours."""
        schedule = self.setting.hours[rep.pk].schedule
        whole = schedule.between(start, end)
        for number in range(count):
            share = (number + self.rng.uniform(0.2, 0.9)) / (count + 0.2)
            yield min(self.setting.after(rep, start, whole * share), end - timedelta(seconds=1))

    def touch(self, case: Case, assignment: Assignment, at: datetime) -> None:
        """Log an attempt to reach the lead: it stops the clocks that wait for it."""
        if case.assignment is not assignment:
            return
        handoff, rep = assignment.handoff, assignment.rep
        touch = case.rows.add(_touch(case, assignment, at, self.rng))
        case.touches += 1
        contracts.receive(case, Assignment.Evidence.TOUCH, at)
        kinds = [Kind.FIRST_TOUCH, Kind.FIRST_RESPONSE]
        shown = Evidence(str(touch), rep, touch.channel, touch)
        self.promises.stop(case, kinds, at=at, evidence=shown)
        asked_at = case.asked_at or handoff.opened_at
        self.promises.respond(handoff, asked_at, rep, at)
        self.promises.respond(case.lead, case.lead.last_hand_raise_at or asked_at, rep, at)

    def _finish(
        self, case: Case, assignment: Assignment, fate: Fate, drivers: Drivers, at: datetime
    ) -> None:
        if case.assignment is not assignment:
            return
        if fate.code:
            case.rows.wins.append(Observation(drivers, False))
            self.giving_back.after_work(case, fate.code, at)
        else:
            self._qualify(case, assignment, drivers, at)

    def _qualify(self, case: Case, assignment: Assignment, drivers: Drivers, at: datetime) -> None:
        handoff, rep = assignment.handoff, assignment.rep
        reason = f"Qualified by {rep}"
        confirmed = confirmed_by(drivers)
        for item in self.setting.checklist:
            is_confirmed = item.key in confirmed
            case.rows.add(ChecklistAnswer(handoff=handoff, item=item, is_confirmed=is_confirmed))
        ledger.move(case, Stage.Key.SQL, at=at, reason=reason, by=rep, handoff=handoff)
        case.rows.add(
            Meeting(
                lead=case.lead,
                handoff=handoff,
                booked_at=at,
                starts_at=self.setting.after(rep, at, timedelta(hours=17)),
            )
        )
        self.promises.end(case, at=at)
        contracts.close(
            case,
            self.setting.queues[NURTURE],
            closed_as=Handoff.ClosedAs.QUALIFIED,
            outcome=Assignment.Outcome.QUALIFIED,
            at=at,
            reason=reason,
            by=rep,
            keeps_owner=True,
        )
        self.then.deals.begin(case, handoff, rep, drivers, at)


def drivers_of(case: Case, handoff: Handoff) -> Drivers:
    """Return what the outcome of a handoff depends on, as far as it is known."""
    wall = handoff.first_response_wall
    hours = wall.total_seconds() / 3600 if wall is not None else None
    return Drivers(handoff.fit or 0, handoff.readiness or 0, case.lead.source.slug, hours)


def _few(rng: Random) -> int:
    return rng.choice([0, 1, 1, 2, 2, 3])


def _touch(case: Case, assignment: Assignment, at: datetime, rng: Random) -> Touch:
    can_call = bool(case.lead.phone)
    channel = rng.choice(["call", "call", "email"] if can_call else ["email", "email", "social"])
    found = (
        ["spoke", "no_answer", "no_answer"] if channel == "call" else ["sent", "sent", "replied"]
    )
    return Touch(
        lead=case.lead,
        handoff=assignment.handoff,
        assignment=assignment,
        by=assignment.rep,
        channel=channel,
        outcome=rng.choice(found),
        occurred_at=at,
    )


def confirmed_by(drivers: Drivers) -> set[str]:
    """Return the items of the shipped checklist that such a lead confirms."""
    confirmed = {"need"}
    if drivers.fit >= LOW_FIT:
        confirmed.add("authority")
    if drivers.readiness >= HIGH_READINESS:
        confirmed |= {"timing", "budget"}
    return confirmed
