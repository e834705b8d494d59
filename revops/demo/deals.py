"""What becomes of the demo's qualified leads: meetings held, deals opened, won and lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from leads.models import Handoff, Meeting, Opportunity, Stage, User
from revops.demo import ledger
from revops.demo.ledger import Case, Observation
from revops.demo.outcomes import WINNING, Drivers
from revops.demo.setting import Setting

State = Opportunity.State
Plan = Callable[[datetime, Callable[[datetime], None]], None]


@dataclass
class Deals:
    """Plans deals and lets them come about. `running` are the open ones."""

    setting: Setting
    rng: Random
    plan: Plan
    running: list[tuple[Case, Opportunity]]

    def begin(
        self, case: Case, handoff: Handoff, rep: User, drivers: Drivers, at: datetime
    ) -> None:
        """Plan the meeting and the deal of a lead that was just qualified."""
        meeting = case.rows.of(Meeting)[-1]
        assert meeting.starts_at is not None
        is_held = self.rng.random() < 0.85
        outcome = Meeting.Outcome.HELD if is_held else Meeting.Outcome.NO_SHOW
        self.plan(
            meeting.starts_at + timedelta(hours=1),
            lambda then: setattr(meeting, "outcome", outcome),
        )
        is_won = self.rng.random() < WINNING.probability(drivers)
        opens_at = self.setting.after(rep, at, timedelta(hours=8.5 * self.rng.uniform(2.2, 5)))
        days = self.rng.uniform(4, 22)
        self.plan(opens_at, lambda then: self._open(case, handoff, rep, then))
        self.plan(
            self.setting.after(rep, opens_at, timedelta(hours=8.5 * days)),
            lambda then: self._close(case, handoff, rep, Observation(drivers, is_won), then),
        )

    def _open(self, case: Case, handoff: Handoff, rep: User, at: datetime) -> None:
        employees = case.lead.account.employees if case.lead.account else None
        amount = Decimal(round((employees or 100) ** 0.7 * self.rng.uniform(90, 210), -2))
        deal = Opportunity(
            lead=case.lead, handoff=handoff, amount=amount, state=State.OPEN, opened_at=at
        )
        self.running.append((case, case.rows.add(deal)))
        self._move(case, handoff, rep, State.OPEN, Stage.Key.OPPORTUNITY, at)

    def _close(
        self, case: Case, handoff: Handoff, rep: User, seen: Observation, at: datetime
    ) -> None:
        mine = next(each for each in self.running if each[1].handoff is handoff)
        self.running.remove(mine)
        case.rows.wins.append(seen)
        deal = mine[1]
        deal.state, deal.closed_at = State.WON if seen.happened else State.LOST, at
        stage = Stage.Key.CUSTOMER if seen.happened else handoff.hop.return_stage_id
        self._move(case, handoff, rep, deal.state, stage, at)

    def _move(
        self, case: Case, handoff: Handoff, rep: User, state: str, stage: str, at: datetime
    ) -> None:
        reason = f"Deal {state}, says {rep}"
        ledger.move(case, stage, at=at, reason=reason, by=rep, handoff=handoff)
