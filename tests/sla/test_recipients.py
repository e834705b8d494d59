"""Who is told when somebody is away."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from leads.models import Absence
from sla.recipients import Presence, who_was_told


def test_an_absence_beyond_the_calendar_keeps_nobody_from_being_told(alice, carol, at):
    ends_at = datetime(9999, 12, 31, 23, 59, tzinfo=ZoneInfo("America/New_York"))
    Absence.objects.bulk_create([Absence(user=alice, cover=carol, starts_at=at, ends_at=ends_at)])
    assert Presence(at).who_hears_for(alice) == [carol]


def test_if_all_are_away_the_admins_hear_all_the_same(alice, mona, rosa, at):
    trip = {"starts_at": at, "ends_at": at + timedelta(days=1)}
    for person in (alice, mona, rosa):
        Absence.objects.create(user=person, **trip)
    assert Presence(at).who_hears_for(alice) == [rosa]
    assert who_was_told(alice, at) == "Alice is away: Rosa has been told."
