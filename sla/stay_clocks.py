"""The clocks of how long a lead stays in a stage. They follow the ledger of stages: whoever writes
it, the clock of a stay starts and stops at the instants that stand there.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet

from leads.models import Handoff, Lead, Stage, StageTransition
from sla import clocks
from sla.models import Clock, Target
from sla.models.policies import STAYS
from sla.policies import starts_something

logger = logging.getLogger(__name__)

BATCH = 200
Start = Target.Start
TO_FOLLOW = Q(follow_from_seq__isnull=False)
QUALIFIED = Handoff.ClosedAs.QUALIFIED


def follow_moves(at: datetime) -> int:
    """Let the clocks of stays follow the leads that moved, each with what it did meanwhile. Returns
    how many leads had; at most a batch, so that no import holds up the sweep: the next run goes on.
    Safe in two workers at once. A lead that is locked comes later.
    """
    return _follow_batch(at) if Lead.objects.filter(TO_FOLLOW).exists() else 0


@transaction.atomic
def _follow_batch(at: datetime) -> int:
    moved = Lead.objects.filter(TO_FOLLOW).order_by("id")
    leads = list(moved.select_for_update(no_key=True, skip_locked=True, of=("self",))[:BATCH])
    if not leads:
        return 0
    known = set(_running().filter(lead__in=leads).values_list("lead", flat=True))
    is_promised = starts_something(Start.STAGE, at)
    for lead in leads:
        if is_promised or lead.pk in known:
            _follow_alone(lead, at)
    Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(follow_from_seq=None)
    return len(leads)


def _follow_alone(lead: Lead, at: datetime) -> None:
    try:
        with transaction.atomic():
            for move in moves_to_follow(lead):
                follow(move, at)
            _end_with_their_handoffs(lead)
    except Exception:
        logger.exception("The clock of a stay can't follow its lead", extra={"lead": lead.pk})


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
    if kind is None or handoff is None or move.is_historical:
        return []
    begun = Clock.objects.filter(handoff=handoff, kind=kind).count()
    seqs, starts = {Target.Kind(kind): begun + 1}, {Start.STAGE: move.at}
    return clocks.start(handoff, seqs, starts, at=at, turn_began=handoff.opened_at)


def _end_with_their_handoffs(lead: Lead) -> None:
    """End the clock of a stay that a handoff led to which is over; qualified, it is not."""
    over = _running().filter(lead=lead, handoff__closed_at__isnull=False)
    for clock in over.exclude(handoff__closed_as=QUALIFIED).select_related("handoff"):
        clocks.end(clock.handoff, at=clock.handoff.closed_at or clock.started_at, kind=clock.kind)


def has_left(clock: Clock) -> bool:
    """Whether `clock` is of a stay that its lead has left, although nobody followed yet."""
    return clock.kind in STAYS.values() and clock.handoff.lead.follow_from_seq is not None


def leave(clock: Clock, move: StageTransition, at: datetime) -> None:
    """Stop the clock of a stay that the lead left by `move`: kept if it moved on, ended if it fell
    back or was disqualified. What is told of the past stops it no sooner than it started.
    """
    left_at = min(max(move.at, clock.started_at), at)
    if not _is_further(move):
        clocks.end(clock.handoff, at=left_at, kind=clock.kind)
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
