"""Sending what waits as rows.

At least once, and never twice in the database: a sender that dies repeats its message with the
same Message-ID. The network is only touched outside transactions.
"""

import logging
import smtplib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from celery.exceptions import SoftTimeLimitExceeded
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F

from sla.messages import one_line
from sla.models.outgoing import Outgoing, OutgoingQuerySet

logger = logging.getLogger(__name__)

BATCH, BATCHES_A_RUN = 20, 5
# A sender holds what it claimed for so long; after that another one takes it to be dead.
LEASE = timedelta(minutes=5)
# The server is well, but won't take this message. Any other SMTP error is about the server.
REFUSED = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)
WAITS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240)]

Row = TypeVar("Row", bound=Outgoing)
# Sends one claimed row by the connection, unless it is no longer true; tells whether it went out.
Send = Callable[[Row, BaseEmailBackend, datetime], bool]


class ServerAway(Exception):
    """The mail server can't be reached, or went away."""


def send_due(rows: OutgoingQuerySet[Row], send: Send[Row], *, at: datetime) -> int:
    """Send those of `rows` that are due by `at`. Returns how many went out.

    Any number of senders may run at once. What fails waits longer each time, then is parked; when
    the server itself can't be reached, the run ends.
    """
    if not rows.to_send(at).exists():
        return 0
    sent = 0
    connection: BaseEmailBackend = get_connection()
    try:
        for _ in range(BATCHES_A_RUN):
            batch = _claim(rows, at)
            if not batch:
                break
            sent += _send_all(batch, send, connection, at)
    except ServerAway:
        logger.warning("The mail server can't be reached.")
    finally:
        connection.close()
    return sent


@transaction.atomic
def _claim(rows: OutgoingQuerySet[Row], at: datetime) -> list[Row]:
    """Take the oldest that are due: their lease keeps other senders away for a while."""
    due = rows.to_send(at).select_for_update(no_key=True, skip_locked=True, of=("self",))
    ids = list(due.values_list("pk", flat=True)[:BATCH])
    claimed = rows.filter(pk__in=ids)
    claimed.update(send_after=at + LEASE, attempts=F("attempts") + 1)
    return list(claimed.order_by("created_at", "pk"))


def _send_all(
    batch: Sequence[Row], send: Send[Row], connection: BaseEmailBackend, at: datetime
) -> int:
    """Send claimed messages one by one and return how many went out.

    Raises ServerAway, with the rest left to the next run: the one that met it may be at fault.
    """
    sent = 0
    for number, row in enumerate(batch):
        try:
            sent += _attempt(row, send, connection, at)
        except REFUSED as error:
            _put_off(row, error, at)
        except OSError as error:
            _put_off(row, error, at)
            _give_back(batch[number + 1 :], at)
            raise ServerAway from error
        except SoftTimeLimitExceeded:
            _give_back(batch[number + 1 :], at)
            raise
        except Exception as error:
            logger.exception("A message can't be sent", extra={"row": str(row.pk)})
            _put_off(row, error, at)
    return sent


def _give_back(rows: Sequence[Row], at: datetime) -> None:
    """Leave claimed messages that were not tried to the next run."""
    for row in rows:
        waiting = type(row)._default_manager.filter(pk=row.pk, state=Outgoing.State.WAITING)
        waiting.update(send_after=at, attempts=F("attempts") - 1)


def _attempt(row: Row, send: Send[Row], connection: BaseEmailBackend, at: datetime) -> bool:
    went = send(row, connection, at)
    if went:
        type(row)._default_manager.filter(pk=row.pk).update(tried=_tried(row, "Sent", at))
    return went


def _tried(row: Outgoing, said: str, at: datetime) -> list[dict[str, str]]:
    return [*row.tried, {"at": at.isoformat(), "said": said}]


def _put_off(row: Outgoing, error: Exception, at: datetime) -> None:
    """Try again after the wait that this attempt has earned, or park the message after the last."""
    said = one_line(f"{type(error).__name__}: {error}")[:400]
    told: dict[str, Any] = {"error": said, "tried": _tried(row, said, at)}
    if row.attempts > len(WAITS):
        told["state"] = Outgoing.State.PARKED
    else:
        told["send_after"] = at + WAITS[row.attempts - 1]
    type(row)._default_manager.filter(pk=row.pk, state=Outgoing.State.WAITING).update(**told)
