"""The outbox: written once, and read again before it is sent."""

from contextlib import suppress
from datetime import timedelta
from importlib import import_module

import pytest
from django.db import DatabaseError, connection

from leads import handoffs
from leads.models import User
from sla import clocks, outbox, pauses
from sla.models import Clock, Notification
from sla.notices import notices_of
from sla.outbox import Message, notify, send_again, write
from sla.releasing import release
from sla.sweep import sweep_clocks
from tests.sla.mails import EVENING, MINUTE, send_due, tell, the_mail

Kind = Notification.Kind


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
