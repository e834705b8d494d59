"""What is at risk now: running promises by least time left, grouped by whoever has the lead."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from leads.models import Handoff, Queue, Role, User
from sla.deadlines import Deadline, deadline
from sla.models import Clock
from sla.models.clocks import ClockQuerySet

LIMIT = 100
SHOWN = (
    "lead",
    "handoff__lead",
    "handoff__owner__team",
    "handoff__queue",
    "assignment__rep__team",
    "calendar",
    "policies",
)


@dataclass(frozen=True, slots=True)
class Row:
    """A running promise on the board. `seen` tells the reassign form who had the lead."""

    deadline: Deadline
    handoff: Handoff
    seen: str

    @property
    def clock(self) -> Clock:
        return self.deadline.clock


@dataclass(slots=True)
class Group:
    """Whoever has the leads: a rep or a queue."""

    holder: User | Queue
    rows: list[Row] = field(default_factory=list)

    @property
    def rep(self) -> User | None:
        return self.holder if isinstance(self.holder, User) else None


def groups(clocks: ClockQuerySet, at: datetime) -> list[Group]:
    """Return the first hundred of `clocks`, grouped; who has the least time left comes first."""
    found: dict[User | Queue, Group] = {}
    for clock in clocks.select_related(*SHOWN)[:LIMIT]:
        holder = _holder(clock)
        found.setdefault(holder, Group(holder)).rows.append(_row(clock, at))
    return list(found.values())


def reps_to_choose(user: User) -> Iterable[User]:
    """Return the reps that `user` may give a lead to: those of a manager's teams, or all."""
    active: QuerySet[User] = User.objects.with_role(Role.REP).order_by("name")
    if user.has_role(Role.ADMIN, Role.MARKETING_OPS):
        return active
    if user.has_role(Role.MANAGER):
        return active.filter(team__manager=user)
    return ()


def _row(clock: Clock, at: datetime) -> Row:
    handoff = clock.handoff
    seen = f"{handoff.owner_id or ''}/{handoff.queue_id or ''}"
    return Row(deadline(clock, at), handoff, seen)


def _holder(clock: Clock) -> User | Queue:
    rep = clock.assignment.rep if clock.assignment else clock.handoff.owner
    holder = rep or clock.handoff.queue
    assert holder is not None  # constraint handoff_owner_or_queue
    return holder
