"""When e-mails go: quiet hours, lists, caps, and what was seen in the app first."""

from datetime import timedelta

import pytest

from leads import handoffs
from leads.models import Assignment, Organisation
from sla.models import Notification
from sla.notices import mark_seen, notices_of
from sla.outbox import Message, send_again, write
from sla.releasing import release
from sla.sending import LEASE
from tests.sla.mails import EVENING, MINUTE, send_due, tell, the_mail

Kind = Notification.Kind


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
    settings.EMAIL_BACKEND = "tests.sla.mails.DroppingAtAlice"
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


@pytest.mark.parametrize("is_seen", [False, True])
def test_what_is_unseen_in_the_app_is_mailed_after_a_while(alice, at, mailoutbox, is_seen):
    alice.notify_by = "app_first"
    alice.save()
    tell(alice, at)
    if is_seen:
        mark_seen(notices_of(alice), at=at + MINUTE)
    assert (send_due(at + 9 * MINUTE), send_due(at + 10 * MINUTE)) == (0, 0 if is_seen else 1)
    assert the_mail().state == ("dropped" if is_seen else "sent")


def test_what_is_tried_again_waits_for_the_receivers_hours(server, alice, at):
    closing = at.replace(hour=17, minute=25)
    server.is_dropping = True
    tell(alice, closing)
    send_due(closing)
    server.is_dropping = False
    assert send_due(closing + 10 * MINUTE) == 0
    morning = at.replace(hour=9, minute=0) + timedelta(days=1)
    assert (the_mail().send_after, send_due(morning)) == (morning, 1)


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


def test_what_a_killed_sender_left_waits_for_the_receivers_hours(alice, at, settings, mailoutbox):
    closing = at.replace(hour=17, minute=28)
    tell(alice, closing)
    settings.EMAIL_BACKEND = "tests.sla.mails.DyingBackend"
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
    settings.EMAIL_BACKEND = "tests.sla.mails.DyingBackend"
    with pytest.raises(SystemExit):
        send_due(closing)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send_due(at.replace(hour=23)) == 0
    assert send_due(at.replace(hour=9) + timedelta(days=1)) == 2
