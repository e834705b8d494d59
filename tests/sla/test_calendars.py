"""Which calendar holds for whom, and what its holidays are."""

from datetime import UTC, datetime, timedelta

import pytest

from leads.documents import publish, start_draft
from leads.models import Document, Version
from sla.calendars import schedule_for, schedule_of
from sla.errors import NoCalendar, NoPolicy
from sla.models import CalendarTerms, Policy, RepHours
from sla.policies import policy_for

LONG_AGO = datetime(2012, 3, 5, 10, 0, tzinfo=UTC)
CHRISTMAS = datetime(2026, 12, 25, 10, 0, tzinfo=UTC)


@pytest.fixture
def calendar(rosa):
    """A draft of a calendar for Amsterdam, open from 9 to 21 every weekday."""
    document = Document.objects.create(kind=Document.Kind.CALENDAR, name="Amsterdam")
    version = Version.objects.create(document=document, number=1)
    hours = {day: [["09:00", "21:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    CalendarTerms.objects.create(
        version=version,
        zone="Europe/Amsterdam",
        hours=hours,
        holiday_country="NL",
        own_days=["2026-03-11"],
    )
    return version


@pytest.fixture
def amsterdam(calendar, alice, at):
    """The calendar, published, and alice's."""
    publish(calendar, by=None, note="First", at=at - timedelta(days=1))
    RepHours.objects.create(rep=alice, calendar=calendar.document)
    calendar.refresh_from_db()
    return calendar


def test_a_rep_goes_by_the_own_calendar_and_others_by_the_default(amsterdam, alice, carol, at):
    assert schedule_for(alice, at)[1] == amsterdam
    assert schedule_for(carol, at)[1].document.name == "Office hours"
    assert schedule_for(None, at)[1].document.name == "Office hours"


def test_the_version_live_at_the_instant_holds(amsterdam, alice, at):
    draft = start_draft(amsterdam, by=None)
    publish(draft, by=None, note="Longer", at=at + timedelta(hours=1))
    assert schedule_for(alice, at)[1] == amsterdam
    assert schedule_for(alice, at + timedelta(hours=1))[1] == draft


def test_imported_history_goes_by_the_hours_set_up_last(amsterdam, alice, at):
    draft = start_draft(amsterdam, by=None)
    publish(draft, by=None, note="Longer", at=at + timedelta(hours=1))
    schedule, version = schedule_for(alice, LONG_AGO)
    assert version == draft and schedule.is_open(LONG_AGO)


def test_public_holidays_and_own_days_are_closed(amsterdam, at):
    schedule = schedule_of(amsterdam)
    assert schedule.is_open(at)
    assert not schedule.is_open(at + timedelta(days=1))
    assert not schedule.is_open(CHRISTMAS)


def test_a_published_version_is_read_once(amsterdam, django_assert_num_queries):
    schedule_of(amsterdam)
    with django_assert_num_queries(0):
        schedule_of(amsterdam)


def test_a_calendar_with_nothing_published_is_an_error(calendar, alice, at):
    RepHours.objects.create(rep=alice, calendar=calendar.document)
    with pytest.raises(NoCalendar, match="“Amsterdam” is published"):
        schedule_for(alice, at)


def test_no_calendar_at_all_is_an_error(rosa, at):
    with pytest.raises(NoCalendar, match="Office hours"):
        schedule_for(rosa, at)


def test_a_policy_set_that_forgets_a_case_is_an_error(make_handoff, at):
    handoff = make_handoff(path="score", hand_raised_at=None)
    live = Document.objects.get(kind="policies").versions.get()
    draft = start_draft(live, by=None)
    Policy.objects.filter(version=draft, key="nurture").delete()
    publish(draft, by=None, note="Shorter", at=at)
    with pytest.raises(NoPolicy, match="No policy"):
        policy_for(handoff, at)
