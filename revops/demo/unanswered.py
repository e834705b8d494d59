"""What the demo's reps leave lying goes to another one, as its policy says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from leads.handoffs import ROUTING
from leads.models import Assignment, Organisation, OwnershipChange
from revops.demo import contracts
from revops.demo.ledger import Case
from revops.demo.promises import SWEPT_AFTER, Promises
from revops.demo.setting import Setting
from sla.levels import to_come
from sla.messages import headline
from sla.models import Notification, Target

# So many others are asked one after the other, as organisations are set at first.
REROUTES = Organisation._meta.get_field("reroutes_before_manager").get_default()


@dataclass(frozen=True, slots=True)
class Unanswered:
    setting: Setting
    promises: Promises
    plan: Callable[[datetime, Callable[[datetime], None]], None]
    reroute: Callable[[Case, datetime], None]

    def expect(self, case: Case, assignment: Assignment) -> None:
        """Plan who is next if nobody answers; the last who may be asked is left with it."""
        asked = [each for each in case.clocks if each.assignment is assignment]
        steps = [level for clock in asked for level in to_come(clock)]
        for step in steps:
            if step.action == Target.Action.REASSIGN and len(case.had) <= REROUTES:
                swept_at = step.at + SWEPT_AFTER
                self.plan(swept_at, lambda then: self._take_away(case, assignment, then))

    def _take_away(self, case: Case, assignment: Assignment, at: datetime) -> None:
        if case.assignment is not assignment or assignment.answer:
            return
        rep, reason = assignment.rep, f"{assignment.rep} did not answer"
        self.promises.end(case, at=at, assignment=assignment)
        routing, source = self.setting.queues[ROUTING], OwnershipChange.Source.ESCALATION
        contracts.back_to_routing(case, routing, at=at, reason=reason, source=source)
        self.promises.tell(
            rep,
            Notification.Kind.MOVED,
            subject=f"Goes to somebody else: {headline(assignment.handoff)}",
            body=f"{reason} in time.",
            handoff=assignment.handoff,
            about=assignment,
            at=at,
        )
        self.reroute(case, at)
