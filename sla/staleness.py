"""Whether a message that has waited to be sent still says something true, to the right person."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db.models import CharField, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat

from leads.models import Assignment, Handoff, Lead, OwnershipChange, User
from sla.ladders import others_for, told
from sla.models import Clock, ClockEvent, Notification
from sla.pauses import pauses_of
from sla.recipients import Presence

Kind = Notification.Kind
State = Notification.State
GOES = (State.WAITING, State.LISTED, State.SENT)


def is_still_true(notification: Notification, at: datetime) -> bool:
    """Whether to send `notification` at `at`: its recipient works here, what it asks for is not
    done, and it is theirs to do still.

    Messages that only report what happened stay true.
    """
    check = CHECKS.get(Kind(notification.kind))
    return notification.recipient.is_active and (check is None or check(notification, at))


def clock_key(clock: Clock, level: int) -> str:
    """Return the key of a message about a level of `clock`: one per recipient and channel."""
    return f"clock:{clock.pk}:{level}"


def clock_key_of_event() -> Concat:
    """Return the same of the event that a subquery is asked for, as an expression."""
    clock, level = (Cast(OuterRef(name), CharField()) for name in ("clock_id", "level"))
    return Concat(Value("clock:"), clock, Value(":"), level)


def _waits_for_an_answer(notification: Notification, at: datetime) -> bool:
    """Whether the assignment that the message tells of is open and not answered."""
    return Assignment.objects.filter(
        handoff=notification.handoff_id,
        ended_at=None,
        answered_at=None,
        passed_at__lte=notification.created_at,
    ).exists()


def _asks_still(notification: Notification, at: datetime) -> bool:
    """Whether the clock runs still, be it in another handoff that it went on in, and its step would
    tell the recipient if it were done now: of several of one clock the last; no more that it is
    due soon while it stands still, or once it is missed.
    """
    _, clock_id, level = notification.key.split(":")
    began = Clock.objects.get(pk=clock_id)
    clock = _goes_on_as(began)
    if clock is None or _was_told_more(notification, {began.pk, clock.pk}, int(level)):
        return False
    if notification.kind == Kind.WARNING and (clock.due_at <= at or _stands_still(clock, at)):
        return False
    if clock.assignment_id or not _has_changed_hands(clock.handoff.lead, notification):
        return True
    steps = ClockEvent.objects.filter(clock=began, level=level).exclude(action="")
    events = list(steps.select_related("clock__handoff__lead"))
    others = others_for(events, at)
    return _hears(notification, (each for event in events for each in told(event, others)), at)


def _goes_on_as(clock: Clock) -> Clock | None:
    """Return `clock` if it runs, else the one as which it runs on; None: it does not."""
    same = {"kind": clock.kind, "started_at": clock.started_at}
    in_another = Q(**same, ran_in__contains=[clock.handoff_id])
    of_lead = Clock.objects.running().filter(Q(pk=clock.pk) | in_another, lead=clock.lead_id)
    return of_lead.select_related("handoff__lead").first()


def _was_told_more(notification: Notification, clocks: Iterable[int], level: int) -> bool:
    """Whether an e-mail about a later step of one of `clocks`, which are one promise, went, or may
    go now, to the same person: not one that waits for the end of their quiet hours, or till it is
    unseen for long.
    """
    events = ClockEvent.objects.filter(clock__in=clocks, level__gt=level).select_related("clock")
    keys = {clock_key(event.clock, event.level) for event in events}
    told_of = {"recipient": notification.recipient_id, "channel": notification.channel}
    of_later = Notification.objects.filter(**told_of, key__in=keys, state__in=GOES)
    return of_later.exclude(state=State.WAITING, released_at=None).exists()


def _stands_still(clock: Clock, at: datetime) -> bool:
    return any(each.start <= at < each.end for each in pauses_of([clock]).get(clock.pk, ()))


def _is_theirs(notification: Notification, at: datetime) -> bool:
    """Whether the recipient still has the lead: its handoff is open, or it stayed with them."""
    handoff = notification.handoff
    lead = handoff.lead if handoff else notification.lead
    if lead is None:
        return False
    if _has_changed_hands(lead, notification):
        return _hears(notification, [_holder(lead)], at)
    return bool(handoff and handoff.is_open) or lead.owner_id == notification.recipient_id


def _is_in_review(notification: Notification, at: datetime) -> bool:
    handoff = notification.handoff
    return handoff is not None and handoff.state == Handoff.State.REVIEW


def _stays_there(notification: Notification, at: datetime) -> bool:
    """Whether the lead is in the same stage still, and with whom it was for too long."""
    _, lead_id, stage_seq = notification.key.split(":")
    lead = Lead.objects.live().filter(pk=lead_id, stage_seq=stage_seq).first()
    if lead is None or not _has_changed_hands(lead, notification):
        return lead is not None
    return _hears(notification, [_holder(lead)], at)


def _has_changed_hands(lead: Lead, notification: Notification) -> bool:
    """Whether somebody else answers for `lead`, or was asked to, since the message was written."""
    later = OwnershipChange.objects.filter(lead=lead, at__gt=notification.created_at)
    return later.exists()


def _hears(notification: Notification, people: Iterable[User], at: datetime) -> bool:
    """Whether the recipient is who is told at `at` what is meant for one of `people`."""
    presence = Presence(at)
    return any(notification.recipient in presence.who_hears_for(each) for each in people)


def _holder(lead: Lead) -> User:
    holder = lead.responsible
    return holder if isinstance(holder, User) else holder.owner


CHECKS: dict[Kind, Callable[[Notification, datetime], bool]] = {
    Kind.PASSED: _waits_for_an_answer,
    Kind.HAND_RAISE: _is_theirs,
    Kind.BAND: _is_theirs,
    Kind.WARNING: _asks_still,
    Kind.BREACH: _asks_still,
    Kind.REVIEW: _is_in_review,
    Kind.STAY: _stays_there,
}
