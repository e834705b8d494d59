"""The sweep: fires what running clocks have reached, each level exactly once.

Any number of sweeps may run at once, late or after an outage: rows say what is due, and a row that
is claimed is skipped by the others.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from leads.models import Handoff, User
from sla import clocks, stay_clocks
from sla.instant_answers import answer_late
from sla.ladders import others_for, told
from sla.messages import event_subject
from sla.models import Clock, ClockEvent, Notification
from sla.outbox import Message, write
from sla.policies import BREACH
from sla.staleness import clock_key

logger = logging.getLogger(__name__)

BATCH = 100
PEOPLE = (
    "assignment__rep__team__manager",
    "handoff__owner__team__manager",
    "handoff__lead__owner__team__manager",
    "handoff__queue__owner__team__manager",
    "handoff__queue__backup__team__manager",
)


def sweep_clocks(at: datetime) -> int:
    """Fire what every clock has reached by `at`, oldest first. Returns how many clocks fired.

    A clock that fails gets its attempt counted and its next try pushed back, so that it can't
    starve the others.
    """
    if not Clock.objects.to_fire(at).exists():
        return 0
    fired, claimed = 0, BATCH
    while claimed == BATCH:
        claimed, now_fired = _fire_batch(at)
        fired += now_fired
    return fired


def _fire_batch(at: datetime) -> tuple[int, int]:
    """Fire up to a batch of due clocks in one transaction; if that fails, one by one.

    Returns how many clocks were claimed and how many fired.
    """
    claimed: list[int] = []
    try:
        with transaction.atomic():
            due = _claim(at)
            claimed = [clock.pk for clock in due]
            return len(claimed), _fire(due, at)
    except Exception:
        if not claimed:
            raise
        logger.exception("A batch of clocks failed and is done one by one")
    return len(claimed), sum(_fire_alone(clock_id, at) for clock_id in claimed)


def _fire_alone(clock_id: int, at: datetime) -> int:
    try:
        with transaction.atomic():
            return _fire(_claim(at, only=clock_id), at)
    except Exception:
        logger.exception("A clock can't be fired", extra={"clock": clock_id})
        clocks.put_off(clock_id, at)
        return 0


def _claim(at: datetime, *, only: int | None = None) -> Sequence[Clock]:
    due = Clock.objects.to_fire(at)
    if only is not None:
        due = due.filter(pk=only)
    locked = due.select_for_update(no_key=True, skip_locked=True, of=("self",))
    return list(locked.select_related(*PEOPLE)[:BATCH])


def _fire(due: Sequence[Clock], at: datetime) -> int:
    """Fire locked clocks and write the messages that go with it, in the caller's transaction."""
    if not due:
        return 0
    for clock in filter(stay_clocks.has_left, due):
        stay_clocks.leave_by_now(clock, at)
    running = [clock for clock in due if not stay_clocks.has_left(clock)]
    events = clocks.fire(running, at, write=_write_to_prospect)
    others = others_for(events, at)
    write([_message(each, person) for each in events for person in told(each, others)], at=at)
    return len(due)


def _write_to_prospect(handoff: Handoff, at: datetime) -> str:
    why_not = answer_late(handoff, at=at)
    return f"Nobody was written to. {why_not}" if why_not else ""


def _message(event: ClockEvent, person: User) -> Message:
    is_late = event.level >= BREACH
    return Message(
        recipient=person,
        kind=Notification.Kind.BREACH if is_late else Notification.Kind.WARNING,
        key=clock_key(event.clock, event.level),
        subject=event_subject(event),
        body=event.clock.handoff.reason,
        handoff=event.clock.handoff,
        is_urgent=event.level in event.clock.urgent,
    )
