"""The outbox: a message is a row first, written with what it tells of and sent afterwards."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.mail.backends.base import BaseEmailBackend

from leads.models import Handoff, Lead, User
from sla import sending
from sla.mail import mail_for
from sla.messages import one_line
from sla.models import Notification
from sla.recipients import Presence
from sla.staleness import is_still_true

logger = logging.getLogger(__name__)

Channel = Notification.Channel
State = Notification.State


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


def notify(
    recipient: User,
    kind: str,
    *,
    key: str,
    subject: str,
    body: str = "",
    handoff: Handoff | None = None,
    at: datetime,
    send_after: datetime | None = None,
) -> None:
    """Tell `recipient`, or whoever answers for somebody who is away: in the app, and by e-mail if
    they want it. A second call with the same key writes nothing.
    """
    message = Message(recipient, kind, key, subject, body, handoff)
    write([message], at=at, send_after=send_after)


def write(messages: Iterable[Message], *, at: datetime, send_after: datetime | None = None) -> None:
    """Write `messages` to the outbox. What is only for the app needs no sending: it is there."""
    presence = Presence(at)
    rows: list[Notification] = []
    for message in messages:
        recipient = presence.whoever_answers_for(message.recipient)
        if recipient is None:
            logger.warning("Nobody is here to be told: %s", message.key)
        else:
            rows += _rows(message, recipient, at=at, send_after=send_after or at)
    Notification.objects.bulk_create(rows, ignore_conflicts=True)


def send_due(at: datetime) -> int:
    """Send the messages that are due by `at`, as `sending.send_due` does. Returns how many went."""
    waiting = Notification.objects.select_related("recipient", "handoff__lead")
    return sending.send_due(waiting, _send, at=at)


def _rows(
    message: Message, recipient: User, *, at: datetime, send_after: datetime
) -> list[Notification]:
    channels = [Channel.APP]
    if recipient.notify_by == User.Notify.EMAIL:
        channels.append(Channel.EMAIL)
    return [_row(message, recipient, channel, at, send_after) for channel in channels]


def _row(
    message: Message, recipient: User, channel: str, at: datetime, send_after: datetime
) -> Notification:
    is_there = channel == Channel.APP and send_after <= at
    return Notification(
        recipient=recipient,
        channel=channel,
        kind=message.kind,
        key=message.key,
        subject=one_line(message.subject)[:200],
        body=message.body,
        handoff=message.handoff,
        lead=message.lead,
        created_at=at,
        send_after=send_after,
        state=State.SENT if is_there else State.WAITING,
        sent_at=at if is_there else None,
    )


def _send(notification: Notification, connection: BaseEmailBackend, at: datetime) -> bool:
    """Send one claimed message, unless it is no longer true. Returns whether it went out."""
    waiting = Notification.objects.filter(pk=notification.pk, state=State.WAITING)
    if not is_still_true(notification):
        waiting.update(state=State.DROPPED)
        return False
    if notification.channel == Channel.EMAIL:
        connection.open()
        connection.send_messages([mail_for(notification)])
    waiting.update(state=State.SENT, sent_at=at, error="")
    return True
