"""The clocks of how long a lead stays in a stage. They follow the ledger of stages: whoever writes
it, the clock of a stay starts and stops at the instants that stand there.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from time import monotonic

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from leads.models import Handoff, Lead, Stage, StageTransition
from sla import clocks
from sla.models import Clock, Target
from sla.models.promises import STAYS
from sla.policies import starts_something

logger = logging.getLogger(__name__)

# So many leads at once are marked no more that no clock has to follow.
MANY = 2000
FOLLOWING_S = 1.0
SHORTEST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(minutes=10)
Start = Target.Start
TO_FOLLOW = Q(follow_from_seq__isnull=False)
# Moves with which a clock may start.
BEGINS = Q(to_stage__in=STAYS, is_historical=False, handoff__is_historical=False)
UNMARKED: dict[str, None] = {"follow_from_seq": None, "follow_at": None}
QUALIFIED = Handoff.ClosedAs.QUALIFIED


def follow_moves(at: datetime, *, for_s: float = FOLLOWING_S) -> int:
    """Let the clocks of stays follow the leads that moved, each with what it did meanwhile, the
    last that moved first, for about `for_s` seconds: the next call goes on. Returns how many leads.

    Safe in two workers at once. A lead that is locked comes later, and so does one that fails.
    """
    if not Lead.objects.filter(TO_FOLLOW).exists():
        return 0
    began, done = monotonic(), _pass_over(at)
    while _follow_next(at):
        done += 1
        if monotonic() - began >= for_s:
            break
    return done


@transaction.atomic
def _pass_over(at: datetime) -> int:
    """Take the mark from leads whose moves neither start a clock nor leave one, many at once: the
    leads of an import of the past, or all where no stay is promised. Returns how many.
    """
    nothing_to_do = ~_is_for_clocks(at)
    marked = Lead.objects.filter(TO_FOLLOW, nothing_to_do)
    locked = marked.select_for_update(no_key=True, skip_locked=True, of=("self",))
    ids = list(locked.values_list("pk", flat=True)[:MANY])
    # Asked again of what is locked: it may have moved while it was looked for.
    return Lead.objects.filter(nothing_to_do, pk__in=ids).update(**UNMARKED)


def _is_for_clocks(at: datetime) -> Q:
    """Return the condition that clocks have to follow a marked lead."""
    has_clock = Q(Exists(_running().filter(lead=OuterRef("pk"))))
    if not starts_something(Start.STAGE, at):
        return has_clock
    marked = {"lead": OuterRef("pk"), "seq__gte": OuterRef("follow_from_seq")}
    return has_clock | Q(Exists(StageTransition.objects.filter(BEGINS, **marked)))


@transaction.atomic
def _follow_next(at: datetime) -> bool:
    """Follow the lead that moved last, or put it off. Returns whether there was one."""
    waits = Lead.objects.filter(TO_FOLLOW).exclude(follow_at__gt=at).order_by("-stage_since", "-id")
    lead = waits.select_for_update(no_key=True, skip_locked=True, of=("self",)).first()
    if lead is None:
        return False
    try:
        with transaction.atomic():
            _follow_all(lead, at)
    except Exception:
        logger.exception("The clock of a stay can't follow its lead", extra={"lead": lead.pk})
        _put_off(lead, at)
    return True


def catch_up(lead: Lead, at: datetime) -> None:
    """Let the clocks of stays follow a locked lead at once, if they still have to."""
    if lead.follow_from_seq is not None:
        _follow_all(lead, at)
        lead.follow_from_seq = None


def _follow_all(lead: Lead, at: datetime) -> None:
    for move in moves_to_follow(lead):
        follow(move, at)
    _end_with_their_handoffs(lead, at)
    Lead.objects.filter(pk=lead.pk).update(**UNMARKED)


def _put_off(lead: Lead, at: datetime) -> None:
    """Try again after as long as it is since the lead moved: each wait is about twice the last."""
    wait = min(max(at - lead.stage_since, SHORTEST_WAIT), LONGEST_WAIT)
    Lead.objects.filter(pk=lead.pk).update(follow_at=at + wait)


def moves_to_follow(lead: Lead) -> QuerySet[StageTransition]:
    """Return what `lead` did since its clocks followed it last, in order."""
    moves = lead.stage_transitions.filter(seq__gte=lead.follow_from_seq).order_by("seq")
    return moves.select_related("from_stage", "to_stage", "by", "handoff__lead")


def follow(move: StageTransition, at: datetime) -> list[Clock]:
    """Stop the clock of the stay that a lead left by `move`, and start the one of the stay that it
    came to with a handoff, if that is promised. The lead is locked. Returns what was started.
    """
    for clock in _running().filter(lead=move.lead_id).select_related("handoff"):
        leave(clock, move, at)
    kind, handoff = STAYS.get(move.to_stage_id), move.handoff
    if kind is None or handoff is None or move.is_historical or handoff.is_historical:
        return []
    begun = Clock.objects.filter(handoff=handoff, kind=kind).count()
    seqs, starts = {Target.Kind(kind): begun + 1}, {Start.STAGE: move.at}
    return clocks.start(handoff, seqs, starts, at=at, turn_began=handoff.opened_at)


def _end_with_their_handoffs(lead: Lead, at: datetime) -> None:
    """End the clock of a stay that a handoff led to which is over; qualified, it is not."""
    over = _running().filter(lead=lead, handoff__closed_at__isnull=False)
    for clock in over.exclude(handoff__closed_as=QUALIFIED).select_related("handoff"):
        ended_at = clock.handoff.closed_at or clock.started_at
        clocks.end(clock.handoff, at=ended_at, kind=clock.kind, recorded_at=at)


def has_left(clock: Clock) -> bool:
    """Whether `clock` is of a stay that its lead has left, although nobody followed yet."""
    return clock.kind in STAYS.values() and clock.handoff.lead.follow_from_seq is not None


def leave(clock: Clock, move: StageTransition, at: datetime) -> None:
    """Stop the clock of a stay that the lead left by `move`: kept if it moved on, ended if it fell
    back or was disqualified. What is told of the past stops it no sooner than it started.
    """
    left_at = min(max(move.at, clock.started_at), at)
    if not _is_further(move):
        clocks.end(clock.handoff, at=left_at, kind=clock.kind, recorded_at=at)
        return
    clocks.stop(
        clock.handoff,
        [clock.kind],
        at=left_at,
        evidence=f"Moved on to {move.to_stage}",
        by=move.by,
        recorded_at=at,
        which=Q(pk=clock.pk),
    )


def leave_by_now(clock: Clock, at: datetime) -> None:
    """Stop the clock of a stay that its lead `has_left`."""
    for move in moves_to_follow(clock.handoff.lead)[:1]:
        leave(clock, move, at)


def stays_promised(leads: QuerySet[Lead] | list[Lead]) -> set[int]:
    """Return the ids of those leads whose present stay has a running clock."""
    here = _running().filter(lead__in=leads, started_at__gte=F("lead__stage_since"))
    return set(here.values_list("lead", flat=True))


def _running() -> QuerySet[Clock]:
    return Clock.objects.running().filter(kind__in=STAYS.values())


def _is_further(move: StageTransition) -> bool:
    was, now = move.from_stage, move.to_stage
    return now.key != Stage.Key.DISQUALIFIED and (was is None or now.position > was.position)
