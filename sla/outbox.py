"""The outbox: a message is a row first, written with what it tells of and sent afterwards.

At least once, and never twice in the database: a sender that dies repeats its message with the
same Message-ID. The network is only touched outside transactions.
"""

import logging
import smtplib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F

from leads.models import Handoff, Lead, User
from sla.mail import mail_for
from sla.messages import one_line
from sla.models import Notification
from sla.recipients import Presence
from sla.staleness import is_still_true

logger = logging.getLogger(__name__)

Channel = Notification.Channel
State = Notification.State

BATCH, BATCHES_A_RUN = 20, 5
# A sender holds what it claimed for so long; after that another one takes it to be dead.
LEASE = timedelta(minutes=5)
# The server is well, but won't take this message. Any other SMTP error is about the server.
REFUSED = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)
WAITS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240)]


class ServerAway(Exception):
    """The mail server can't be reached, or went away."""


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
    """Send the messages that are due by `at`. Returns how many went out.

    Any number of senders may run at once. What fails waits longer each time, then is parked; when
    the server itself can't be reached, the run ends.
    """
    if not Notification.objects.to_send(at).exists():
        return 0
    sent = 0
    connection: BaseEmailBackend = get_connection()
    try:
        for _ in range(BATCHES_A_RUN):
            batch = _claim(at)
            if not batch:
                break
            sent += _send_all(batch, connection, at)
    except ServerAway:
        logger.warning("The mail server can't be reached.")
    finally:
        connection.close()
    return sent


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


@transaction.atomic
def _claim(at: datetime) -> list[Notification]:
    """Take the oldest messages that are due: their lease keeps other senders away for a while."""
    due = Notification.objects.to_send(at).select_for_update(no_key=True, skip_locked=True)
    ids = list(due.values_list("pk", flat=True)[:BATCH])
    claimed = Notification.objects.filter(pk__in=ids)
    claimed.update(send_after=at + LEASE, attempts=F("attempts") + 1)
    return list(claimed.select_related("recipient", "handoff__lead").order_by("created_at", "pk"))


def _send_all(batch: Sequence[Notification], connection: BaseEmailBackend, at: datetime) -> int:
    """Send claimed messages one by one and return how many went out.

    Raises ServerAway, with the rest put off like the one that met it.
    """
    sent = 0
    for number, notification in enumerate(batch):
        try:
            sent += _send(notification, connection, at)
        except REFUSED as error:
            _put_off(notification, error, at)
        except OSError as error:
            for unsent in batch[number:]:
                _put_off(unsent, error, at)
            raise ServerAway from error
        except Exception as error:
            logger.exception("A message can't be sent", extra={"notification": notification.pk})
            _put_off(notification, error, at)
    return sent


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


def _put_off(notification: Notification, error: Exception, at: datetime) -> None:
    """Try again after the wait that this attempt has earned, or park the message after the last."""
    waiting = Notification.objects.filter(pk=notification.pk, state=State.WAITING)
    told = one_line(f"{type(error).__name__}: {error}")[:400]
    if notification.attempts > len(WAITS):
        waiting.update(state=State.PARKED, error=told)
    else:
        waiting.update(send_after=at + WAITS[notification.attempts - 1], error=told)
