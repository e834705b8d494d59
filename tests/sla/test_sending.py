"""Sending: servers that are away, refuse, stall or drop, and senders that die."""

from datetime import timedelta

import psycopg
import pytest
from django.core.mail import EmailMessage, get_connection
from django.db import connection

from leads.instants import database_now
from leads.models import Organisation, User
from revops import mail_smtp
from revops.sweep import SENDING, send, stand_by, stand_by_to_send
from sla import outbox
from sla.health import alarms, given_up
from sla.heartbeats import beat
from sla.mail_server import look_after
from sla.messages import path_to
from sla.models import Notification
from sla.notices import notices_of
from sla.outbox import Message, write
from sla.sending import LEASE, RUN, WAITS, NotTaken, post
from tests.sla.mails import MINUTE, Instants, Meanwhile, SlowBackend, send_due, tell, the_mail

Kind = Notification.Kind


def test_a_real_server_takes_it(server, alice, at):
    tell(alice, at)
    assert send_due(at) == 1
    assert f"Message-ID: <notification-{the_mail().pk}@localhost>" in server.received[0]


@pytest.mark.usefixtures("closed_port")
def test_without_a_server_the_waits_grow_and_the_message_is_parked(alice, at):
    tell(alice, at)
    for wait in WAITS:
        assert send_due(at) == 0
        mail = the_mail()
        assert (mail.state, mail.send_after) == ("waiting", at + wait)
        at += wait
    send_due(at)
    assert (the_mail().state, the_mail().attempts) == ("parked", 6)
    assert the_mail().error.startswith("ConnectionRefusedError")
    first, *_ = the_mail().tries
    assert first[1].startswith("ConnectionRefusedError") and len(the_mail().tries) == 6


@pytest.mark.usefixtures("closed_port")
def test_a_server_that_is_away_is_asked_once_a_run(alice, carol, at):
    tell(alice, at)
    tell(carol, at)
    send_due(at)
    mails = Notification.objects.filter(channel="email").order_by("pk")
    assert [*mails.values_list("attempts", flat=True)] == [1, 0]


def test_an_hour_without_a_server_costs_time_and_no_message(server, settings, alice, at):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    for minute in range(0, 130, 5):
        if minute < 60:
            tell(alice, at + minute * MINUTE, key=f"moved:{minute}")
        else:
            settings.EMAIL_PORT = port
        send_due(at + minute * MINUTE)
    mails = Notification.objects.filter(channel="email")
    assert set(mails.values_list("state")) == {("sent",)}
    assert mails.filter(kind=Kind.MOVED).count() == 12
    assert len(server.received) == mails.filter(listed_in=None).count()


def test_one_refused_address_holds_up_nobody_else(server, alice, carol, at):
    server.refused = "alice"
    tell(alice, at)
    tell(carol, at)
    assert send_due(at) == 1
    refused = Notification.objects.get(channel="email", recipient=alice)
    assert refused.send_after == at + MINUTE and "550" in refused.error


def test_a_server_that_hangs_up_as_it_refuses_is_asked_no_more_in_that_run(
    server, alice, carol, at
):
    server.refused, server.refusal = "alice", "421 too many from you"
    tell(alice, at)
    tell(carol, at)
    assert send_due(at) == 0
    mails = Notification.objects.filter(channel="email").order_by("pk")
    assert [*mails.values_list("attempts", flat=True)] == [1, 0]
    assert send_due(at) == 1


def test_a_line_that_drops_is_tried_again_with_the_same_id(server, alice, at):
    tell(alice, at)
    server.is_dropping = True
    assert send_due(at) == 0
    server.is_dropping = False
    assert send_due(at + MINUTE) == 1
    assert the_mail().state == "sent"


@pytest.mark.parametrize("step", ["greeting", "DATA"])
def test_a_server_that_stalls_is_given_up_on_and_left_for_later(server, alice, carol, at, step):
    server.stalls_at = step
    tell(alice, at)
    tell(carol, at)
    assert send_due(at) == 0 and server.asked == 1
    mails = Notification.objects.filter(channel="email").order_by("pk")
    assert [*mails.values_list("attempts", flat=True)] == [1, 0]
    server.stalls_at = "never"
    assert send_due(at + MINUTE) == 2 and len(server.received) == 2


def test_a_server_that_never_ends_its_answer_is_hung_up_on(server, alice, at, monkeypatch):
    server.is_trickling = True
    tell(alice, at)
    with monkeypatch.context() as impatient:
        impatient.setattr(mail_smtp, "LONGEST_S", 0.5)
        assert send_due(at) == 0
    assert the_mail().error.startswith("SMTP")
    server.is_trickling = False
    assert send_due(at + MINUTE) == 1


def test_such_a_server_is_hung_up_on_and_noted_before_the_task_that_sends_is_ended(settings):
    assert mail_smtp.LONGEST_S + 2 < settings.CELERY_TASK_SOFT_TIME_LIMIT


def test_the_standby_sweeps_whatever_becomes_of_mail(server, alice):
    server.stalls_at = "greeting"
    User.objects.update(is_quiet_off_hours=False)
    tell(alice, database_now())
    stand_by()
    assert (server.asked, stand_by_to_send(), server.asked) == (0, 0, 1)
    stand_by_to_send()  # it has just been at work
    assert server.asked == 1


def test_one_process_sends_at_a_time(alice, mailoutbox):
    User.objects.update(is_quiet_off_hours=False)
    tell(alice, database_now())
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [SENDING])
        assert send() == 0
        other.execute("SELECT pg_advisory_unlock(%s)", [SENDING])  # the server closes later
    assert send() == 1


@pytest.mark.django_db
def test_the_database_and_we_ask_each_other_for_signs_of_life():
    """So that a sender whose machine vanished keeps its lock for about a minute."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_settings WHERE name ~ '^tcp_' AND source = 'client'")
        assert len(cursor.fetchall()) == 4
    ours = connection.get_connection_params()
    assert ours["keepalives_idle"] + ours["keepalives_interval"] * ours["keepalives_count"] <= 60


def test_a_run_counts_from_each_message_and_leaves_the_rest_in_time(alice, carol, at, settings):
    """Each mail takes 15 of the 20 seconds that a run has."""
    Organisation.objects.update(mails_an_hour=40)
    for number in range(3):
        tell(alice, at, key=f"moved:{number}")
    now = Instants(at)
    settings.EMAIL_BACKEND = "tests.sla.mails.SlowBackend"
    SlowBackend.now = now
    assert outbox.send_due(now) == 2
    mails = Notification.objects.filter(channel="email").order_by("pk")
    rest = mails.last()
    took = [at + RUN * 0.75, at + RUN * 1.5]
    assert [mail.delivered_at for mail in mails[:2]] == took
    assert (rest.attempts, rest.send_after) == (0, at)


def test_who_is_let_go_while_another_mail_goes_out_is_sent_nothing(
    alice, carol, at, settings, mailoutbox
):
    tell(alice, at)
    tell(carol, at)
    settings.EMAIL_BACKEND = "tests.sla.mails.Meanwhile"
    Meanwhile.what = lambda: User.objects.filter(pk=carol.pk).update(is_active=False)
    assert send_due(at) == 1
    assert [mail.to for mail in mailoutbox] == [["alice@example.com"]]


@pytest.mark.usefixtures("closed_port")
def test_admins_are_told_of_a_server_that_is_away_till_it_takes_a_mail(alice, at, settings):
    tell(alice, at)
    for minute in range(4):
        beat("sweep", at + minute * MINUTE)
        send_due(at + minute * MINUTE)
    assert alarms(at + 3 * MINUTE) == ["The mail server could not be reached for 3 minutes."]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send_due(at + 6 * MINUTE) == 1
    beat("sweep", at + 6 * MINUTE)
    assert alarms(at + 6 * MINUTE) == []


def test_a_server_that_is_back_is_no_alarm_though_nothing_is_to_be_sent(
    server, settings, alice, at
):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    tell(alice, at)
    for minute in range(4):
        beat("sweep", at + minute * MINUTE)
        send_due(at + minute * MINUTE)
    look_after(at + 3 * MINUTE)
    assert alarms(at + 3 * MINUTE) == ["The mail server could not be reached for 3 minutes."]
    settings.EMAIL_PORT = port
    look_after(at + 3 * MINUTE + timedelta(seconds=28))  # it was asked just now
    assert (len(alarms(at + 3 * MINUTE)), server.asked) == (1, 0)
    look_after(at + 4 * MINUTE)
    assert alarms(at + 3 * MINUTE) == []


def test_a_server_that_takes_none_is_an_alarm_till_none_waits(alice, at, settings):
    settings.EMAIL_BACKEND = "tests.sla.mails.DroppingAtAlice"
    tell(alice, at)
    send_due(at)
    look_after(at + 3 * MINUTE)
    beat("sweep", at + 3 * MINUTE)
    said = "The mail server answers, and has taken no mail for 3 minutes."
    assert said in alarms(at + 3 * MINUTE)
    Notification.objects.filter(channel="email").update(state="parked")
    look_after(at + 3 * MINUTE)
    assert alarms(at + 3 * MINUTE) == []


@pytest.mark.parametrize(
    ("refusal", "is_of_all"),
    [
        ("550 no relaying", True),
        ("451 later", True),
        ("421 too busy", True),
        ("of the sender", True),
        ("550 no such mailbox", False),
    ],
)
def test_a_server_that_refuses_all_is_an_alarm_and_one_address_is_none(
    server, alice, carol, at, refusal, is_of_all
):
    server.refused, server.refusal = "@" if is_of_all else "alice", refusal
    server.refuses_sender = refusal == "of the sender"
    for minute in range(5):
        for person in (alice, carol) if is_of_all else (alice,):
            tell(person, at + minute * MINUTE, key=f"moved:{minute}")
        beat("sweep", at + minute * MINUTE)
        send_due(at + minute * MINUTE)
        send_due(at + minute * MINUTE)
    told = [said for said in alarms(at + 4 * MINUTE) if "taken no mail" in said]
    assert told == ["The mail server answers, and has taken no mail for 4 minutes."] * is_of_all
    server.refused, server.refuses_sender = "nobody", False
    tell(carol, at + 5 * MINUTE, key="moved:5")
    send_due(at + 5 * MINUTE)
    assert not [said for said in alarms(at + 5 * MINUTE) if "taken no mail" in said]


@pytest.mark.usefixtures("closed_port")
def test_admins_are_told_once_a_day_of_what_was_given_up(alice, carol, rosa, at):
    for person in (alice, carol):
        tell(person, at)
    Notification.objects.filter(channel="email").update(attempts=len(WAITS))
    send_due(at)
    send_due(at)
    assert given_up() == {"messages": 2, "answers": 0}
    told = notices_of(rosa).get()
    assert (told.kind, path_to(told)) == (Kind.GIVEN_UP, "/status/")
    assert told.subject == "2 e-mails were given up"
    assert "1 to Alice (ConnectionRefusedError" in told.body and "1 to Carol" in told.body


@pytest.mark.usefixtures("server")
def test_a_mail_to_nobody_does_not_count_as_taken():
    with get_connection() as line, pytest.raises(NotTaken):
        post(EmailMessage("News", to=[""]), line)


def test_a_message_that_the_server_drops_at_is_put_off_alone(alice, carol, at, settings):
    settings.EMAIL_BACKEND = "tests.sla.mails.DroppingAtAlice"
    tell(alice, at)
    tell(carol, at)
    assert (send_due(at), send_due(at)) == (0, 1)
    assert Notification.objects.get(channel="email", state="sent").recipient == carol


def test_a_killed_sender_repeats_its_message_rather_than_lose_it(alice, at, settings, mailoutbox):
    tell(alice, at)
    settings.EMAIL_BACKEND = "tests.sla.mails.DyingBackend"
    with pytest.raises(SystemExit):
        send_due(at)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send_due(at + MINUTE) == 0  # it may still be at work
    assert send_due(at + LEASE) == 1
    assert len(mailoutbox) == 1


def test_a_mail_that_kills_each_sender_starves_nobody_and_is_given_up(
    alice, carol, rosa, at, settings
):
    User.objects.update(is_quiet_off_hours=False)
    tell(alice, at)
    tell(carol, at)
    settings.EMAIL_BACKEND = "tests.sla.mails.DyingAtAlice"
    for run in range(len(WAITS) + 1):
        with pytest.raises(SystemExit):
            send_due(at + run * LEASE)
    send_due(at + (len(WAITS) + 1) * LEASE)
    mails = Notification.objects.filter(channel="email", kind=Kind.MOVED)
    states = dict(mails.values_list("recipient__name", "state"))
    assert states == {"Alice": "parked", "Carol": "sent"}
    assert "ended in the middle" in mails.get(recipient=alice).error
    assert notices_of(rosa).get().kind == Kind.GIVEN_UP


def test_what_holds_for_all_messages_is_asked_once(alice, at, django_assert_num_queries):
    alice.notify_by = "app_first"
    told = [Message(alice, Kind.MOVED, f"moved:{number}", "News") for number in range(5)]
    with django_assert_num_queries(3):  # who is away, how long is waited, and the messages
        write(told, at=at)


def test_nothing_to_send_is_one_query(alice, at, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert send_due(at) == 0
