"""Sending what waits as rows.

At least once, and never twice in the database: a sender that dies repeats its message with the
same Message-ID. The network is only touched outside transactions. A run may take a while: what it
writes down is when it came to each message, not when it began.
"""

import logging
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from celery.exceptions import SoftTimeLimitExceeded
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import QuerySet

from sla import mail_server
from sla.mail_server import NoConnection
from sla.messages import one_line
from sla.models.outgoing import Outgoing, OutgoingQuerySet

logger = logging.getLogger(__name__)

# After so long a run leaves the rest to the next one: a server that stalls holds up what else its
# process does for no longer than that, and for one message.
RUN = timedelta(seconds=20)
# A sender holds what it claimed for so long; after that another one takes it to be dead. A run
# and its last message take less.
LEASE = timedelta(minutes=5)


class NotTaken(Exception):
    """A message that the server was not even asked to take, since it goes to nobody."""


class ServerAway(Exception):
    """The mail server can't be reached, or went away."""

    def __init__(self, error: OSError) -> None:
        self.error = error


# The server won't take this message. Any other SMTP error is about the server: also that it refuses
# the sender, who is the same for all.
REFUSED = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, NotTaken)
HANGS_UP = 421
WAITS = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240)]
MOST_ATTEMPTS = len(WAITS) + 1
ENDED_ITS_SENDER = "The last of six attempts ended in the middle, with the process that made it."

Row = TypeVar("Row", bound=Outgoing)
Now = Callable[[], datetime]
# Sends one claimed row by the connection, unless it is no longer true; tells whether it went out.
Send = Callable[[Row, BaseEmailBackend, Now], bool]
# Hears of a row that was given up just now.
GivenUp = Callable[[datetime], None]


def send_due(rows: OutgoingQuerySet[Row], send: Send[Row], *, now: Now, given_up: GivenUp) -> int:
    """Send those of `rows` that are due. Returns how many went out.

    now: asked for each message.
    Any number of senders may run at once. What fails waits longer each time, then is given up; when
    the server itself can't be reached, or the time of a run is over, the run ends. Each is claimed
    and read just before it is sent, whatever the one before it took.
    """
    began = now()
    if not rows.to_send(began).exists():
        return 0
    run = _Run(send, get_connection(), now, given_up, ends_at=began + RUN)
    try:
        while not run.is_over and (row := _claim(rows, now())):
            run.send_one(row)
    except ServerAway as away:
        mail_server.note_failure(away.error, now())
        logger.warning("The mail server can't be reached, or takes no mail.")
    finally:
        run.connection.close()
    return run.sent


def post(mail: EmailMessage, connection: BaseEmailBackend) -> None:
    """Hand `mail` to the server. Raises NotTaken if it goes to nobody, and what the server says."""
    mail_server.connect(connection)
    if not connection.send_messages([mail]):
        raise NotTaken("The message has no receiver.")


@transaction.atomic
def _claim(rows: OutgoingQuerySet[Row], at: datetime) -> Row | None:
    """Take the one that has been due for longest: its lease keeps other senders away for a while.
    None if none is due.
    """
    row: Row | None = (
        rows.to_send(at).select_for_update(no_key=True, skip_locked=True, of=("self",)).first()
    )
    if row is not None:
        row.attempts, row.send_after = row.attempts + 1, at + LEASE
        row.save(update_fields=["attempts", "send_after"])
    return row


class _Run(Generic[Row]):
    """One run of a sender, and how many went out."""

    def __init__(
        self,
        send: Send[Row],
        connection: BaseEmailBackend,
        now: Now,
        given_up: GivenUp,
        *,
        ends_at: datetime,
    ) -> None:
        self.send, self.connection, self.now = send, connection, now
        self.given_up, self.ends_at = given_up, ends_at
        self.sent = 0

    @property
    def is_over(self) -> bool:
        return self.now() > self.ends_at

    def send_one(self, row: Row) -> None:
        """Send a claimed message, or put it off. Raises ServerAway: it may be at fault or not."""
        if row.attempts > MOST_ATTEMPTS:  # none is left of those that are told of when they fail
            self._give_up(row, ENDED_ITS_SENDER)
            return
        try:
            self._attempt(row)
        except REFUSED as error:
            self._put_off(row, error)
            if isinstance(error, OSError) and _hangs_up(error):
                raise ServerAway(error) from error
            mail_server.note_refused(self.now())
        except SoftTimeLimitExceeded as error:
            self._put_off(row, error)
            raise
        except OSError as error:
            self._put_off(row, error)
            raise ServerAway(error) from error
        except Exception as error:
            logger.exception("A message can't be sent", extra={"row": str(row.pk)})
            self._put_off(row, error)

    def _attempt(self, row: Row) -> None:
        if self.send(row, self.connection, self.now):
            self.sent += 1
            mail_server.note_taken()
            rows = type(row)._default_manager.filter(pk=row.pk)
            rows.update(tried=_tried(row, "Sent", self.now()))

    def _put_off(self, row: Row, error: Exception) -> None:
        """Try again after the wait that this attempt has earned, or give up after the last."""
        reason = error.__cause__ if isinstance(error, NoConnection) else error
        said = one_line(f"{type(reason).__name__}: {reason}")[:400]
        if row.attempts == MOST_ATTEMPTS:
            self._give_up(row, said)
            return
        at = self.now()
        told = {"error": said, "tried": _tried(row, said, at), **row.on_retry}
        _waiting(row).update(**told, send_after=at + WAITS[row.attempts - 1])

    @transaction.atomic
    def _give_up(self, row: Row, said: str) -> None:
        at = self.now()
        told = {"error": said, "tried": _tried(row, said, at), "state": Outgoing.State.PARKED}
        if _waiting(row).update(**told):
            self.given_up(at)


def _hangs_up(refusal: OSError) -> bool:
    """Whether the server, as it refuses a message, closes the line: it would do so with any."""
    if isinstance(refusal, smtplib.SMTPRecipientsRefused):
        return any(code == HANGS_UP for code, _ in refusal.recipients.values())
    return isinstance(refusal, smtplib.SMTPResponseException) and refusal.smtp_code == HANGS_UP


def _waiting(row: Row) -> QuerySet[Row]:
    """Return the row of a claimed message, as long as nobody else did anything about it."""
    return type(row)._default_manager.filter(pk=row.pk, state=Outgoing.State.WAITING)


def _tried(row: Outgoing, said: str, at: datetime) -> list[dict[str, str]]:
    return [*row.tried, {"at": at.isoformat(), "said": said}]
