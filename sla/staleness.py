"""Whether a message that has waited to be sent still says something true."""

from collections.abc import Callable

from django.db.models import CharField, OuterRef, Value
from django.db.models.functions import Cast, Concat

from leads.models import Assignment, Handoff, Lead
from sla.models import Clock, Notification

Kind = Notification.Kind


def is_still_true(notification: Notification) -> bool:
    """Whether to send `notification` now: its recipient is here and what it asks for is not done.

    Messages that only report what happened stay true.
    """
    check = CHECKS.get(Kind(notification.kind))
    return notification.recipient.is_active and (check is None or check(notification))


def clock_key(clock: Clock, level: int) -> str:
    """Return the key of a message about a level of `clock`: one per recipient and channel."""
    return f"clock:{clock.pk}:{level}"


def clock_key_of_event() -> Concat:
    """Return the same of the event that a subquery is asked for, as an expression."""
    clock, level = (Cast(OuterRef(name), CharField()) for name in ("clock_id", "level"))
    return Concat(Value("clock:"), clock, Value(":"), level)


def _waits_for_an_answer(notification: Notification) -> bool:
    """Whether the assignment that the message tells of is open and not answered."""
    return Assignment.objects.filter(
        handoff=notification.handoff_id,
        ended_at=None,
        answered_at=None,
        passed_at__lte=notification.created_at,
    ).exists()


def _clock_is_running(notification: Notification) -> bool:
    clock_id = notification.key.split(":")[1]
    return Clock.objects.running().filter(pk=clock_id).exists()


def _is_theirs(notification: Notification) -> bool:
    """Whether the recipient still has the lead: its handoff is open, or it stayed with them."""
    handoff = notification.handoff
    if handoff is None:
        return False
    return handoff.is_open or handoff.lead.owner_id == notification.recipient_id


def _is_in_review(notification: Notification) -> bool:
    handoff = notification.handoff
    return handoff is not None and handoff.state == Handoff.State.REVIEW


def _stays_there(notification: Notification) -> bool:
    """Whether the lead is in the stage still in which it has been for too long."""
    _, lead_id, stage_seq = notification.key.split(":")
    return Lead.objects.live().filter(pk=lead_id, stage_seq=stage_seq).exists()


CHECKS: dict[Kind, Callable[[Notification], bool]] = {
    Kind.PASSED: _waits_for_an_answer,
    Kind.HAND_RAISE: _is_theirs,
    Kind.BAND: _is_theirs,
    Kind.WARNING: _clock_is_running,
    Kind.BREACH: _clock_is_running,
    Kind.REVIEW: _is_in_review,
    Kind.STAY: _stays_there,
}
