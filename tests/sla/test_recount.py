from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from leads.instants import database_now
from sla import clocks
from sla.business_time import Schedule
from sla.models import Clock, Pause
from sla.recount import recount

pytestmark = pytest.mark.django_db


def test_counting_in_microseconds_gives_what_counting_in_lengths_does():
    hours = {"mon": [["09:00", "12:30"], ["13:00", "17:00"]], "sat": [["22:00", "06:00"]]}
    schedule = Schedule.from_dict({"tz": "Europe/Berlin", "hours": hours})
    first = datetime(2026, 3, 20, tzinfo=UTC)  # the clocks change on the 29th
    instants = [first + timedelta(hours=7, microseconds=1) * number for number in range(60)]
    count = schedule.counter(first, instants[-1])
    counted = [count((at - first) // timedelta(microseconds=1)) for at in instants]
    lengths = [timedelta(microseconds=each - counted[0]) for each in counted]
    assert lengths == [schedule.between(first, at) for at in instants]
    assert lengths[-1] > timedelta(hours=20)


def test_what_stopped_clocks_used_is_counted_again(handoff, alice, at):
    rests = handoff.assignments.get()
    Clock.objects.filter(kind="first_touch").update(pauses=["snoozed"])
    since, until = at + timedelta(minutes=5), at + timedelta(minutes=15)
    Pause.objects.create(
        assignment=rests, kind="snoozed", since=since, until=until, reason="Away", by=alice
    )
    clocks.end(handoff, at=at + timedelta(days=9, minutes=20))
    assert {each.measure for each in Clock.objects.all()} == {"wall", "working"}
    found = recount(database_now())
    assert (found.counted, found.differing) == (Clock.objects.count(), [])
    wrong = Clock.objects.get(kind="accept")
    Clock.objects.filter(pk=wrong.pk).update(elapsed=timedelta(days=1, microseconds=1))
    with pytest.raises(CommandError, match=f"The first: {wrong.pk}"):
        call_command("check_elapsed")


def test_without_clocks_all_is_well(db, capsys):
    call_command("check_elapsed")
    assert capsys.readouterr().out == "0 stopped clocks: each comes out as it is stored.\n"
