"""Applying other hours, given to somebody, to what of theirs runs by those from before."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.documents import publish
from leads.models import Document, Role, Version
from sla import moving_hours
from sla.calendars import hours_for, hours_of
from sla.models import CalendarTerms, Clock, RepHours, TeamHours
from sla.sweep import sweep_clocks
from tests.conftest import make_user

MINUTE = timedelta(minutes=1)


def calendar(name, at, *, overrides=(), **hours) -> Document:
    document = Document.objects.create(kind=Document.Kind.CALENDAR, name=name)
    version = Version.objects.create(document=document, number=1)
    terms = {"hours": hours, "overrides": dict(overrides)}
    CalendarTerms.objects.create(version=version, zone="UTC", **terms)
    publish(version, by=None, note="First", at=at - timedelta(days=1))
    return document


@pytest.fixture
def late(handoff, at) -> Document:
    """A calendar that opens an hour after the handoff came."""
    return calendar("Late", at, tue=[["11:00", "19:00"]])


def moves(rep, at):
    hours = hours_of([rep], at)
    return {move.was.kind: move.now.due_at for move in moving_hours.preview(hours, at).moves}


def due(kind):
    return Clock.objects.get(kind=kind).due_at


def test_other_hours_move_nothing_till_they_are_applied_and_that_is_on_record(
    alice, late, olga, at
):
    assert moves(alice, at) == {}
    RepHours.objects.create(rep=alice, calendar=late)
    later = at.replace(hour=11)
    expected = {"accept": later + 15 * MINUTE, "first_touch": later + 30 * MINUTE}
    assert moves(alice, at) == expected
    assert due("accept") == at + 15 * MINUTE
    hours = hours_of([alice], at)
    assert moving_hours.apply(hours, by=olga, at=at + MINUTE) == 2
    assert (due("accept"), due("first_touch")) == tuple(expected.values())
    assert due("first_response") == at + 5 * MINUTE  # the prospect's runs by the wall
    [event] = Clock.objects.get(kind="accept").events.filter(kind="moved")
    assert (event.moved_from, event.moved_to) == (at + 15 * MINUTE, expected["accept"])
    assert (event.by, event.due_at) == (olga, at + MINUTE)
    assert moving_hours.apply(hours, by=olga, at=at + 2 * MINUTE) == 0


def test_hours_of_the_team_count_for_who_has_none_of_their_own(alice, late, north, at):
    TeamHours.objects.create(team=north, calendar=late)
    assert [*moves(alice, at)] == ["accept", "first_touch"]


def test_only_while_the_team_is_open_is_other_hours_too(alice, late, north, at):
    TeamHours.objects.create(team=north, calendar=late)
    office = Document.objects.get(kind="calendar", name="Office hours")
    own = RepHours.objects.create(rep=alice, calendar=office)
    assert moves(alice, at) == {}
    own.within_team = True
    own.save()
    assert [*moves(alice, at)] == ["accept", "first_touch"]


def test_what_is_late_and_what_is_anothers_stays(alice, carol, late, at):
    RepHours.objects.create(rep=carol, calendar=late)
    assert moves(carol, at) == {}
    RepHours.objects.create(rep=alice, calendar=late)
    sweep_clocks(at + 16 * MINUTE)
    assert [*moves(alice, at + 16 * MINUTE)] == ["first_touch"]


def test_a_newer_version_of_the_same_calendar_is_applied_with_it(alice, handoff, at):
    office = Document.objects.get(kind="calendar", name="Office hours")
    newer = Version.objects.create(document=office, number=2, base=office.versions.get())
    CalendarTerms.objects.create(version=newer, zone="UTC", hours={"tue": [["11:00", "19:00"]]})
    publish(newer, by=None, note="Later", at=at)
    assert moves(alice, at) == {}


@pytest.mark.usefixtures("handoff")
def test_what_runs_for_longer_than_hours_that_end_is_not_offered_to_be_moved(rosa, alice, at):
    Clock.objects.filter(kind="first_touch").update(allowed=60 * MINUTE)
    fair = calendar("Trade fair", at, overrides={at.date().isoformat(): [["09:00", "10:40"]]})
    RepHours.objects.create(rep=alice, calendar=fair)
    hours = hours_of([alice], at)
    assert moving_hours.preview(hours, at).running == 1  # the answer, not the touch
    assert moving_hours.apply(hours, by=rosa, at=at) == 0  # it is due then as before
    assert moving_hours.preview(hours, at).running == 0


def test_who_gives_hours_sees_what_they_would_move_and_applies_them(client, rosa, alice, late, at):
    Clock.objects.running().update(due_at=at.replace(year=2090))
    client.force_login(rosa)
    address = f"/setup/people/{alice.pk}/"
    form = client.get(address).context["form"]
    assert "by the hours from before" not in client.get(address).content.decode()
    sent = {name: "" if form[name].value() is None else form[name].value() for name in form.fields}
    sent = {name: value for name, value in sent.items() if value is not False}
    answer = client.post(address, {**sent, "calendar": late.pk})
    assert answer["Location"] == f"{address}hours/"
    assert "2 running promises go by the hours from before" in client.get(address).content.decode()
    page = client.get(f"{address}hours/")
    assert "2 promises run by other hours and are not late." in page.content.decode()
    mark = page.context["mark"]
    assert client.post(f"{address}hours/", {"mark": "1:2.3"})["Location"] == f"{address}hours/"
    assert Clock.objects.filter(calendar__document=late).count() == 0
    assert client.post(f"{address}hours/", {"mark": mark})["Location"] == address
    assert Clock.objects.filter(calendar__document=late).count() == 2
    assert "by the hours from before" not in client.get(address).content.decode()


def test_so_does_who_gives_a_team_its_hours(client, rosa, olga, alice, late, north, at):
    Clock.objects.running().update(due_at=at.replace(year=2090))
    client.force_login(rosa)
    sent = {"name": "North", "zone": "UTC", "manager": north.manager_id, "calendar": late.pk}
    answer = client.post(f"/setup/teams/{north.pk}/", sent)
    assert answer["Location"] == f"/setup/teams/{north.pk}/hours/"
    page = client.get(answer["Location"]).content.decode()
    assert "2 promises run by other hours" in page
    assert "See what applying them" in client.get(f"/setup/teams/{north.pk}/").content.decode()
    assert client.post(f"/setup/teams/{north.pk}/", sent)["Location"] == "/setup/teams/"
    client.force_login(olga)
    assert client.get(f"/setup/teams/{north.pk}/hours/").status_code == 403


def test_the_hours_of_many_are_asked_for_at_once(
    alice, carol, late, north, at, django_assert_num_queries
):
    RepHours.objects.create(rep=carol, calendar=late, within_team=True)
    team_calendar = Document.objects.get(kind="calendar", name="Office hours")
    TeamHours.objects.create(team=north, calendar=team_calendar)
    people = [alice, carol]
    assert hours_of(people, at) == {person.pk: hours_for(person, at) for person in people}
    with CaptureQueriesContext(connection) as of_two:
        hours_of(people, at)
    people += [make_user(f"Rep{number}", Role.REP, team=north) for number in range(8)]
    with django_assert_num_queries(len(of_two)):
        hours_of(people, at)
