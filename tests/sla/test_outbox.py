"""The outbox: written once, read again before sending, tried again when refused."""

import socket
from contextlib import suppress
from datetime import timedelta
from importlib import import_module
from smtplib import SMTPServerDisconnected

import psycopg
import pytest
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.locmem import EmailBackend as LocmemBackend
from django.db import DatabaseError, connection

from leads import handoffs
from leads.instants import database_now
from leads.models import Assignment, Organisation, User
from revops import mail_smtp
from revops.sweep import SENDING, send, stand_by, stand_by_to_send
from sla import clocks, outbox, pauses
from sla.health import alarms, given_up
from sla.heartbeats import beat
from sla.mail_server import look_after
from sla.messages import path_to
from sla.models import Clock, Notification
from sla.notices import mark_seen, notices_of
from sla.outbox import Message, notify, send_again, write
from sla.releasing import release
from sla.sending import LEASE, RUN, WAITS, NotTaken, post
from sla.sweep import sweep_clocks
from tests.sla.smtp_server import smtp_server

Kind = Notification.Kind
MINUTE = timedelta(minutes=1)


def tell(person, at, *, key="moved:1", **fields):
    notify(person, fields.pop("kind", Kind.MOVED), key=key, subject="News", at=at, **fields)


def send_due(at) -> int:
    return outbox.send_due(lambda: at)


def the_mail() -> Notification:
    return Notification.objects.get(channel="email", key="moved:1")


@pytest.fixture
def server(settings):
    with smtp_server() as server:
        settings.EMAIL_BACKEND = "revops.mail_smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_TIMEOUT = 0.2
        yield server


@pytest.fixture
def closed_port(server, settings):
    """No mail server: a port that refuses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = free.getsockname()[1]


def test_a_message_is_there_in_the_app_at_once_and_waits_as_mail(alice, at):
    tell(alice, at)
    states = dict(Notification.objects.values_list("channel", "state"))
    assert states == {"app": "sent", "email": "waiting"}


def test_on_the_way_back_no_message_is_of_a_kind_that_is_not_known_there(alice, at):
    later = {
        "0022_band_starts_promises": Kind.BAND,
        "0023_mails_given_up": Kind.GIVEN_UP,
        "0028_messages_of_merges": Kind.MERGED,
    }
    with connection.cursor() as cursor:
        for name, kind in later.items():
            tell(alice, at, kind=kind, key=kind)
            cursor.execute(import_module(f"sla.migrations.{name}").BACK)
    assert not Notification.objects.filter(kind__in=later.values()).exists()


def test_who_wants_no_mail_gets_none(alice, at):
    alice.notify_by = "app"
    tell(alice, at)
    assert list(Notification.objects.values_list("channel", flat=True)) == ["app"]


def test_the_same_key_is_written_once_per_person(alice, carol, at):
    tell(alice, at)
    tell(alice, at + MINUTE)
    tell(carol, at)
    assert Notification.objects.filter(channel="app").count() == 2


def test_a_message_goes_out_once_with_its_own_id(alice, at, mailoutbox):
    tell(alice, at)
    assert (send_due(at), send_due(at + MINUTE)) == (1, 0)
    [mail] = mailoutbox
    assert mail.to == ["alice@example.com"]
    assert mail.extra_headers["Message-ID"] == f"<notification-{the_mail().pk}@localhost>"
    assert (the_mail().state, the_mail().sent_at) == ("sent", at)


def test_the_mail_says_who_why_and_by_when_in_the_reps_zone(handoff, alice, at, mailoutbox):
    alice.zone = "Europe/Berlin"
    alice.save()
    tell(alice, at, kind=Kind.PASSED, handoff=handoff)
    send_due(at)
    text = mailoutbox[0].body
    assert "Clara Nyström, Lumora Pay" in text and "Why now: Asked for a demo" in text
    assert "First response by Tue 10 Mar, 11:05 Berlin" in text
    assert f"http://localhost:8000/queue/{handoff.pk}/" in text


def test_hostile_text_stays_text(make_handoff, make_lead, alice, at, mailoutbox):
    lead = make_lead("<img src=x>\r\nBcc: eve@example.com")
    handoff = make_handoff(lead, rep=alice)
    subject = f"Passed to you: {lead}"
    notify(alice, Kind.PASSED, key="passed:1", subject=subject, handoff=handoff, at=at)
    send_due(at)
    [mail] = mailoutbox
    assert mail.subject == "Passed to you: <img src=x> Bcc: eve@example.com"
    assert mail.message()["Bcc"] is None
    html, _ = mail.alternatives[0]
    assert "&lt;img src=x&gt;" in html and "<img" not in html


def test_nobody_is_asked_to_accept_what_was_accepted_meanwhile(handoff, alice, at, mailoutbox):
    tell(alice, at, kind=Kind.PASSED, handoff=handoff)
    handoffs.accept(handoffs.open_assignment(handoff), by=alice, at=at + MINUTE)
    assert send_due(at + MINUTE) == 0
    assert (the_mail().state, mailoutbox) == ("dropped", [])


def test_a_deadline_that_was_met_meanwhile_is_not_announced(handoff, at, mailoutbox):
    sweep_clocks(at + 8 * MINUTE)
    clocks.end(handoff, at=at + 9 * MINUTE)
    assert send_due(at + 10 * MINUTE) == 0
    assert set(Notification.objects.filter(channel="email").values_list("state")) == {("dropped",)}


def test_who_has_left_is_sent_nothing(alice, at, mailoutbox):
    tell(alice, at)
    alice.is_active = False
    alice.save()
    assert (send_due(at), mailoutbox) == (0, [])


def test_who_had_a_lead_when_it_was_said_is_not_mailed_once_it_is_anothers(
    promise, make_handoff, start, alice, carol, at, mailoutbox
):
    promise("first_response", 600, levels=[90, 100], actions=["remind", "tell_manager"])
    handoff, evening = start(make_handoff(rep=alice)), at + EVENING
    sweep_clocks(evening)
    for kind in (Kind.HAND_RAISE, Kind.BAND):
        tell(alice, evening, key=kind, kind=kind, handoff=handoff)
    key = f"stay:{handoff.lead_id}:{handoff.lead.stage_seq}"
    write([Message(alice, Kind.STAY, key, "Long", lead=handoff.lead)], at=evening)
    waiting = Notification.objects.filter(channel="email", state="waiting", recipient=alice)
    assert waiting.filter(kind="warning", subject__startswith="First response").exists()
    handoff = handoffs.locked(handoff.pk)
    handoffs.pass_to(handoff, carol, source="manager", reason="Hers", at=evening + MINUTE)
    clocks.end(handoff.assignments.get(rep=alice), at=evening + MINUTE)
    assert send_due(at + timedelta(hours=23)) == 0 and mailoutbox == []
    assert set(waiting.values_list("state")) == set()


def test_a_manager_is_mailed_of_a_prospect_who_waits_though_another_rep_has_the_lead(
    promise, make_handoff, start, alice, carol, at, mailoutbox
):
    promise("first_response", 540, levels=[100], actions=["tell_manager"])
    handoff = start(make_handoff(rep=alice))
    sweep_clocks(at + EVENING)
    handoff = handoffs.locked(handoff.pk)
    handoffs.pass_to(handoff, carol, source="manager", reason="Hers", at=at + EVENING + MINUTE)
    clocks.end(handoff.assignments.get(rep=alice), at=at + EVENING + MINUTE)
    send_due(at + timedelta(hours=23))
    assert [mail.to for mail in mailoutbox] == [["mona@example.com"]]


def test_a_miss_is_mailed_also_where_its_promise_went_on_in_another_handoff(
    promise, make_handoff, start, alice, at, mailoutbox
):
    promise("first_response", 600, levels=[80, 100], actions=["remind"] * 2)
    closed, evening = start(make_handoff(rep=alice)), at + timedelta(hours=11)
    Clock.objects.exclude(kind="first_response").update(next_at=None, next_level=None)
    for hours in (8.5, 10.5):
        sweep_clocks(at + timedelta(hours=hours))
    handoffs.close(closed, closed_as="merged", outcome="merged", reason="-", at=evening)
    clocks.end(closed, at=evening)
    clocks.carry_over(closed, make_handoff(closed.lead, previous=closed, rep=alice), at=evening)
    send_due(at + timedelta(hours=23))
    assert [mail.subject[:7] for mail in mailoutbox] == ["Missed:"]


def test_what_was_due_soon_in_the_evening_and_is_missed_by_the_morning_is_mailed_as_missed_alone(
    promise, make_handoff, start, alice, at, mailoutbox
):
    ladder = {"levels": [50, 80, 100, 150], "actions": ["remind"] * 4}
    promise("first_response", 600, **ladder)  # till eight in the evening
    start(make_handoff(rep=alice))
    Clock.objects.exclude(kind="first_response").update(next_at=None, next_level=None)
    for hours in (8.5, 10.5, 15.5):
        sweep_clocks(at + timedelta(hours=hours))
    waiting = Notification.objects.filter(channel="email", recipient=alice)
    assert waiting.filter(state="waiting").count() == 3
    send_due(at + timedelta(hours=23))
    assert [mail.subject[:13] for mail in mailoutbox] == ["Still missed:"]


def test_what_is_urgent_is_not_left_to_a_later_step_that_waits_for_the_morning(
    promise, make_handoff, start, alice, at, mailoutbox
):
    User.objects.filter(pk=alice.pk).update(notify_by=User.Notify.APP_FIRST)
    ladder = {"levels": [100, 101], "actions": ["remind"] * 2, "urgent": [100]}
    promise("first_response", 600, **ladder)  # till eight in the evening
    start(make_handoff(rep=alice))
    Clock.objects.exclude(kind="first_response").update(next_at=None, next_level=None)
    due_at = at + timedelta(hours=10)
    for minutes in (0, 6):
        sweep_clocks(due_at + minutes * MINUTE)
    send_due(due_at + outbox.unseen_for())
    assert [mail.subject[:7] for mail in mailoutbox] == ["Missed:"]
    send_due(due_at + outbox.unseen_for() + 7 * MINUTE)
    send_due(at + timedelta(hours=23))
    assert [mail.subject[:13] for mail in mailoutbox[1:]] == ["Still missed:"]


def test_nobody_is_mailed_that_something_is_due_soon_that_is_missed_by_now(
    promise, make_handoff, start, alice, at, mailoutbox
):
    promise("first_response", 600, levels=[80, 100], actions=["remind", "write"])
    start(make_handoff(rep=alice))
    Clock.objects.exclude(kind="first_response").update(next_at=None, next_level=None)
    for hours in (8.5, 10.5):
        sweep_clocks(at + timedelta(hours=hours))
    assert Notification.objects.filter(kind="warning", channel="email", state="waiting").exists()
    assert (send_due(at + timedelta(hours=23)), mailoutbox) == (0, [])


@pytest.mark.parametrize(("hours", "kind", "mails"), [(8.5, "warning", 0), (10.5, "breach", 1)])
def test_nobody_is_mailed_that_something_is_due_soon_that_rests_by_now(
    promise, make_handoff, start, alice, at, mailoutbox, hours, kind, mails
):
    promise("first_touch", 600, levels=[80, 100], actions=["remind"] * 2, pauses=["snoozed"])
    handoff, evening = start(make_handoff(rep=alice)), at + timedelta(hours=hours)
    Clock.objects.exclude(kind="first_touch").update(next_at=None, next_level=None)
    sweep_clocks(evening)
    until = at + timedelta(hours=30)
    rest = {"kind": "snoozed", "until": until, "reason": "Asked", "by": alice, "at": evening}
    pauses.begin(handoffs.open_assignment(handoff), **rest)
    clocks.retime(handoff)
    assert Notification.objects.filter(kind=kind, channel="email", state="waiting").exists()
    assert (send_due(at + timedelta(hours=23)), len(mailoutbox)) == (mails, mails)


# Quiet hours, lists, caps --------------------------------------------------------------------------
EVENING = timedelta(hours=9)  # after ten in the morning; the office opens again at nine


def test_mail_waits_for_the_receivers_hours_unless_it_is_urgent(alice, at, mailoutbox):
    tell(alice, at + EVENING)
    write([Message(alice, Kind.MOVED, "moved:2", "Now", is_urgent=True)], at=at + EVENING)
    assert send_due(at + EVENING) == 1 and mailoutbox[0].subject == "Now"
    waiting = Notification.objects.get(channel="email", key="moved:1")
    assert waiting.send_after == at + timedelta(hours=23)
    assert send_due(waiting.send_after) == 1


def test_what_is_urgent_comes_as_a_list_within_the_cap_too(alice, at, mailoutbox, settings):
    Organisation.objects.update(mails_an_hour=2)
    night, urgent = at + EVENING, {"subject": "Now", "is_urgent": True}
    told = [Message(alice, Kind.MOVED, f"moved:{number}", **urgent) for number in range(12)]
    write(told[:8], at=night)
    settings.EMAIL_BACKEND = f"{__name__}.DroppingAtAlice"
    assert send_due(night) == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send_due(night + MINUTE) == 1  # the list is urgent as what it lists
    for number in (8, 9, 10, 11):
        write([told[number]], at=night + number * MINUTE)
        send_due(night + number * MINUTE)
    assert len(mailoutbox) == 2
    send_due(night + timedelta(minutes=61))
    assert [mail.subject[:2] for mail in mailoutbox] == ["8 ", "No", "3 "]


def test_who_wants_mail_at_any_time_gets_it(alice, at, mailoutbox):
    alice.is_quiet_off_hours = False
    alice.save()
    tell(alice, at + EVENING)
    assert send_due(at + EVENING) == 1


def test_more_than_three_at_once_are_one_mail_that_lists_them(alice, carol, at, mailoutbox):
    for number in range(4):
        tell(alice, at, key=f"moved:{number}")
    tell(carol, at)
    assert send_due(at) == 2
    subjects = sorted(mail.subject for mail in mailoutbox)
    assert subjects == ["4 messages: 4 × moved to somebody else", "News"]
    parts = Notification.objects.filter(recipient=alice, channel="email", kind=Kind.MOVED)
    assert set(parts.values_list("state", "listed_in__kind")) == {("sent", "list")}


def test_a_list_leaves_out_what_is_no_longer_true(handoff, alice, at, mailoutbox):
    for number in range(3):
        tell(alice, at, key=f"moved:{number}")
    tell(alice, at, key="passed:1", kind=Kind.PASSED, handoff=handoff)
    release(at)
    handoffs.accept(handoffs.open_assignment(handoff), by=alice, at=at)
    send_due(at)
    said = mailoutbox[0].subject
    assert said == Notification.objects.get(kind=Kind.LIST).subject
    assert said == "3 messages: 3 × moved to somebody else"
    assert Notification.objects.get(kind=Kind.PASSED, channel="email").state == "dropped"


def test_a_list_of_which_one_is_still_true_is_named_for_that(handoff, alice, at, mailoutbox):
    tell(alice, at)
    for number in range(3):
        tell(alice, at, key=f"passed:{number}", kind=Kind.PASSED, handoff=handoff)
    release(at)
    handoffs.accept(handoffs.open_assignment(handoff), by=alice, at=at)
    send_due(at)
    assert [mail.subject for mail in mailoutbox] == ["News"]


def test_what_is_above_the_hours_cap_comes_as_a_list_and_is_not_lost(alice, at, mailoutbox):
    Organisation.objects.update(mails_an_hour=2)
    for number in range(5):
        tell(alice, at + number * MINUTE, key=f"moved:{number}")
        send_due(at + number * MINUTE)
    assert len(mailoutbox) == 2
    assert send_due(at + timedelta(hours=1)) == 1
    assert mailoutbox[2].subject == "3 messages: 3 × moved to somebody else"


def test_what_was_dropped_takes_no_room_in_the_hour(handoff, alice, at, mailoutbox):
    Organisation.objects.update(mails_an_hour=1)
    tell(alice, at, kind=Kind.PASSED, handoff=handoff)
    release(at)
    Assignment.objects.filter(handoff=handoff).update(answered_at=at, answer="accepted")
    assert send_due(at) == 0
    tell(alice, at, key="moved:2")
    assert send_due(at + MINUTE) == 1


@pytest.mark.usefixtures("closed_port")
def test_a_list_that_does_not_go_takes_its_messages_with_it_later(alice, at, settings, mailoutbox):
    for number in range(4):
        tell(alice, at, key=f"moved:{number}")
    assert send_due(at) == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send_due(at + MINUTE) == 1 and len(mailoutbox) == 1


# Channel after channel ------------------------------------------------------------------------------
@pytest.mark.parametrize("is_seen", [False, True])
def test_what_is_unseen_in_the_app_is_mailed_after_a_while(alice, at, mailoutbox, is_seen):
    alice.notify_by = "app_first"
    alice.save()
    tell(alice, at)
    if is_seen:
        mark_seen(notices_of(alice), at=at + MINUTE)
    assert (send_due(at + 9 * MINUTE), send_due(at + 10 * MINUTE)) == (0, 0 if is_seen else 1)
    assert the_mail().state == ("dropped" if is_seen else "sent")


def test_who_has_no_address_is_told_to_admins_and_mailed_once_they_have(
    alice, rosa, at, mailoutbox
):
    User.objects.filter(pk=alice.pk).update(email="")
    tell(alice, at)
    assert send_due(at) == 0
    assert Notification.objects.get(recipient=alice, channel="email").state == "nowhere"
    told = Notification.objects.get(recipient=rosa, channel="app")
    assert told.subject == "Alice can’t be mailed: no address is on record"
    User.objects.filter(pk=alice.pk).update(email="alice@example.com")
    assert send_again(Notification.objects.filter(recipient=alice), at=at) == 1
    send_due(at)
    assert [mail.to for mail in mailoutbox if mail.subject == "News"] == [["alice@example.com"]]


def test_it_is_on_record_when_a_message_reached_its_reader(client, alice, at):
    tell(alice, at)
    send_due(at)
    app = Notification.objects.get(channel="app")
    assert (the_mail().delivered_at, app.delivered_at) == (at, None)
    client.force_login(alice)
    bell = client.get("/notifications/unseen/?shown=0")
    assert b"1 unread" in bell.content
    app.refresh_from_db()
    assert app.delivered_at and not app.seen_at
    assert client.get("/notifications/unseen/?shown=1").status_code == 204


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
    monkeypatch.setattr(mail_smtp, "LONGEST_S", 0.5)
    server.is_trickling = True
    tell(alice, at)
    assert send_due(at) == 0
    assert the_mail().error.startswith("SMTPConnectError")
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
    settings.EMAIL_BACKEND = f"{__name__}.SlowBackend"
    SlowBackend.now = now
    assert outbox.send_due(now) == 2
    mails = Notification.objects.filter(channel="email").order_by("pk")
    rest = mails.last()
    took = [at + RUN * 0.75, at + RUN * 1.5]
    assert [mail.delivered_at for mail in mails[:2]] == took
    assert (rest.attempts, rest.send_after) == (0, at)


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


def test_who_is_let_go_while_another_mail_goes_out_is_sent_nothing(
    alice, carol, at, settings, mailoutbox
):
    tell(alice, at)
    tell(carol, at)
    settings.EMAIL_BACKEND = f"{__name__}.Meanwhile"
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
    settings.EMAIL_BACKEND = f"{__name__}.DroppingAtAlice"
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


def test_what_is_tried_again_waits_for_the_receivers_hours(server, alice, at):
    closing = at.replace(hour=17, minute=25)
    server.is_dropping = True
    tell(alice, closing)
    send_due(closing)
    server.is_dropping = False
    assert send_due(closing + 10 * MINUTE) == 0
    morning = at.replace(hour=9, minute=0) + timedelta(days=1)
    assert (the_mail().send_after, send_due(morning)) == (morning, 1)


def test_an_address_that_was_taken_away_gets_no_mail_and_is_told_of(alice, rosa, at, mailoutbox):
    tell(alice, at)
    release(at)
    User.objects.filter(pk=alice.pk).update(email="")
    assert (send_due(at), mailoutbox) == (0, [])
    mail = Notification.objects.get(recipient=alice, channel="email")
    assert (mail.state, mail.delivered_at) == ("nowhere", None)
    assert notices_of(rosa).get().kind == Kind.NO_ADDRESS


@pytest.mark.parametrize("was_let_go", [False, True])
def test_no_mail_has_nowhere_to_go_unless_admins_are_told(alice, rosa, at, fails_at, was_let_go):
    tell(alice, at)
    if was_let_go:
        release(at)
    User.objects.filter(pk=alice.pk).update(email="")
    fails_at("sla_notification", "INSERT", "NEW.kind = 'no_address'")
    with suppress(DatabaseError):
        send_due(at)
    assert the_mail().state == "waiting"


@pytest.mark.usefixtures("server")
def test_a_mail_to_nobody_does_not_count_as_taken():
    with get_connection() as line, pytest.raises(NotTaken):
        post(EmailMessage("News", to=[""]), line)


class DroppingAtAlice(LocmemBackend):
    def send_messages(self, messages):
        if "alice" in messages[0].to[0]:
            raise SMTPServerDisconnected("Connection unexpectedly closed")
        return super().send_messages(messages)


def test_a_message_that_the_server_drops_at_is_put_off_alone(alice, carol, at, settings):
    settings.EMAIL_BACKEND = f"{__name__}.DroppingAtAlice"
    tell(alice, at)
    tell(carol, at)
    assert (send_due(at), send_due(at)) == (0, 1)
    assert Notification.objects.get(channel="email", state="sent").recipient == carol


def test_who_never_works_again_holds_up_nobodys_mail(works_one_day, alice, carol, at, mailoutbox):
    works_one_day(alice)
    tell(alice, at + timedelta(days=1))
    tell(carol, at + timedelta(days=1))
    assert send_due(at + timedelta(days=1)) == 2


def test_what_is_sent_again_waits_for_the_receivers_hours(alice, at):
    tell(alice, at)
    mails = Notification.objects.filter(channel="email")
    mails.update(state="parked", released_at=at)
    send_again(mails, at=at + EVENING)
    assert send_due(at + EVENING) == 0
    assert the_mail().send_after == at + timedelta(hours=23)


class DyingBackend(BaseEmailBackend):
    def send_messages(self, messages):
        raise SystemExit


def test_a_killed_sender_repeats_its_message_rather_than_lose_it(alice, at, settings, mailoutbox):
    tell(alice, at)
    settings.EMAIL_BACKEND = f"{__name__}.DyingBackend"
    with pytest.raises(SystemExit):
        send_due(at)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send_due(at + MINUTE) == 0  # it may still be at work
    assert send_due(at + LEASE) == 1
    assert len(mailoutbox) == 1


def test_what_a_killed_sender_left_waits_for_the_receivers_hours(alice, at, settings, mailoutbox):
    closing = at.replace(hour=17, minute=28)
    tell(alice, closing)
    settings.EMAIL_BACKEND = f"{__name__}.DyingBackend"
    with pytest.raises(SystemExit):
        send_due(closing)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send_due(closing + LEASE) == 0
    assert send_due(at.replace(hour=9, minute=0) + timedelta(days=1)) == 1


def test_what_was_let_go_and_did_not_go_for_long_waits_for_the_receivers_hours_too(
    alice, at, settings, mailoutbox
):
    closing = at.replace(hour=17, minute=20)
    tell(alice, closing)
    tell(alice, closing, key="moved:2")
    settings.EMAIL_BACKEND = f"{__name__}.DyingBackend"
    with pytest.raises(SystemExit):
        send_due(closing)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send_due(at.replace(hour=23)) == 0
    assert send_due(at.replace(hour=9) + timedelta(days=1)) == 2


class DyingAtAlice(LocmemBackend):
    def send_messages(self, messages):
        if "alice" in messages[0].to[0]:
            raise SystemExit
        return super().send_messages(messages)


def test_a_mail_that_kills_each_sender_starves_nobody_and_is_given_up(
    alice, carol, rosa, at, settings
):
    User.objects.update(is_quiet_off_hours=False)
    tell(alice, at)
    tell(carol, at)
    settings.EMAIL_BACKEND = f"{__name__}.DyingAtAlice"
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
