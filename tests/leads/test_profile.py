"""One's own page and times away."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from leads import absences
from leads.instants import database_now
from leads.models import Absence

pytestmark = pytest.mark.django_db

ME = {"name": "Alice", "zone": "UTC", "notify_by": "app", "booking_url": "", "has_shortcuts": "on"}


@pytest.fixture
def as_alice(client, alice):
    client.force_login(alice)
    return client


def local(instant, zone="UTC"):
    return instant.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


def away(client, starts_at, ends_at, **fields):
    told = {"starts_at": local(starts_at), "ends_at": local(ends_at), **fields}
    return client.post("/me/absences/", told)


def test_people_set_their_own_ways(as_alice, alice):
    told = {
        "name": "Al",
        "zone": "Asia/Tokyo",
        "notify_by": "email",
        "booking_url": "cal.example/al",
    }
    assert as_alice.post("/me/", told).status_code == 302
    alice.refresh_from_db()
    assert (alice.name, alice.zone, alice.notify_by) == ("Al", "Asia/Tokyo", "email")
    assert (alice.booking_url, alice.has_shortcuts) == ("https://cal.example/al", False)


@pytest.mark.parametrize(
    "wrong",
    [{"zone": "Mars/Base"}, {"name": ""}, {"booking_url": "javascript:alert(1)"}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_what_can_not_be_is_refused(as_alice, alice, wrong):
    assert as_alice.post("/me/", {**ME, **wrong}).status_code == 422
    alice.refresh_from_db()
    assert (alice.name, alice.zone) == ("Alice", "UTC")


def test_nobody_makes_themselves_more(as_alice, alice):
    as_alice.post("/me/", {**ME, "is_staff": "on", "is_superuser": "on", "email": "x@example.com"})
    alice.refresh_from_db()
    assert (alice.is_staff, alice.is_superuser, alice.email) == (False, False, "alice@example.com")


def test_an_absence_is_in_ones_own_zone(as_alice, alice, carol):
    alice.zone = "Europe/Stockholm"
    alice.save()
    year = database_now().year + 1
    told = {"starts_at": f"{year}-06-02T09:00", "ends_at": f"{year}-06-06T17:00", "cover": carol.pk}
    assert as_alice.post("/me/absences/", told).status_code == 302
    absence = Absence.objects.get(user=alice)
    assert absence.starts_at == datetime(year, 6, 2, 9, tzinfo=ZoneInfo("Europe/Stockholm"))
    assert absence.cover == carol


@pytest.mark.parametrize(
    ("zone", "starts_at", "ends_at"),
    [
        ("Europe/Berlin", "0001-01-01T00:00", "2027-01-01T00:00"),
        ("America/New_York", "2026-01-01T00:00", "9999-12-31T23:59"),
    ],
)
def test_an_absence_in_another_age_is_refused(as_alice, alice, zone, starts_at, ends_at):
    alice.zone = zone
    alice.save()
    answer = as_alice.post("/me/absences/", {"starts_at": starts_at, "ends_at": ends_at})
    assert answer.status_code == 422
    assert b"within five years of today" in answer.content
    assert not Absence.objects.exists()


def test_nobody_is_away_twice_at_once(as_alice, alice):
    now = database_now()
    away(as_alice, now + timedelta(days=1), now + timedelta(days=3))
    answer = away(as_alice, now + timedelta(days=2), now + timedelta(days=4))
    assert answer.status_code == 422
    assert b"away in that time already" in answer.content
    assert Absence.objects.filter(user=alice).count() == 1


def test_an_absence_ends_after_it_begins(as_alice):
    now = database_now()
    answer = away(as_alice, now + timedelta(days=3), now + timedelta(days=1))
    assert answer.status_code == 422
    assert b"must end after it starts" in answer.content


def test_an_absence_that_is_over_is_refused(as_alice):
    now = database_now()
    answer = away(as_alice, now - timedelta(days=3), now - timedelta(days=1))
    assert (answer.status_code, Absence.objects.count()) == (422, 0)


def test_nobody_covers_for_themselves(as_alice, alice):
    now = database_now()
    answer = away(as_alice, now + timedelta(days=1), now + timedelta(days=2), cover=alice.pk)
    assert answer.status_code == 422


def test_coming_back_early_ends_it_now(alice, at):
    hours = timedelta(hours=1)
    absence = Absence.objects.create(user=alice, starts_at=at - hours, ends_at=at + hours)
    assert absences.end(absence, at=at)
    absence.refresh_from_db()
    assert absence.ends_at == at


def test_what_has_not_begun_is_called_off(alice, at):
    absence = Absence.objects.create(
        user=alice, starts_at=at + timedelta(hours=1), ends_at=at + timedelta(hours=2)
    )
    assert absences.end(absence, at=at)
    assert not absences.end(absence, at=at)
    assert not Absence.objects.exists()


def test_ending_twice_does_nothing(alice, at):
    absence = Absence.objects.create(
        user=alice, starts_at=at - timedelta(hours=2), ends_at=at - timedelta(hours=1)
    )
    assert not absences.end(absence, at=at)


def test_nobody_ends_anothers_absence(as_alice, carol):
    now = database_now()
    theirs = Absence.objects.create(user=carol, starts_at=now, ends_at=now + timedelta(days=1))
    assert as_alice.post(f"/me/absences/{theirs.pk}/end/").status_code == 404
    assert as_alice.get(f"/me/absences/{theirs.pk}/end/").status_code == 405


@pytest.mark.parametrize("times", [2, 20])
def test_the_page_asks_as_much_for_twenty_absences(
    as_alice, alice, carol, django_assert_num_queries, times
):
    now = database_now()
    for day in range(times):
        begins = now + timedelta(days=day + 1)
        ends = begins + timedelta(hours=1)
        Absence.objects.create(user=alice, starts_at=begins, ends_at=ends, cover=carol)
    with django_assert_num_queries(10):
        as_alice.get("/me/")
