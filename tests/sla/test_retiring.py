"""A calendar that nobody works by is retired, offered no more, and brought back."""

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction

from leads.errors import LostRace
from leads.instants import database_now
from leads.models import Organisation, Role
from revops.people import Job, have_work_by, put_to_work
from sla.calendars import hours_for, published_calendars
from sla.errors import StillWorkedBy
from sla.models import RepHours, RetiredCalendar, TeamHours
from sla.retiring import bring_back, retire


@pytest.fixture
def desk(office_of, north, at):
    """A published calendar by which nobody works any more."""
    version = office_of("Munich desk", at, tue="08:00-12:00")
    TeamHours.objects.filter(team=north).delete()
    return version.document


@pytest.fixture
def office(desk):
    return published_calendars().get(name="Office hours")


def settle():
    """Have what is asked at commit asked now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def test_a_calendar_that_is_retired_is_offered_no_more_till_it_is_brought_back(desk, rosa):
    retire(desk, by=rosa, at=database_now())
    retire(desk, by=rosa, at=database_now())
    assert desk not in published_calendars()
    bring_back(desk)
    assert desk in published_calendars()


def test_one_by_which_somebody_works_stays_and_so_does_the_default(desk, office, alice, rosa):
    RepHours.objects.create(rep=alice, calendar=desk)
    for calendar in (desk, office):
        with pytest.raises(StillWorkedBy):
            retire(calendar, by=rosa, at=database_now())


def test_who_was_let_go_keeps_none_in_use_and_works_by_another_once_back(client, desk, alice, rosa):
    RepHours.objects.create(rep=alice, calendar=desk)
    type(alice).objects.filter(pk=alice.pk).update(is_active=False)
    retire(desk, by=rosa, at=database_now())
    settle()
    assert desk not in published_calendars()
    client.force_login(rosa)
    client.post(f"/setup/people/{alice.pk}/return/")
    alice.refresh_from_db()
    assert alice.is_active and hours_for(alice, database_now()).calendar.document != desk


def test_the_database_lets_nobody_work_by_a_retired_one(desk, alice, north, rosa):
    retire(desk, by=rosa, at=database_now())
    for hours in (RepHours(rep=alice, calendar=desk), TeamHours(team=north, calendar=desk)):
        with pytest.raises(IntegrityError, match="retired"), transaction.atomic():
            hours.save()
            settle()


def test_the_database_retires_none_by_which_somebody_works(desk, alice, rosa):
    RepHours.objects.create(rep=alice, calendar=desk)
    type(alice).objects.filter(pk=alice.pk).update(is_active=False)  # who may come back
    with pytest.raises(IntegrityError, match="retired"), transaction.atomic():
        RetiredCalendar.objects.create(calendar=desk, by=rosa, at=database_now())
        settle()


def test_hours_that_somebody_kept_of_one_that_was_retired_before_are_forgotten(desk, alice, rosa):
    retire(desk, by=rosa, at=database_now())
    RepHours.objects.create(rep=alice, calendar=desk)
    with connection.cursor() as cursor:
        cursor.execute(import_module("sla.migrations.0033_hours_of_who_left").FORGET)
    settle()
    assert not RepHours.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_who_is_given_its_hours_just_then_keeps_it_in_use(desk, north, rosa):
    def attempt():
        try:
            retire(desk, by=rosa, at=database_now())
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        with transaction.atomic():
            have_work_by(north, desk)
            waiting = pool.submit(attempt)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
        with pytest.raises(StillWorkedBy):
            waiting.result()


def test_whoever_gives_hours_that_were_retired_meanwhile_is_told(desk, alice, north, rosa):
    retire(desk, by=rosa, at=database_now())
    with pytest.raises(LostRace, match="Munich desk was retired meanwhile"):
        have_work_by(north, desk)
    with pytest.raises(LostRace, match="Munich desk was retired meanwhile"):
        put_to_work(alice, Job(Role.REP, desk))


def test_it_is_done_on_its_page_by_who_may_publish(client, desk, alice, olga, rosa):
    address = f"/sla/calendars/{desk.pk}/"
    Organisation.objects.update(publishers="admins")
    client.force_login(olga)
    assert client.post(f"{address}retire/").status_code == 403
    client.force_login(rosa)
    assert "Retire it" in client.get(address).content.decode()
    told = client.post(f"{address}retire/", follow=True).content.decode()
    assert "Munich desk is retired" in told and "retired</span>" in told
    assert "Retired on" in client.get(address).content.decode()
    client.post(f"{address}bring-back/")
    RepHours.objects.create(rep=alice, calendar=desk)
    assert "Retire it" not in client.get(address).content.decode()
    refused = client.post(f"{address}retire/", follow=True).content.decode()
    assert "Somebody works by Munich desk" in refused
