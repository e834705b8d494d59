"""What is at risk now: running promises by whoever has the lead, or by least time left alone."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from leads.models import Handoff, Queue, Role, User
from sla.acknowledging import Standing, standing
from sla.deadlines import Deadline, deadlines
from sla.models import Clock, Pause
from sla.models.clocks import ClockQuerySet
from sla.pauses import resting

LIMIT = 100
# So many leads are shown first: the rest is one click away.
AT_FIRST = 10
SHOWN = (
    "lead",
    "handoff__lead__owner__team",
    "handoff__lead__queue",
    "handoff__owner__team",
    "handoff__queue",
    "assignment__rep__team",
    "calendar",
    "within",
    "policies__document",
    "acknowledged_by",
)


@dataclass(frozen=True, slots=True)
class Row:
    """A lead on the board at `at`, with its running promises, least time left first.

    rest: the pause that its rep made; None: it does not rest.
    """

    handoff: Handoff
    holder: User | Queue
    at: datetime
    rest: Pause | None = None
    deadlines: list[Deadline] = field(default_factory=list)

    @property
    def first(self) -> Deadline:
        return self.deadlines[0]

    @property
    def waits_for(self) -> list[str]:
        """What it waits for, each once."""
        kinds = dict.fromkeys(each.clock.what for each in self.deadlines)
        return list(kinds)

    @property
    def standing(self) -> Standing:
        return standing([each.clock for each in self.deadlines], self.at)

    @property
    def rep(self) -> User | None:
        return self.holder if isinstance(self.holder, User) else None

    @property
    def seen(self) -> str:
        """Who has the lead, for the form that passes it on."""
        return f"{self.handoff.owner_id or ''}/{self.handoff.queue_id or ''}"


@dataclass(slots=True)
class Group:
    """Whoever has the leads: a rep or a queue. left_out: how many of theirs are not shown."""

    holder: User | Queue
    rows_by_handoff: dict[int, Row] = field(default_factory=dict)
    left_out: int = 0

    @property
    def lead_count(self) -> int:
        return len(self.rows_by_handoff) + self.left_out

    @property
    def rows(self) -> list[Row]:
        return list(self.rows_by_handoff.values())

    @property
    def rep(self) -> User | None:
        return self.holder if isinstance(self.holder, User) else None


def groups(clocks: ClockQuerySet, at: datetime) -> list[Group]:
    """Return the leads of the first hundred of `clocks`, grouped by who has them.

    `clocks` come with the least time left first, and so do groups and leads.
    """
    found: dict[User | Queue, Group] = {}
    shown = deadlines(clocks.select_related(*SHOWN)[:LIMIT], at)
    rests = resting({due.clock.handoff_id for due in shown}, at)
    for due in shown:
        clock = due.clock
        holder = _holder(clock)
        rows = found.setdefault(holder, Group(holder)).rows_by_handoff
        row = rows.setdefault(
            clock.handoff_id, Row(clock.handoff, holder, at, rests.get(clock.handoff_id))
        )
        row.deadlines.append(due)
    return list(found.values())


def most_urgent(found: Sequence[Group], most: int) -> list[Group]:
    """Return the groups with no more than `most` leads in all: those with the least time left."""
    kept = list(dict.fromkeys(row.handoff.pk for row in by_time(found)))[:most]
    cut = [_only(group, kept) for group in found]
    return [group for group in cut if group.rows]


def _only(group: Group, handoffs: Collection[int]) -> Group:
    rows = {pk: row for pk, row in group.rows_by_handoff.items() if pk in handoffs}
    return Group(group.holder, rows, left_out=len(group.rows) - len(rows))


def row_count(found: Iterable[Group]) -> int:
    """Return how many leads are in `found`."""
    return len({row.handoff.pk for group in found for row in group.rows})


def by_time(found: Iterable[Group]) -> list[Row]:
    """Return the leads of all groups in one list, least time left first."""
    rows = [row for group in found for row in group.rows]
    return sorted(rows, key=lambda row: (row.first.clock.due_at, row.handoff.pk))


def lead_count(clocks: ClockQuerySet) -> int:
    """Return how many leads `clocks` are of, as the board counts them: each handoff once."""
    return clocks.order_by().values("handoff").distinct().count()


def reps_to_choose(user: User) -> Iterable[User]:
    """Return the reps that `user` may give a lead to: those of a manager's teams, or all."""
    active: QuerySet[User] = User.objects.with_role(Role.REP).order_by("name")
    if user.has_role(Role.ADMIN, Role.MARKETING_OPS):
        return active
    if user.has_role(Role.MANAGER):
        return active.filter(team__manager=user)
    return ()


def _holder(clock: Clock) -> User | Queue:
    lies = clock.handoff if clock.handoff.is_open else clock.handoff.lead
    holder = clock.assignment.rep if clock.assignment else lies.owner or lies.queue
    assert holder is not None  # constraints handoff_owner_or_queue and lead_owner_or_queue
    return holder
