"""What a public form says about when a person answers."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from leads.documents import publish, start_draft
from leads.models import Document, IntakeSource
from sla.answer_times import Terms, answer_time, day_text, expected_answer, length_text
from sla.business_time import WorkingTime
from sla.models import Policy, Target

MONDAY = "a person gets in touch on Monday from 09:00, "


@pytest.mark.parametrize(
    "asked, said",
    [
        pytest.param("2026-03-10 10:00", "A person gets in touch within 5 minutes.", id="open"),
        pytest.param("2026-03-13 19:00", f"It is outside our office hours now: {MONDAY}", id="eve"),
        pytest.param("2026-03-14 12:00", f"It is outside our office hours now: {MONDAY}", id="sat"),
        pytest.param("2026-03-13 17:28", f"Our office is about to close: {MONDAY}", id="closing"),
        pytest.param("2026-03-13 08:00", "a person gets in touch today from 09:00, ", id="early"),
    ],
)
def test_a_form_promises_what_the_office_hours_let_anybody_keep(source, asked, said):
    at = datetime.fromisoformat(asked).replace(tzinfo=UTC)
    assert said in answer_time(source, at)


def test_it_goes_by_the_live_policy(source, rosa, at):
    draft = start_draft(Document.objects.get(kind="policies").versions.get(), by=rosa)
    promises = Target.objects.filter(policy__version=draft, kind="first_response")
    promises.update(allowed=timedelta(hours=2))
    publish(draft, by=rosa, note="Less", at=at - timedelta(minutes=1))
    assert answer_time(source, at) == "A person gets in touch within 2 hours."


@pytest.mark.parametrize(
    ("measure", "hours", "said", "by"),
    [
        ("wall", 4, "on Monday from 09:00, ", "2026-03-16 13:00"),
        ("wall", 24, "on Tuesday by 09:00, ", "2026-03-17 09:00"),
        ("working", 17, "on Tuesday by 17:30, ", "2026-03-17 17:30"),
    ],
)
def test_of_a_long_promise_it_tells_its_end_and_is_judged_by_that(
    source, rosa, at, measure, hours, said, by
):
    draft = start_draft(Document.objects.get(kind="policies").versions.get(), by=rosa)
    promises = Target.objects.filter(policy__version=draft, kind="first_response")
    promises.update(allowed=timedelta(hours=hours), measure=measure)
    publish(draft, by=rosa, note="Longer", at=at)
    friday_evening = datetime(2026, 3, 13, 19, tzinfo=UTC)
    expected = expected_answer(source, friday_evening)
    assert expected.text.startswith(said)
    assert expected.by == datetime.fromisoformat(by).replace(tzinfo=UTC)


def test_of_two_promises_the_one_due_last_is_told(source, rosa, at):
    draft = start_draft(Document.objects.get(kind="policies").versions.get(), by=rosa)
    germans, *_, last = Policy.objects.filter(version=draft).order_by("position")
    germans.conditions = [[{"fact": "account.country", "op": "is", "value": "DE"}]]
    germans.save()
    Policy.objects.filter(version=draft).exclude(pk__in=[germans.pk, last.pk]).delete()
    for policy, hours, measure in ((germans, 6, "working"), (last, 7, "wall")):
        promise = Target.objects.filter(policy=policy, kind="first_response")
        promise.update(allowed=timedelta(hours=hours), measure=measure)
    publish(draft, by=rosa, note="Both", at=at - timedelta(minutes=1))
    thursday = datetime(2026, 3, 12, 14, tzinfo=UTC)  # six working hours end on Friday
    assert answer_time(source, thursday).endswith("within 6 hours of office hours.")


def test_what_opens_no_handoff_promises_nothing(defaults, at):
    assert answer_time(IntakeSource.objects.get(slug="list"), at) == ""


@pytest.mark.parametrize(
    "minutes, text",
    [
        (5, "5 minutes"),
        (60, "1 hour"),
        (90, "90 minutes"),
        (1440, "24 hours"),
        (1029, "17 hours 9 minutes"),
    ],
)
def test_a_length_is_told_in_whole_hours_or_minutes(minutes, text):
    assert length_text(timedelta(minutes=minutes)) == text


def answered(make_handoff, make_lead, at, minutes):
    for number, each in enumerate(minutes):
        opened_at = at - timedelta(days=1, minutes=number)
        handoff = make_handoff(make_lead(), at=opened_at, hand_raised_at=opened_at)
        handoff.first_response_at = opened_at + timedelta(minutes=each)
        handoff.first_response_wall = handoff.first_response_working = timedelta(minutes=each)
        handoff.save()


@pytest.mark.parametrize(
    "asked, said",
    [
        pytest.param("2026-03-10 10:02", "A person gets in touch within 25 minutes.", id="open"),
        pytest.param("2026-03-13 17:20", "in touch on Monday by 09:15, ", id="closing"),
        pytest.param(
            "2026-03-14 12:00", "now: a person gets in touch on Monday by 09:25, ", id="sat"
        ),
    ],
)
def test_what_four_of_five_waited_lately_is_told(make_handoff, make_lead, source, asked, said):
    at = datetime.fromisoformat(asked).replace(tzinfo=UTC)
    answered(make_handoff, make_lead, at, [5, 8, 9, 10, 12, 15, 18, 20, 22, 90])
    assert said in answer_time(source, at)


def test_a_few_answers_promise_nothing_new(make_handoff, make_lead, source, at):
    answered(make_handoff, make_lead, at, [40] * 9)
    assert answer_time(source, at) == "A person gets in touch within 5 minutes."


@pytest.mark.parametrize(
    ("days", "is_near", "told"),
    [
        (0, True, "today by 10:00"),
        (0, False, "on Tuesday by 10:00"),
        (6, True, "on Monday by 10:00"),
        (7, True, "on Tuesday, 17 March by 10:00"),
    ],
)
def test_a_day_is_named_so_that_it_can_be_no_other(at, days, is_near, told):
    terms = Terms(at, WorkingTime(lambda *_: []), ZoneInfo("UTC"), is_near, None, ())
    assert day_text(at + timedelta(days=days), "by", terms) == f"{told}, UTC time"


def test_which_day_it_is_goes_by_the_prospects_zone(source):
    saturday = datetime(2026, 3, 14, 12, tzinfo=UTC)
    told = expected_answer(source, saturday, zone="Pacific/Honolulu")
    assert told.text == "on Sunday from 23:00, Honolulu time"
