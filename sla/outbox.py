"""The outbox: a message is a row first, written with what it tells of and sent afterwards."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import QuerySet

from leads.models import Handoff, Lead, Organisation, Role, User
from sla import sending
from sla.mail import mail_for, mail_of_list
from sla.messages import one_line
from sla.models import Notification
from sla.recipients import Presence
from sla.releasing import release
from sla.staleness import is_still_true

logger = logging.getLogger(__name__)

Channel = Notification.Channel
State = Notification.State
# What only somebody can set going again.
STUCK = (State.PARKED, State.NOWHERE)


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody is to be told. `key` says what about, so that it is written once."""

    recipient: User
    kind: str
    key: str
    subject: str
    body: str = ""
    handoff: Handoff | None = None
    lead: Lead | None = None
    is_urgent: bool = False


def notify(
    recipient: User,
    kind: str,
    *,
    key: str,
    subject: str,
    body: str = "",
    handoff: Handoff | None = None,
    at: datetime,
) -> None:
    """Tell `recipient`, or whoever answers for somebody who is away: in the app, and by e-mail if
    they want it. A second call with the same key writes nothing.
    """
    message = Message(recipient, kind, key, subject, body, handoff)
    write([message], at=at)


def write(messages: Iterable[Message], *, at: datetime) -> None:
    """Write `messages` to the outbox. What is only for the app needs no sending: it is there."""
    presence = Presence(at)
    rows: list[Notification] = []
    for message in messages:
        recipient = presence.whoever_answers_for(message.recipient)
        if recipient is None:
            logger.warning("Nobody is here to be told: %s", message.key)
        else:
            rows += _rows(message, recipient, at)
    Notification.objects.bulk_create(rows, ignore_conflicts=True)


def send_due(at: datetime) -> int:
    """Send the messages that are due by `at`, as `sending.send_due` does. Returns how many went."""
    if not Notification.objects.to_send(at).exists():
        return 0
    _tell_admins(release(at), at)
    released = Notification.objects.filter(released_at__isnull=False)
    return sending.send_due(released.select_related("recipient", "handoff__lead"), _send, at=at)


def _tell_admins(nowhere: Iterable[User], at: datetime) -> None:
    """Tell admins, once a day, whose mails have nowhere to go."""
    people = list(nowhere)
    if not people:
        return
    about = [(admin, person) for admin in User.objects.with_role(Role.ADMIN) for person in people]
    write([_no_address(admin, person, at) for admin, person in about], at=at)


def _no_address(admin: User, person: User, at: datetime) -> Message:
    return Message(
        recipient=admin,
        kind=Notification.Kind.NO_ADDRESS,
        key=f"no-address:{person.pk}:{at:%Y-%m-%d}",
        subject=f"{person} can’t be mailed: no address is on record",
        body="Give them one under Set-up, People, then send again what waits under Deliveries.",
    )


def _rows(message: Message, recipient: User, at: datetime) -> list[Notification]:
    if recipient.notify_by == User.Notify.APP:
        return [_row(message, recipient, Channel.APP, at)]
    mail = _row(message, recipient, Channel.EMAIL, at)
    if recipient.notify_by == User.Notify.APP_FIRST:
        mail.send_after += unseen_for()
    return [_row(message, recipient, Channel.APP, at), mail]


def unseen_for() -> timedelta:
    """Return how long a message may be unseen in the app before it is mailed."""
    return timedelta(minutes=Organisation.objects.get().unseen_minutes)


def _row(message: Message, recipient: User, channel: str, at: datetime) -> Notification:
    is_there = channel == Channel.APP
    return Notification(
        recipient=recipient,
        channel=channel,
        kind=message.kind,
        key=message.key,
        subject=one_line(message.subject)[:200],
        body=message.body,
        handoff=message.handoff,
        lead=message.lead,
        is_urgent=message.is_urgent,
        created_at=at,
        send_after=at,
        state=State.SENT if is_there else State.WAITING,
        sent_at=at if is_there else None,
    )


def _send(notification: Notification, connection: BaseEmailBackend, at: datetime) -> bool:
    """Send one claimed message, unless it is no longer true. Returns whether it went out."""
    waiting = Notification.objects.filter(pk=notification.pk, state=State.WAITING)
    if not is_still_true(notification):
        waiting.update(state=State.DROPPED)
        return False
    if notification.kind == Notification.Kind.LIST:
        return _send_list(notification, connection, at)
    connection.open()
    connection.send_messages([mail_for(notification)])
    waiting.update(state=State.SENT, sent_at=at, delivered_at=at, error="")
    return True


def _send_list(notification: Notification, connection: BaseEmailBackend, at: datetime) -> bool:
    """Send one e-mail about all that it lists and is still true. Returns whether it went out."""
    waiting = Notification.objects.filter(pk=notification.pk, state=State.WAITING)
    listed = notification.listed.filter(state=State.LISTED).order_by("created_at", "pk")
    parts = list(listed.select_related("recipient", "handoff__lead"))
    true = [part for part in parts if is_still_true(part)]
    Notification.objects.filter(pk__in=[part.pk for part in parts if part not in true]).update(
        state=State.DROPPED
    )
    if not true:
        waiting.update(state=State.DROPPED)
        return False
    connection.open()
    connection.send_messages([mail_of_list(notification, true)])
    sent = Notification.objects.filter(pk__in=[notification.pk, *(part.pk for part in true)])
    sent.update(state=State.SENT, sent_at=at, delivered_at=at, error="")
    return True


def send_again(notifications: QuerySet[Notification], *, at: datetime) -> int:
    """Have those of `notifications` sent from the start that were given up or had nowhere to go.
    Returns how many; what was tried stays on record.
    """
    stuck = notifications.filter(state__in=STUCK)
    alone = stuck.exclude(kind=Notification.Kind.LIST)
    return sum(
        each.update(state=State.WAITING, send_after=at, attempts=0, **released)
        for each, released in ((alone, {"released_at": None}), (stuck, {}))
    )
