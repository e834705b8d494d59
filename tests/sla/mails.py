"""What tests of e-mails share: words to tell, and mail servers that are slow, drop or kill."""

from datetime import timedelta
from smtplib import SMTPServerDisconnected

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.locmem import EmailBackend as LocmemBackend

from sla import outbox
from sla.models import Notification
from sla.outbox import notify
from sla.sending import RUN

Kind = Notification.Kind
MINUTE = timedelta(minutes=1)
EVENING = timedelta(hours=9)  # after ten in the morning; the office opens again at nine


def tell(person, at, *, key="moved:1", **fields):
    notify(person, fields.pop("kind", Kind.MOVED), key=key, subject="News", at=at, **fields)


def send_due(at) -> int:
    return outbox.send_due(lambda: at)


def the_mail() -> Notification:
    return Notification.objects.get(channel="email", key="moved:1")


class Instants:
    """A clock that stands still but when it is moved on."""

    def __init__(self, at):
        self.at = at

    def __call__(self):
        return self.at


class SlowBackend(LocmemBackend):
    def send_messages(self, messages):
        self.now.at += RUN * 0.75
        return super().send_messages(messages)


class Meanwhile(LocmemBackend):
    """Something happens while the first message is being sent."""

    what = None

    def send_messages(self, messages):
        what, Meanwhile.what = Meanwhile.what, None
        if what:
            what()
        return super().send_messages(messages)


class DroppingAtAlice(LocmemBackend):
    def send_messages(self, messages):
        if "alice" in messages[0].to[0]:
            raise SMTPServerDisconnected("Connection unexpectedly closed")
        return super().send_messages(messages)


class DyingBackend(BaseEmailBackend):
    def send_messages(self, messages):
        raise SystemExit


class DyingAtAlice(LocmemBackend):
    def send_messages(self, messages):
        if "alice" in messages[0].to[0]:
            raise SystemExit
        return super().send_messages(messages)
