"""What tests of promises and messages share: a handoff whose clocks run, hours, mail servers."""

import socket
from datetime import timedelta

import pytest
from django.db import connection, transaction

from leads import handoffs
from leads.documents import live_version, publish, start_draft
from leads.models import Document, Version
from sla import handoff_clocks
from sla.models import CalendarTerms, Policy, RepHours, Target, TeamHours
from tests.sla.smtp_server import smtp_server


@pytest.fixture
def start(at):
    """Start all clocks of a handoff that is with a rep, as of `at`."""

    def start_clocks(handoff):
        handoff_clocks.start_handoff_clocks(handoff, hand_raised_at=handoff.hand_raised_at, at=at)
        handoff_clocks.start_assignment_clocks(handoffs.open_assignment(handoff), at=at)
        return handoff

    return start_clocks


@pytest.fixture
def promise(defaults, at):
    """Have every policy promise something more, in wall time, from an hour before `at` on."""

    def add(kind, minutes, **fields):
        draft = start_draft(live_version(Document.Kind.POLICIES, at), by=None)
        allowed = timedelta(minutes=minutes)
        for policy in Policy.objects.filter(version=draft):
            Target.objects.filter(policy=policy, kind=kind).delete()
            Target.objects.create(
                policy=policy, kind=kind, measure="wall", allowed=allowed, **fields
            )
        publish(draft, by=None, note="More", at=at - timedelta(hours=1))

    return add


@pytest.fixture
def handoff(make_handoff, alice, start):
    """A demo request with alice: first response in 5 min, accept in 15, first touch in 30."""
    with transaction.atomic():  # for tests that commit: what must agree is checked at the end
        return start(make_handoff(rep=alice))


@pytest.fixture
def office_of(north):
    """Publish a calendar by days, such as tue="08:00-12:00", and have the team work by it."""

    def give(name, at, **days):
        document = Document.objects.create(kind=Document.Kind.CALENDAR, name=name)
        version = Version.objects.create(document=document, number=1)
        hours = {day: [pair.split("-")] for day, pair in days.items()}
        CalendarTerms.objects.create(version=version, zone="Europe/London", hours=hours)
        publish(version, by=None, note="First", at=at - timedelta(days=1))
        TeamHours.objects.create(team=north, calendar=document)
        return version

    return give


@pytest.fixture
def works_one_day(at):
    """Have a rep work by a calendar that is open on the day of `at` alone."""

    def give(rep, hours="09:00-17:00"):
        document = Document.objects.create(kind=Document.Kind.CALENDAR, name="Trade fair")
        version = Version.objects.create(document=document, number=1)
        days = {at.date().isoformat(): [hours.split("-")]}
        CalendarTerms.objects.create(version=version, zone="UTC", hours={}, overrides=days)
        publish(version, by=None, note="One day", at=at)
        RepHours.objects.create(rep=rep, calendar=document)

    return give


@pytest.fixture
def fails_at(db):
    """Have PostgreSQL refuse each row of a table of which something holds."""

    def refuse(table, when, condition):
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'refused'; END $$;"
                f"CREATE TRIGGER refuse BEFORE {when} ON {table}"
                f" FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION refuse()"
            )

    return refuse


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
