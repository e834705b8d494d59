"""Which calendar holds for whom, and what its holidays are."""

from datetime import UTC, datetime, timedelta

import pytest

from leads.documents import publish, start_draft
from leads.models import Document, Version
from sla.calendar_check import problems_of
from sla.calendars import hours_for, hours_on_record, schedule_of
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
    assert hours_for(alice, at).calendar == amsterdam
    assert hours_for(carol, at).calendar.document.name == "Office hours"
    assert hours_for(None, at).calendar.document.name == "Office hours"


def test_the_version_live_at_the_instant_holds(amsterdam, alice, at):
    draft = start_draft(amsterdam, by=None)
    publish(draft, by=None, note="Longer", at=at + timedelta(hours=1))
    assert hours_for(alice, at).calendar == amsterdam
    assert hours_for(alice, at + timedelta(hours=1)).calendar == draft


@pytest.fixture
def norths_mornings(office_of, alice, at):
    """The calendar of alice's team, North: 08:00 to 12:00 in London."""
    return office_of("North", at, mon="08:00-12:00", tue="08:00-12:00", wed="08:00-12:00")


def test_without_own_hours_a_rep_goes_by_the_teams(norths_mornings, alice, rosa, at):
    assert hours_for(alice, at).calendar == norths_mornings
    assert hours_for(rosa, at).calendar.document.name == "Office hours"
    assert hours_on_record([alice.pk, rosa.pk], at).keys() == {alice.pk}


def test_own_hours_count_whether_or_not_the_team_is_open(amsterdam, norths_mornings, alice, at):
    assert hours_for(alice, at) == (schedule_of(amsterdam), amsterdam, None)


def test_own_hours_within_the_teams_are_those_in_both(amsterdam, norths_mornings, alice, at):
    RepHours.objects.update(within_team=True)
    schedule, calendar, within = hours_for(alice, at)
    assert (calendar, within) == (amsterdam, norths_mornings)
    # From 9 in Amsterdam, which is 8 in London, to 12 in London.
    assert schedule.next_open(at + timedelta(hours=2)) == LONG_AGO.replace(
        year=2026, month=3, day=16, hour=8
    )
    assert hours_on_record([alice.pk], at)[alice.pk] is schedule


def test_hours_that_a_calendar_no_longer_shares_with_the_team_forbid_it(
    amsterdam, norths_mornings, alice, at
):
    RepHours.objects.update(within_team=True)
    draft = start_draft(norths_mornings, by=None)
    CalendarTerms.objects.filter(version=draft).update(hours={"sun": [["08:00", "12:00"]]})
    assert problems_of(draft, at) == [
        "Alice would never be at work: own hours and the team's would never meet."
    ]


def test_a_calendar_of_an_unknown_region_is_refused(calendar, at):
    CalendarTerms.objects.update(holiday_subdivision="ZZ")
    assert problems_of(calendar, at) == ["No holidays are known for “ZZ” in “NL”."]


def test_a_calendar_open_in_the_past_only_is_refused(calendar, at):
    CalendarTerms.objects.update(hours={}, overrides={"2025-01-07": [["09:00", "17:00"]]})
    assert problems_of(calendar, at) == ["This calendar has no day left on which it is open."]


def test_imported_history_goes_by_the_hours_set_up_last(amsterdam, alice, at):
    draft = start_draft(amsterdam, by=None)
    publish(draft, by=None, note="Longer", at=at + timedelta(hours=1))
    schedule, version, _ = hours_for(alice, LONG_AGO)
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
        hours_for(alice, at)


def test_no_calendar_at_all_is_an_error(rosa, at):
    with pytest.raises(NoCalendar, match="Office hours"):
        hours_for(rosa, at)


def test_a_policy_set_that_forgets_a_case_is_an_error(make_handoff, at):
    handoff = make_handoff(path="score", hand_raised_at=None)
    live = Document.objects.get(kind="policies").versions.get()
    draft = start_draft(live, by=None)
    Policy.objects.filter(version=draft, key="nurture").delete()
    publish(draft, by=None, note="Shorter", at=at)
    with pytest.raises(NoPolicy, match="No policy"):
        policy_for(handoff, at)
