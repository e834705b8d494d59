"""Weeks and days begin where the organisation is."""

from datetime import UTC, date, datetime

import pytest

from sla.periods import Period, day_of, days, named_period, week_of


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "zone", "first_weekday", "start"),
    [
        pytest.param(utc(2026, 3, 10, 10), "UTC", 0, utc(2026, 3, 9), id="tuesday"),
        pytest.param(utc(2026, 3, 9), "UTC", 0, utc(2026, 3, 9), id="its first instant"),
        pytest.param(utc(2026, 3, 10, 10), "UTC", 6, utc(2026, 3, 8), id="weeks begin on sunday"),
        pytest.param(utc(2026, 3, 10, 10), "UTC", 5, utc(2026, 3, 7), id="on saturday"),
        pytest.param(
            utc(2026, 3, 9, 3), "America/New_York", 0, utc(2026, 3, 2, 5), id="still sunday there"
        ),
        pytest.param(
            utc(2026, 3, 31, 10),
            "Europe/Berlin",
            0,
            utc(2026, 3, 29, 22),
            id="after a clock change",
        ),
    ],
)
def test_a_week_begins_at_local_midnight(at, zone, first_weekday, start):
    assert week_of(at, zone, first_weekday).start == start


def test_the_week_with_a_clock_change_is_an_hour_shorter():
    week = week_of(utc(2026, 3, 25, 10), "Europe/Berlin", 0)
    assert (week.end.astimezone(UTC) - week.start.astimezone(UTC)).total_seconds() == 167 * 3600


def test_last_week_ends_where_this_one_begins():
    at, where = utc(2026, 3, 10, 10), {"zone": "Europe/Berlin", "first_weekday": 6}
    assert named_period("last_week", at, **where).end == named_period("week", at, **where).start


def test_today_is_the_local_day():
    today = day_of(utc(2026, 3, 10, 23, 30), "Europe/Berlin")
    assert (today.start, today.end) == (utc(2026, 3, 10, 23), utc(2026, 3, 11, 23))


def test_days_take_in_the_last_one():
    period = days(date(2012, 2, 1), date(2012, 2, 29), "UTC")
    assert period == Period(utc(2012, 2, 1), utc(2012, 3, 1))


@pytest.mark.parametrize(("name", "start"), [("30", utc(2026, 2, 9)), ("all", None)])
def test_longer_periods_reach_back_from_today(name, start):
    period = named_period(name, utc(2026, 3, 10, 10), zone="UTC", first_weekday=0)
    assert period == Period(start, None)
