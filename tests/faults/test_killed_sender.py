"""A sender that is killed in the middle of a mail loses none, and repeats at most that one."""

from collections import Counter
from email import message_from_string

import pytest

from leads.instants import database_now
from leads.models import User
from sla.models import Notification
from sla.outbox import Message, write
from tests.faults.conftest import kill, wait_until
from tests.sla.smtp_server import smtp_server

pytestmark = [
    pytest.mark.faults,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]

PEOPLE = 5
WAITING = Notification.objects.filter(state=Notification.State.WAITING)


@pytest.fixture
def server(stack):
    with smtp_server() as server:
        stack.send_mail_to(server.port)
        yield server


def test_what_a_killed_sender_had_in_hand_goes_out_and_only_that_may_go_twice(stack, server):
    tell_many()
    kill_in_mid_send(stack, server, "taken")
    [taken] = ids(server)
    assert WAITING.count() == PEOPLE
    kill_in_mid_send(stack, server, "DATA")
    assert ids(server) == {taken: 1}
    server.stalls_at = "never"
    stack.start_standby()
    wait_until(lambda: not WAITING.exists(), 60, WAITING.count)
    mails = Notification.objects.filter(channel="email").values_list("pk", flat=True)
    once = Counter(f"<notification-{pk}@localhost>" for pk in mails)
    assert ids(server) == once + Counter([taken])


def tell_many():
    people = [
        User(email=f"{number}@example.com", name=f"Person {number}", is_quiet_off_hours=False)
        for number in range(PEOPLE)
    ]
    told = User.objects.bulk_create(people)
    kind = Notification.Kind.MOVED
    write([Message(person, kind, "moved:1", "News") for person in told], at=database_now())


def kill_in_mid_send(stack, server, step):
    """Have the server fall silent at `step` of a mail, and kill who waits for its answer. Then as
    much time passes as what it had claimed is kept from others.
    """
    server.stalls_at, stalled = step, server.stalled
    sender = stack.start_standby()
    wait_until(lambda: server.stalled > stalled, 60, lambda: "Nothing was sent.")
    kill(sender)
    WAITING.update(send_after=database_now())


def ids(server):
    return Counter(message_from_string(mail)["Message-ID"] for mail in server.received)
