from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from leads.documents import publish
from leads.models import Document, Version
from sla.management.commands.working_time import Command, read_length, read_start
from sla.models import CalendarTerms, RepHours

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def calendar(db, at):
    document = Document.objects.create(kind=Document.Kind.CALENDAR, name="New York")
    version = Version.objects.create(document=document, number=1)
    hours = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    CalendarTerms.objects.create(version=version, zone="America/New_York", hours=hours)
    publish(version, by=None, note="First", at=at)
    return version


def test_four_working_hours_after_friday_afternoon(calendar, capsys):
    call_command("working_time", "4h", "2026-11-20", "16:30", calendar="New York")
    said = capsys.readouterr().out
    assert "Mon 2026-11-23 12:30:00 America/New_York (2026-11-23 17:30:00 UTC)" in said


def test_a_reps_working_time_is_that_of_the_own_calendar(calendar, alice, capsys):
    RepHours.objects.create(rep=alice, calendar=calendar.document)
    call_command("working_time", "4h", "2026-11-20 16:30", rep=alice.email)
    assert "on “New York”: Mon 2026-11-23 12:30:00" in capsys.readouterr().out


def test_a_length_below_nothing_is_typed_as_any_other(calendar, capsys):
    typed = ["-90m", "2026-11-23", "10:00", "--calendar=New York"]
    Command().run_from_argv(["manage.py", "working_time", *typed])
    assert "-90m of working time" in (said := capsys.readouterr().out)
    assert "Fri 2026-11-20 16:30:00" in said


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [("4h", 240), ("30m", 30), ("1.5 h", 90), ("1h30", 90), (" -2 h", -120), ("0h", 0)],
)
def test_lengths_are_read_as_in_forms(typed, minutes):
    assert read_length(typed) == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(
            ("4h", "2026-11-20 16:30", "--calendar=Mars"), "Mars.*There is.*New York", id="calendar"
        ),
        pytest.param(("4 days", "2026-11-20 16:30", "--calendar=New York"), "say hours", id="days"),
        pytest.param(("four", "2026-11-20 16:30", "--calendar=New York"), "four", id="length"),
        pytest.param(("4h", "soon", "--calendar=New York"), "soon", id="start"),
        pytest.param(("4h", "friend 16:30", "--calendar=New York"), "friend", id="no day"),
        pytest.param(("4h", "--rep=x@nowhere.example"), "x@nowhere.example", id="person"),
        pytest.param(("4h", "1492-10-12", "--calendar=New York"), "from 1970", id="long ago"),
    ],
)
def test_what_it_cannot_read_is_named(calendar, arguments, says):
    with pytest.raises(CommandError, match=says):
        call_command("working_time", *arguments)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("fri 16:30", "2026-11-20T16:30-05:00", id="next such day"),
        pytest.param("Wednesday 09:00", "2026-11-18T09:00-05:00", id="today"),
        pytest.param("2026-11-20 16:30", "2026-11-20T16:30-05:00", id="in the calendar's zone"),
        pytest.param("2026-11-20T16:30+01:00", "2026-11-20T10:30-05:00", id="own offset"),
        pytest.param("", "2026-11-18T12:00-05:00", id="now"),
    ],
)
def test_a_start_is_read_in_the_calendars_zone(text, expected):
    now = datetime(2026, 11, 18, 12, tzinfo=NEW_YORK)
    assert read_start(text, now, NEW_YORK) == datetime.fromisoformat(expected)
