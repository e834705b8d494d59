"""What is on record of the mail server: since when it can't be reached, or takes no mail."""

from datetime import datetime, timedelta

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend

from sla.heartbeats import beat
from sla.models import Heartbeat, InstantAnswer, Notification
from sla.models.outgoing import Outgoing

# Rows that are there while it is so; sla/health.py has a sentence for each.
AWAY, TAKES_NONE = "mail_server_away", "mail_server_takes_none"
ASKED = "mail_server_asked"
# Servers shut out who signs in much more often.
ASK_EVERY = timedelta(seconds=30)


class NoConnection(OSError):
    """The mail server can't be reached, or lets nobody in."""


def connect(connection: BaseEmailBackend) -> None:
    """Open `connection`, unless it is open. Raises NoConnection."""
    try:
        connection.open()
    except OSError as error:
        raise NoConnection from error


def note_failure(error: OSError, at: datetime) -> None:
    """Note that it can't be reached, or has taken no mail, since `at`, unless that is on record."""
    what = AWAY if isinstance(error, NoConnection) else TAKES_NONE
    Heartbeat.objects.bulk_create([Heartbeat(name=what, beat_at=at)], ignore_conflicts=True)
    if what == AWAY:
        beat(ASKED, at)
        _forget(TAKES_NONE)  # whether it does will be seen


def note_refused(at: datetime) -> None:
    """Note that it answers; also that it has taken no mail since `at`, unless that is on record, if
    it refused what waits for more than one receiver: the address of one may be at fault.
    """
    _forget(AWAY)
    refused = {"state": Outgoing.State.WAITING, "error__startswith": "SMTP"}
    people = Notification.objects.filter(**refused).values("recipient").distinct()[:2]
    if len(people) + InstantAnswer.objects.filter(**refused)[:2].count() > 1:
        note_failure(OSError(), at)


def note_taken() -> None:
    """Note that it takes mail."""
    _forget(AWAY, TAKES_NONE)


def look_after(at: datetime) -> None:
    """Take back what is on record and no longer so, whether or not there is mail to send: that it
    can't be reached, which it is asked every half minute; that it takes none, once none waits that
    it did not take.
    """
    noted = set(
        Heartbeat.objects.filter(name__in=[AWAY, TAKES_NONE]).values_list("name", flat=True)
    )
    if TAKES_NONE in noted and not _is_any_to_try_again():
        _forget(TAKES_NONE)
    if AWAY in noted and _is_to_be_asked(at) and _answers():
        _forget(AWAY)


def _is_any_to_try_again() -> bool:
    waiting = {"state": Outgoing.State.WAITING}
    return any(
        model.objects.filter(**waiting).exclude(error="").exists()
        for model in (Notification, InstantAnswer)
    )


def _is_to_be_asked(at: datetime) -> bool:
    just_now = (at - ASK_EVERY, at + ASK_EVERY)  # not before the clock went back
    if Heartbeat.objects.filter(name=ASKED, beat_at__range=just_now).exists():
        return False
    beat(ASKED, at)
    return True


def _answers() -> bool:
    try:
        with get_connection():
            return True
    except OSError:
        return False


def _forget(*names: str) -> None:
    Heartbeat.objects.filter(name__in=names).delete()
