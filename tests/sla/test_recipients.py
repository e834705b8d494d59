"""Who is told when somebody is away."""

from datetime import datetime
from zoneinfo import ZoneInfo

from leads.models import Absence
from sla.recipients import Presence


def test_an_absence_beyond_the_calendar_keeps_nobody_from_being_told(alice, carol, at):
    ends_at = datetime(9999, 12, 31, 23, 59, tzinfo=ZoneInfo("America/New_York"))
    Absence.objects.bulk_create([Absence(user=alice, cover=carol, starts_at=at, ends_at=ends_at)])
    assert Presence(at).whoever_answers_for(alice) == carol
