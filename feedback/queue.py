"""The rep's queue: which leads, in which order, and what changed since it was last looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, Prefetch, Q, QuerySet, Subquery, Value
from django.db.models.functions import Now, NullIf

from feedback.outcomes import GIVEN_BACK
from feedback.packets import thawed
from feedback.touch_outcomes import is_to_be_said
from leads.known_facts import newest_own_facts
from leads.lead_zones import zone_of
from leads.models import Assignment, Handoff, Opportunity, Role, Stage, User
from sla import pauses
from sla.acknowledging import standing
from sla.deadlines import Deadline, deadlines
from sla.models import Clock, Pause

MOST_ROWS = 200
QUALIFIED = Q(
    state=Handoff.State.CLOSED,
    closed_as=Handoff.ClosedAs.QUALIFIED,
    lead__stage__in=[Stage.Key.SQL, Stage.Key.OPPORTUNITY],
    lead__owner=F("owner"),
)

# With a deal that is won or lost and may still be corrected by the rep who told of it.
DECIDED = Q(
    Q(lead__owner=F("owner")) | GIVEN_BACK,
    Exists(Opportunity.objects.exclude(state="open").filter(handoff=OuterRef("pk"))),
    state=Handoff.State.CLOSED,
    closed_as=Handoff.ClosedAs.QUALIFIED,
)


URGENT_FIRST = (
    F("next_due").asc(nulls_last=True),
    NullIf("band", Value("")).asc(nulls_last=True),
    "passed_at",
    "id",
)


RESTS_NOW = Q(pauses__ended_at=None, pauses__since__lte=Now(), pauses__until__gt=Now())


class Show(StrEnum):
    """Which part of a queue."""

    MINE = "mine"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    QUALIFIED = "qualified"
    DECIDED = "decided"
    CLOSED = "closed"


FILTERS = {
    Show.MINE: Q(state__in=[Handoff.State.PASSED, Handoff.State.ACCEPTED]),
    Show.WAITING: Q(state=Handoff.State.PASSED),
    Show.ACCEPTED: Q(state=Handoff.State.ACCEPTED),
    Show.QUALIFIED: QUALIFIED,
    Show.DECIDED: DECIDED,
    Show.CLOSED: Q(pk__in=[]),  # with nobody, or with another: see closed_lately.py
}


@dataclass(frozen=True, slots=True)
class Row:
    """One lead of the list.

    paused: the rep's own promise that stands still, where the prospect's clock runs on beside it.
    rest:   the pause that its rep made; None: it does not rest.
    lead_zone: where the lead is; "": nobody can tell.
    is_new: its rep has not opened it yet.
    """

    handoff: Handoff
    deadline: Deadline | None
    held: Clock | None
    paused: Deadline | None
    rest: Pause | None
    why: dict[str, Any]
    lead_zone: str
    is_new: bool

    @property
    def word(self) -> str:
        """What stands in place of a deadline: how its deal ended, else how the handoff stands."""
        if deal_state := getattr(self.handoff, "deal_state", ""):
            return str(Opportunity.State(deal_state).label)
        if self.handoff.state == Handoff.State.CLOSED:
            return str(self.handoff.get_closed_as_display())
        return str(self.handoff.get_state_display())


def reps_for(viewer: User) -> QuerySet[User]:
    """Return whose queues `viewer` may look at, beside their own."""
    reps = User.objects.with_role(Role.REP).order_by("name", "pk")
    if viewer.sees_everything:
        return reps
    if viewer.has_role(Role.MANAGER):
        return reps.filter(team__manager=viewer)
    return reps.none()


def queue_of(rep: User, *, viewer: User) -> QuerySet[Handoff]:
    return Handoff.objects.visible_to(viewer).filter(owner=rep)


def held(rep: User) -> QuerySet[Handoff]:
    """Return what `rep` has to work on: the number of it stands in the bar and at “Mine”."""
    return queue_of(rep, viewer=rep).filter(FILTERS[Show.MINE])


def rows(handoffs: QuerySet[Handoff], show: Show, *, at: datetime) -> list[Row]:
    """Return the most urgent leads first: by the next deadline, then band, then age; those that
    rest last. Of those whose deal is won or lost, the latest first.
    """
    resting = Pause.objects.running(at).filter(assignment__ended_at=None)
    shown = ("calendar", "within", "acknowledged_by")
    clocks = Clock.objects.running().of_people().select_related(*shown).order_by("due_at", "id")
    found = (
        in_order(handoffs.filter(FILTERS[show]))
        .annotate(
            rests=Exists(resting.filter(assignment__handoff=OuterRef("pk"))),
            has_outcome_to_come=is_to_be_said(),
        )
        .order_by("rests", *URGENT_FIRST)
        .select_related("lead")
        .prefetch_related(Prefetch("clocks", clocks, to_attr="running"))
    )
    if show == Show.DECIDED:
        deal = Opportunity.objects.filter(handoff=OuterRef("pk")).order_by("-pk")
        found = found.annotate(
            deal_state=Subquery(deal.values("state")[:1]),
            decided_at=Subquery(deal.values("closed_at")[:1]),
        ).order_by("-decided_at", "-pk")
    handoffs_shown = list(found[:MOST_ROWS])
    rests = pauses.resting(handoffs_shown, at)
    running: dict[int, list[Deadline]] = {}
    for due in deadlines(_running(handoffs_shown), at):
        running.setdefault(due.clock.handoff_id, []).append(due)
    facts = newest_own_facts([each.lead_id for each in handoffs_shown], at)
    return [
        _row(
            each,
            running.get(each.pk, []),
            rests.get(each.pk),
            at,
            lead_zone=zone_of(each.lead.phone, facts.get(each.lead_id, {}), at),
        )
        for each in handoffs_shown
    ]


def _running(handoffs: Iterable[Any]) -> Iterator[Clock]:
    return (clock for handoff in handoffs for clock in handoff.running)


def in_order(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """Those whose clock is due first come first, missed ones before them all; without a clock
    last. Annotates `next_due` and when their rep `received` them.
    """
    running = Clock.objects.running().of_people().filter(handoff=OuterRef("pk"))
    current = Assignment.objects.filter(handoff=OuterRef("pk"), ended_at=None)
    return handoffs.annotate(
        next_due=Subquery(running.order_by("due_at").values("due_at")[:1]),
        received=Subquery(current.values("received_at")[:1]),
    ).order_by(*URGENT_FIRST)


def next_waiting(handoffs: QuerySet[Handoff], show: Show) -> Handoff | None:
    """Return the most urgent lead of a part of the queue that waits for an answer."""
    waiting = handoffs.filter(FILTERS[show], FILTERS[Show.WAITING])
    return in_order(waiting).select_related("lead").first()


def counts(handoffs: QuerySet[Handoff]) -> dict[str, int]:
    """Return how many leads each part of a queue has."""
    found: dict[str, int] = handoffs.aggregate(
        **{show.value: Count("pk", filter=condition) for show, condition in FILTERS.items()}
    )
    return found


@dataclass(frozen=True, slots=True)
class Version:
    """What a queue looked like at a glance.

    newest:  the highest number of an assignment in it; 0 for an empty queue.
    mark:    changes whenever a lead comes, goes, is answered, begins or ends to rest, or a clock
             starts or stops.
    """

    newest: int
    mark: str


def version(rep: User) -> Version:
    """Return the version of the queue of `rep`, in one query."""
    found = Assignment.objects.filter(rep=rep, ended_at=None).aggregate(
        leads=Count("pk", distinct=True),
        newest=Max("pk"),
        answered=Max("answered_at"),
        clock=Max("handoff__clocks"),
        stopped=Max("handoff__clocks__stopped_at"),
        pause=Max("pauses"),
        resting=Count("pauses", distinct=True, filter=RESTS_NOW),
    )
    newest = found["newest"] or 0
    instants = [found["answered"], found["stopped"]]
    stamps = [str(instant.timestamp()) if instant else "0" for instant in instants]
    numbers = [newest, *(found[each] or 0 for each in ("leads", "clock", "pause", "resting"))]
    mark = "-".join([*map(str, numbers), *stamps])
    return Version(newest, mark)


def newer_than(rep: User, newest: int) -> int:
    """Return how many leads came since the assignment numbered `newest`."""
    return Assignment.objects.filter(rep=rep, ended_at=None, pk__gt=newest).count()


def own_pause(deadlines: Sequence[Deadline]) -> Deadline | None:
    """Return the first of the rep's own deadlines if all of them stand still, and what comes first
    is not one of them: a prospect's, who waits day and night.
    """
    own = [each for each in deadlines if not each.is_prospects]
    if not own or own[0] == deadlines[0] or not all(each.resumes_at for each in own):
        return None
    return own[0]


def _row(
    handoff: Any, running: Sequence[Deadline], rest: Pause | None, at: datetime, *, lead_zone: str
) -> Row:
    packet = thawed(handoff.packet)
    return Row(
        handoff=handoff,
        deadline=running[0] if running else None,
        held=standing(handoff.running, at).held,
        paused=None if rest else own_pause(running),
        rest=rest,
        why=packet.get("why_now") or {"text": handoff.reason, "at": handoff.hand_raised_at},
        lead_zone=lead_zone,
        is_new=handoff.state == Handoff.State.PASSED and handoff.received is None,
    )
