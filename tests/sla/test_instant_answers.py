"""One mail to each prospect who asks for a person, at once, that stops nobody's clock."""

import threading
import time
from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction

from leads import handoffs
from leads.documents import publish
from leads.fact_history import record_facts
from leads.instants import database_now
from leads.models import (
    Absence,
    Activity,
    Document,
    Handoff,
    IntakeSource,
    Lead,
    Submission,
    Touch,
    User,
    Version,
)
from revops.sweep import send
from sla import answer_mails, answer_sending, answer_template
from sla.answer_letters import company_of, fill, first_name_of
from sla.answer_mails import letter_for
from sla.answer_times import answer_time
from sla.forms.instant_answers import AnswerTemplateForm
from sla.handoff_clocks import start_handoff_clocks
from sla.health import alarms
from sla.instant_answer_page import holding, nobody_works_before, preview, told_now
from sla.instant_answers import answer_at_once, answer_late
from sla.models import (
    AnswerTemplate,
    CalendarTerms,
    Clock,
    ClockEvent,
    Heartbeat,
    InstantAnswer,
    Notification,
    RepHours,
)
from sla.outbox import notify
from sla.sending import WAITS
from sla.sweep import sweep_clocks
from tests.sla.mails import Meanwhile

MINUTE = timedelta(minutes=1)
VALUES = dict.fromkeys(
    ("first_name", "company", "request", "expected_time", "owner_name", "booking_link"), "x"
)


def send_due(at) -> int:
    return answer_sending.send_due(lambda: at)


@pytest.fixture
def switched_on(rosa, source):
    AnswerTemplate.objects.create(is_on=True, revision=1, changed_by=rosa).sources.add(source)


@pytest.fixture
def asked(switched_on, make_lead, make_handoff, alice, source, at):
    """Clara, whom alice has, asked by the form: her answer is written and waits to be sent."""
    alice.booking_url = "https://book.example/alice"
    alice.save()
    handoff = ask(make_lead("Clara Nyström"), source, at)
    handoff = make_handoff(handoff, rep=alice)
    start_handoff_clocks(handoff, hand_raised_at=at, at=at)
    answer_at_once(handoff, asked_at=at, at=at)
    return handoff


def ask(lead, source, at, door=Submission.Door.FORM, kind="demo_request"):
    submission = Submission.objects.create(
        source=source, door=door, payload={}, received_at=at, next_attempt_at=at
    )
    Activity.objects.create(
        lead=lead, kind=kind, occurred_at=at, source=source, submission=submission
    )
    return lead


def test_it_says_what_happens_next_when_and_where_to_book(asked, alice, at):
    assert send_due(at) == 1
    sent = mail.outbox[0]
    our_name = answer_mails.organisation_name()
    assert sent.from_email == f"{our_name} <handoff@localhost>"
    assert sent.to == [asked.lead.email] and sent.reply_to == [alice.email]
    assert sent.extra_headers["Auto-Submitted"] == "auto-replied"
    assert answer_time(asked.lead.source, at) == "A person gets in touch within 5 minutes."
    for body in (sent.body, sent.alternatives[0].content):
        assert "in touch with you within 5 minutes." in body
        assert "Hello Clara" in body and "https://book.example/alice" in body


def test_who_was_let_go_is_not_named_to_a_prospect(asked, alice, at):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert send_due(at) == 1
    sent = mail.outbox[0]
    assert "Alice" not in sent.body and "book.example" not in sent.body
    assert sent.reply_to == []


def test_the_preview_is_what_goes_out_also_of_who_was_let_go(asked, works_one_day, alice, at):
    works_one_day(alice, "15:00-16:00")
    User.objects.filter(pk=alice.pk).update(is_active=False)
    shown = preview(answer_template.template(), [Lead.objects.get(pk=asked.lead_id)], at)
    assert send_due(at) == 1 and shown.letter.text == mail.outbox[0].body


def test_a_reply_goes_to_no_rep_without_an_address(asked, alice, at):
    User.objects.filter(pk=alice.pk).update(email="")
    send_due(at)
    assert "Alice is looking after it." in mail.outbox[0].body
    assert mail.outbox[0].message()["Reply-To"] is None


def test_what_is_asked_is_read_again_for_each_mail(
    asked, make_lead, make_handoff, carol, source, at, settings
):
    """The second prospect's handoff is closed while the first mail goes out."""
    other = make_handoff(ask(make_lead("Ben Berg"), source, at), rep=carol)
    answer_at_once(other, asked_at=at, at=at)
    settings.EMAIL_BACKEND = "tests.sla.mails.Meanwhile"
    gone = {"closed_as": "recycled", "outcome": "recycled", "reason": "-", "at": at}
    Meanwhile.what = lambda: handoffs.close(other, **gone)
    assert send_due(at) == 1
    assert InstantAnswer.objects.get(handoff=other).error == "The handoff is closed."


@pytest.mark.django_db(transaction=True)
def test_a_lead_that_others_hold_for_a_while_has_no_mail_sent_twice(request, at, settings):
    with transaction.atomic():
        asked = request.getfixturevalue("asked")
    settings.EMAIL_BACKEND = "tests.sla.mails.Meanwhile"
    is_held = threading.Event()

    def hold():
        with transaction.atomic():
            handoffs.locked(asked.pk)
            is_held.set()
            time.sleep(0.15)
        connection.close()

    Meanwhile.what = lambda: (threading.Thread(target=hold).start(), is_held.wait(5))
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    assert [send_due(at), send_due(at + 2 * MINUTE)] == [1, 0]
    connection.close()


def test_it_is_not_written_again_in_a_handoff_that_goes_on(asked, make_handoff, at):
    send_due(at)
    gone = {"closed_as": "recycled", "outcome": "recycled", "reason": "-", "at": at + MINUTE}
    handoffs.close(asked, **gone)
    again = make_handoff(asked.lead, previous=asked, hand_raised_at=at)
    assert answer_late(again, at=at + 2 * MINUTE) == "Their one mail was written before."


def test_who_was_spoken_to_before_a_close_is_not_written_to_in_what_follows(
    switched_on, make_lead, make_handoff, alice, source, at
):
    first = make_handoff(ask(make_lead(), source, at), rep=alice)
    was_faster(first, alice, at)
    handoffs.close(first, closed_as="recycled", outcome="recycled", reason="-", at=at + MINUTE)
    again = make_handoff(first.lead, previous=first, hand_raised_at=at)
    assert answer_late(again, at=at + 2 * MINUTE) == "A person was faster."


def test_it_goes_out_once_for_a_handoff(asked, at):
    assert answer_at_once(asked, asked_at=at + MINUTE, at=at + MINUTE) is None
    assert [send_due(at), send_due(at)] == [1, 0]
    with pytest.raises(IntegrityError), transaction.atomic():
        InstantAnswer.objects.create(
            handoff=asked, source_id=asked.lead.source_id, asked_at=at, created_at=at, send_after=at
        )


def test_answers_that_cannot_be_sent_keep_no_other_mail_from_going(asked, alice, fails_at):
    User.objects.update(is_quiet_off_hours=False)
    notify(alice, Notification.Kind.MOVED, key="1", subject="News", at=database_now())
    fails_at("sla_instantanswer", "UPDATE", "NEW.attempts > 0")
    with pytest.raises(DatabaseError, match="refused"):
        send()
    assert "News" in [each.subject for each in mail.outbox]
    assert not Heartbeat.objects.filter(name="sender").exists()


def test_it_has_a_clock_of_its_own_and_stops_no_persons(asked, at):
    send_due(at + MINUTE)
    stopped = Clock.objects.exclude(stopped_at=None)
    assert [(each.kind, each.elapsed) for each in stopped] == [("instant_answer", MINUTE)]
    assert list(Clock.objects.running().of_people().values_list("kind", flat=True)) == [
        "first_response"
    ]
    asked.refresh_from_db()
    assert asked.first_response_at is None
    touch = Touch.objects.get()
    assert touch.is_automated and touch.note == (
        "Instant answer: a person gets in touch within 5 minutes"
    )


def test_one_that_is_late_is_on_record_and_an_alarm_to_admins_only(asked, at):
    sweep_clocks(at + 3 * MINUTE)
    assert ClockEvent.objects.filter(clock__kind="instant_answer", kind="breached").exists()
    assert not Notification.objects.filter(subject__contains="nstant").exists()
    assert "An instant answer has been waiting to be sent for 3 minutes." in alarms(at + 3 * MINUTE)


@pytest.mark.parametrize(
    "door, late", [(Submission.Door.IMPORT, False), (Submission.Door.API, True)]
)
def test_imports_and_what_was_asked_long_ago_are_not_answered(
    switched_on, make_lead, make_handoff, source, at, door, late
):
    asked_at = at - timedelta(hours=2) if late else at
    handoff = make_handoff(ask(make_lead(), source, asked_at, door))
    assert answer_at_once(handoff, asked_at=asked_at, at=at) is None


@pytest.mark.parametrize("email", ["", "clara@", "clara@x.example\nBcc: all@x.example"])
def test_who_has_no_address_is_not_written_to(
    switched_on, make_lead, make_handoff, source, at, email
):
    handoff = make_handoff(ask(make_lead(email=email), source, at))
    assert answer_at_once(handoff, asked_at=at, at=at) is None


def test_a_source_is_answered_only_where_it_is_switched_on(
    switched_on, make_lead, make_handoff, at, source
):
    trial = IntakeSource.objects.get(slug="trial")
    assert answer_at_once(make_handoff(ask(make_lead(), trial, at)), asked_at=at, at=at) is None
    AnswerTemplate.objects.update(is_on=False)
    assert answer_at_once(make_handoff(ask(make_lead(), source, at)), asked_at=at, at=at) is None


def was_faster(handoff, alice, at):
    Touch.objects.create(
        lead=handoff.lead,
        handoff=handoff,
        by=alice,
        channel="call",
        outcome="spoke",
        occurred_at=at,
    )


def withdrew(handoff, alice, at):
    handoffs.close(handoff, closed_as="withdrawn", outcome="withdrawn", at=at, reason="-", by=None)


def refused(handoff, alice, at):
    record_facts(handoff.lead, {"person.consent": False}, known_from=at)


def switched_off(handoff, alice, at):
    AnswerTemplate.objects.update(is_on=False)


@pytest.mark.parametrize(
    "what, why",
    [
        (was_faster, "A person was faster."),
        (withdrew, "The handoff is closed."),
        (refused, "No address, or no wish to be contacted."),
        (switched_off, "The instant answer is switched off."),
        (None, "It had waited for more than a day."),
    ],
)
def test_what_is_no_longer_wanted_is_not_sent(asked, alice, at, what, why):
    later = at + (MINUTE if what else timedelta(hours=25))
    if what:
        what(asked, alice, at)
    assert send_due(later) == 0
    answer = InstantAnswer.objects.get()
    assert (answer.state, answer.error) == ("dropped", why)
    assert not Clock.objects.running().filter(kind="instant_answer").exists()
    assert mail.outbox == []


def test_an_hour_without_a_server_costs_no_prospect_their_answer(asked, at, settings):
    settings.EMAIL_BACKEND = "revops.mail_smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    minutes = [0, 1, 6, 21]
    assert [send_due(at + minute * MINUTE) for minute in minutes] == [0] * 4
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    back_at = at + 81 * MINUTE
    assert send_due(back_at) == 1
    assert "in touch with you within 5 minutes." in mail.outbox[0].body
    assert InstantAnswer.objects.get().expected_by == back_at + 5 * MINUTE


def test_a_server_that_is_away_costs_time_and_no_answer(asked, at, settings):
    settings.EMAIL_BACKEND = "revops.mail_smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert send_due(at) == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert [send_due(at), send_due(at + WAITS[0])] == [0, 1]


@pytest.mark.parametrize(
    "name, said",
    [
        ("Clara Nyström", "Clara"),
        ("Anne-Marie O’Neil", "Anne-Marie"),
        ("", "there"),
        ("12345", "there"),
        ("Visit evil.example now", "there"),
        ("http://evil.example", "there"),
        ("<b>Clara", "there"),
        ("Cla\r\nBcc: all@x.example", "there"),
        ("C" * 31, "there"),
    ],
)
def test_a_name_that_could_be_a_message_is_not_repeated(name, said):
    assert first_name_of(name) == said


def test_what_a_lead_says_of_its_company_is_escaped():
    assert company_of("Miller & Sons Inc.") == "Miller & Sons Inc."
    assert company_of("win at www.evil") == "your company"


def test_lead_supplied_text_is_escaped_and_heads_nothing(asked, at):
    AnswerTemplate.objects.update(subject="For {{ company }}", body="At {{ company }}")
    asked.lead.company = "A & B\r\nBcc: C"
    asked.lead.save()
    send_due(at)
    sent = mail.outbox[0]
    assert sent.subject == "For A & B Bcc: C" and sent.bcc == []
    assert "A &amp; B Bcc: C" in sent.alternatives[0].content


def test_a_line_with_nothing_to_say_is_left_out():
    values = VALUES | {"booking_link": "", "our_name": "We"}
    letter = fill("s", "Hello.\nBook: {{ booking_link }}\n\n{{ our_name }}", values)
    assert letter.text == "Hello.\n\nWe\n"


@pytest.mark.parametrize("text", ["{{ nmae }}", "{% if x %}", "{{ company", "{{ lead.email }}"])
def test_an_unknown_variable_is_refused_in_words(text):
    with pytest.raises(ValidationError, match="variable"):
        fill("s", text, VALUES)


def test_how_often_it_held_counts_who_waits_in_vain(
    asked, alice, make_lead, make_handoff, source, at
):
    late = make_handoff(ask(make_lead(), source, at))
    answer_at_once(late, asked_at=at, at=at)
    send_due(at)
    Touch.objects.create(
        lead=asked.lead, handoff=asked, by=alice, channel="call", occurred_at=at + 4 * MINUTE
    )
    assert holding(at + 4 * MINUTE).n == 0
    share = holding(at + 5 * MINUTE)
    assert (share.kept, share.n) == (1, 2)


def test_the_owner_of_the_moment_is_named(asked, carol, at):
    asked.owner = carol
    letter = letter_for(answer_template.template(), asked, "soon", our_name="We")
    assert "Carol is looking after it." in letter.text and "Book" not in letter.text


def test_it_tells_when_who_has_the_lead_works_also_once_it_is_passed_on(
    switched_on, make_lead, make_handoff, alice, rosa, source, office_of, at
):
    office_of("Mornings", at, wed="08:00-12:00")  # it is Tuesday, 10:00, and the office is open
    handoff = make_handoff(ask(make_lead(), source, at), rep=alice)
    answer = answer_at_once(handoff, asked_at=at, at=at)
    assert answer.expected_text == "on Wednesday from 08:00, London time"
    handoffs.end_assignment(handoff, "reassigned", at=at + MINUTE)
    handoffs.pass_to(handoff, rosa, source="manager", reason="Here", at=at + MINUTE)
    send_due(at + MINUTE)
    answer.refresh_from_db()
    assert answer.expected_by == at + 6 * MINUTE and "within 5 minutes" in answer.body


@pytest.mark.parametrize(
    ("country", "told"),
    [
        pytest.param("SG", "today from 16:00, Singapore time", id="theirs"),
        pytest.param("US", "on Tuesday from 08:00, London time", id="one of several: the rep's"),
    ],
)
def test_it_tells_the_time_in_the_prospects_zone(
    switched_on, make_lead, make_handoff, alice, source, office_of, at, country, told
):
    early = at - timedelta(hours=6)
    office_of("Mornings", early, tue="08:00-12:00")
    lead = make_lead()
    record_facts(lead, {"person.country": country}, known_from=early)
    handoff = make_handoff(ask(lead, source, early), rep=alice)
    assert answer_at_once(handoff, asked_at=early, at=early).expected_text == told


def test_the_page_warns_while_the_office_opens_before_any_rep(alice, carol, office_of, at):
    assert nobody_works_before(at) is None  # both go by the office's hours
    office_of("Mornings", at, wed="08:00-12:00")
    assert nobody_works_before(at) == at + timedelta(hours=22)
    fair = Document.objects.create(kind="calendar", name="Trade fair")
    version = Version.objects.create(document=fair, number=1)
    day = {(at - timedelta(days=1)).date().isoformat(): [["09:00", "17:00"]]}
    CalendarTerms.objects.create(version=version, zone="UTC", hours={}, overrides=day)
    publish(version, by=None, note="Over", at=at)
    RepHours.objects.create(rep=carol, calendar=fair)  # she never works again
    assert nobody_works_before(at) == at + timedelta(hours=22)


def test_the_page_warns_while_all_reps_are_away_when_the_office_opens_next(alice, carol, at):
    till = at.replace(hour=12) + timedelta(days=14)
    for rep in (alice, carol):
        Absence.objects.create(user=rep, starts_at=at - MINUTE, ends_at=till)
    assert nobody_works_before(at) == till
    evening = at + timedelta(hours=12)
    Absence.objects.update(starts_at=evening + MINUTE)
    assert nobody_works_before(evening) == till


PAGE = "/sla/instant-answers/"


@pytest.fixture
def typed(source):
    return {
        **{"is_on": "on", "sources": [source.pk], "within_minutes": 3, "revision": 0},
        **{"agreed": "on"},
        **{"subject": "For {{ company }}", "body": "Hello {{ first_name }}"},
    }


def test_only_sources_that_can_be_answered_are_offered(source):
    offered = AnswerTemplateForm(instance=answer_template.template(), at=database_now())
    offered = offered.fields["sources"].queryset
    assert source in offered and not offered.filter(slug="by-hand").exists()


def test_it_is_saved_for_the_sources_chosen_and_not_over_anothers_change(
    client, olga, typed, source
):
    client.force_login(olga)
    assert client.post(PAGE, typed).status_code == 302
    saved = answer_template.template()
    assert (saved.is_on, saved.within_minutes, saved.changed_by) == (True, 3, olga)
    assert list(saved.sources.all()) == [source]
    assert client.post(PAGE, typed).status_code == 409
    assert client.post(PAGE, typed | {"revision": 1, "is_on": ""}).status_code == 302
    assert not answer_template.template().is_on


def test_the_form_says_what_is_no_variable(client, olga, typed):
    client.force_login(olga)
    answer = client.post(PAGE, typed | {"body": "{{ nmae }}", "sources": []})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "“nmae” is none of the variables" in page and "Choose for whom" in page


def test_the_preview_is_of_a_lead_and_of_what_is_typed(client, olga, typed, make_lead):
    make_lead("Ana Diaz", company="A & B")
    make_lead("Clara Nyström")
    client.force_login(olga)
    answer = client.post(f"{PAGE}preview/", typed | {"lead": "Ana Di"})
    page = answer.content.decode()
    assert "Hello Ana" in page and "For A &amp; B" in page
    assert not AnswerTemplate.objects.exists()


def test_the_preview_is_of_a_lead_of_whom_all_is_said_or_says_why_it_is_not(
    client, olga, typed, make_lead, make_handoff, alice
):
    body = "Until {{ expected_time }}\n{{ owner_name }}\n{{ booking_link }}"
    typed = {name: value for name, value in typed.items() if name != "agreed"} | {"body": body}
    whole = make_handoff(make_lead("Ana Diaz"), rep=alice).lead
    make_lead("Clara Nyström", source=IntakeSource.objects.get(slug="list"))
    client.force_login(olga)
    page = client.post(f"{PAGE}preview/", typed).content.decode()
    assert f"/leads/{whole.pk}/" in page
    assert "Lines with booking_link are left out: Alice has no booking link." in page
    alice.booking_url = "https://book.example/alice"
    alice.save()
    assert "are left out" not in client.post(f"{PAGE}preview/", typed).content.decode()
    page = client.post(f"{PAGE}preview/", typed | {"lead": "Clara"}).content.decode()
    assert "Lines with owner_name are left out: nobody has the lead." in page
    assert "expected_time are left out: nobody who comes by Lists is promised" in page


def test_switching_it_on_says_how_many_it_would_have_gone_to_and_asks(
    client, olga, typed, source, make_lead, make_handoff
):
    at = database_now() - timedelta(days=1)
    for fields in ({}, {}, {"email": ""}):
        lead = ask(make_lead(**fields), source, at)
        make_handoff(lead, at=at, hand_raised_at=at)
    lead = ask(make_lead(), source, at)
    record_facts(lead, {"person.consent": False}, known_from=at)
    make_handoff(lead, at=at, hand_raised_at=at)
    listed = ask(make_lead(), source, at, door=Submission.Door.IMPORT)
    make_handoff(listed, at=at, hand_raised_at=at)
    client.force_login(olga)
    assert f"{source}: 2 would have been written to" in client.get(PAGE).content.decode()
    answer = client.post(PAGE, typed | {"agreed": ""})
    assert answer.status_code == 422 and not AnswerTemplate.objects.exists()
    assert answer.content.decode().count("Tick this to have prospects written to.") == 1
    assert client.post(PAGE, typed | {"agreed": "", "is_on": ""}).status_code == 302
    assert client.post(PAGE, typed | {"revision": 1}).status_code == 302
    assert 'name="agreed"' not in client.get(PAGE).content.decode()


@pytest.mark.parametrize("minutes", [-1, 0, 61])
def test_what_is_wrong_is_said_once(client, olga, typed, minutes):
    client.force_login(olga)
    page = client.post(PAGE, typed | {"within_minutes": minutes}).content.decode()
    assert page.count("Between 1 and 60 minutes.") == 1
    fragment = client.post(
        f"{PAGE}preview/", typed | {"within_minutes": minutes}, headers={"HX-Request": "true"}
    )
    assert fragment.content.decode().count("Between 1 and 60 minutes.") == 1


def test_what_is_told_of_more_sources_takes_no_more_queries(
    organisation, at, django_assert_num_queries
):
    sources = list(IntakeSource.objects.all())
    told_now(sources, at)  # what is published is read once
    for number in (2, 4):
        with django_assert_num_queries(5):
            assert any(each.expected for each in told_now(sources[:number], at))


@pytest.mark.parametrize("who", ["alice", "mona", "vera"])
def test_the_page_is_for_ops_and_admins(client, request, defaults, who):
    client.force_login(request.getfixturevalue(who))
    assert client.get(PAGE).status_code == 403


def test_the_page_shows_what_held_with_the_leads_behind_it(client, olga, asked, at):
    send_due(at)
    client.force_login(olga)
    InstantAnswer.objects.update(expected_by=database_now() - MINUTE)
    page = client.get(PAGE, {"show": "late"}).content.decode()
    assert "0 of 1" in page and "too few for a rate" in page and "Clara Nyström" in page
    assert "Clara" not in client.get(PAGE, {"show": "held"}).content.decode()


def test_one_that_was_given_up_is_sent_again_by_hand(client, olga, asked, at):
    InstantAnswer.objects.update(state="parked")
    client.force_login(olga)
    client.post(f"{PAGE}{InstantAnswer.objects.get().pk}/resend/")
    assert InstantAnswer.objects.get().state == "waiting"


# As a step of a ladder ----------------------------------------------------------------------------
@pytest.fixture
def late(promise, rosa, make_lead, make_handoff, alice, source, at):
    """Clara, whom nobody has answered for five minutes; of her source nobody is answered at once."""
    promise("first_response", 5, levels=[100, 200], actions=["write", "write"])
    AnswerTemplate.objects.create(is_on=True, revision=1, changed_by=rosa)
    handoff = make_handoff(ask(make_lead("Clara Nyström"), source, at), rep=alice)
    start_handoff_clocks(handoff, hand_raised_at=at, at=at)
    return handoff


def test_a_ladder_writes_to_who_waits_once_and_stops_nobodys_clock(late, at):
    sweep_clocks(at + 5 * MINUTE)
    assert send_due(at + 5 * MINUTE) == 1 and mail.outbox[0].to == [late.lead.email]
    touch = Touch.objects.get(handoff=late)
    assert touch.is_automated and Clock.objects.get(kind="first_response").is_running
    sweep_clocks(at + 10 * MINUTE)
    assert send_due(at + 10 * MINUTE) == 0 and InstantAnswer.objects.count() == 1
    assert not Clock.objects.filter(kind="instant_answer").exists()


@pytest.mark.parametrize(
    ("state", "error"), [("dropped", "The instant answer is switched off."), ("parked", "")]
)
def test_a_ladder_sends_anew_what_did_not_go_out(late, source, at, state, error):
    mail_of = {"handoff": late, "source": source, "asked_at": at}
    InstantAnswer.objects.create(
        **mail_of, state=state, error=error, attempts=6, created_at=at, send_after=at
    )
    sweep_clocks(at + 5 * MINUTE)
    assert send_due(at + 5 * MINUTE) == 1
    sweep_clocks(at + 10 * MINUTE)
    steps = ClockEvent.objects.filter(action="write").order_by("level")
    once = "Nobody was written to. Their one mail was written before."
    assert list(steps.values_list("level", "detail")) == [(100, ""), (200, once)]


@pytest.mark.parametrize("kind", ["demo_request", "pricing_page"])
def test_a_ladder_writes_to_who_asked_while_a_handoff_was_open_that_the_score_opened(
    late, source, at, kind
):
    by_score = {"path": "score", "hand_raised_at": None}
    Handoff.objects.filter(pk=late.pk).update(**by_score)
    ask(late.lead, source, at + MINUTE, kind=kind)
    Lead.objects.filter(pk=late.lead_id).update(last_hand_raise_at=at + MINUTE)
    late = Handoff.objects.get(pk=late.pk)
    said = answer_late(late, at=at + 6 * MINUTE)
    assert said == ("" if kind == "demo_request" else "They did not ask by a form or system.")


def test_a_ladder_writes_to_nobody_who_was_answered_meanwhile_or_where_it_is_off(late, alice, at):
    AnswerTemplate.objects.update(is_on=False)
    sweep_clocks(at + 5 * MINUTE)
    assert not InstantAnswer.objects.exists()
    assert ClockEvent.objects.get(action="write").detail.endswith(
        "The instant answer is switched off."
    )
    AnswerTemplate.objects.update(is_on=True)
    sweep_clocks(at + 10 * MINUTE)
    about = {"lead": late.lead, "handoff": late, "by": alice}
    Touch.objects.create(**about, channel="call", outcome="spoke", occurred_at=at + 10 * MINUTE)
    assert send_due(at + 10 * MINUTE) == 0
    assert InstantAnswer.objects.get().error == "A person was faster."
