from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from leads.countdown import (
    Countdown,
    State,
    countdown,
    instant_text,
    overdue_text,
    seconds_text,
    state_for,
)

NOON = datetime(2026, 11, 17, 12, tzinfo=UTC)


@dataclass
class Clock:
    """An hour from 11:30 to 12:30, unless told otherwise."""

    started_at: datetime = NOON - timedelta(minutes=30)
    due_at: datetime = NOON + timedelta(minutes=30)
    stopped_at: datetime | None = None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        pytest.param(0, "0:00", id="the last second"),
        pytest.param(52, "0:52", id="under a minute"),
        pytest.param(3599, "59:59", id="last second of the hour"),
        pytest.param(3600, "1h 00m", id="an hour"),
        pytest.param(9360, "2h 36m", id="hours"),
        pytest.param(48 * 3600 - 1, "47h 59m", id="just under two days"),
        pytest.param(76 * 3600, "3d 4h", id="days"),
    ],
)
def test_what_is_left_is_read_at_a_glance(seconds, text):
    assert seconds_text(seconds) == text


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "+<1m"), (12, "+12m"), (61, "+1h 01m"), (72 * 60, "+3d 0h")]
)
def test_what_is_over_carries_a_plus(minutes, text):
    assert overdue_text(timedelta(minutes=minutes, seconds=30)) == text


@pytest.mark.parametrize(
    ("percent", "state"),
    [(100, State.OK), (51, State.OK), (50, State.SOON), (20, State.SOON), (19, State.URGENT)],
)
def test_state_follows_the_share_left(percent, state):
    assert state_for(percent) == state


def test_a_calm_clock_says_what_it_waits_for():
    shown = countdown(Clock(), NOON - timedelta(minutes=20), waits_for="to accept")
    assert shown == Countdown(State.OK, "50:00", "to accept", 83, is_live=True)


def test_the_deadline_itself_is_missed():
    shown = countdown(Clock(), NOON + timedelta(minutes=30), waits_for="to accept")
    assert (shown.state, shown.text, shown.note) == (State.MISSED, "+<1m", "missed")


def test_closed_hours_ahead_are_not_counted():
    clock = Clock(due_at=NOON + timedelta(hours=18))
    shown = countdown(
        clock, NOON, waits_for="", closed=timedelta(hours=16), target=timedelta(hours=4)
    )
    assert (shown.text, shown.left_percent, shown.state) == ("2h 00m", 50, State.SOON)


def test_what_is_late_by_working_time_is_counted_in_it_and_not_in_days():
    late = Clock(due_at=NOON - timedelta(days=7))
    closed = timedelta(days=7, hours=-50)
    shown = countdown(late, NOON, waits_for="", closed=closed, is_working=True)
    assert (shown.text, shown.is_live) == ("+50h", True)
    opens = NOON + timedelta(hours=21)
    shown = countdown(late, NOON, waits_for="", closed=closed, is_working=True, resumes_at=opens)
    assert (shown.text, shown.is_live) == ("+50h", False)


def test_outside_working_hours_a_clock_stands():
    shown = countdown(Clock(), NOON, waits_for="", resumes_at=NOON + timedelta(hours=21))
    assert shown == Countdown(State.PAUSED, "Paused", "till Wed 09:00", 50, is_live=False)


def test_an_answer_in_time_shows_how_long_it_took():
    shown = countdown(Clock(stopped_at=NOON), NOON, waits_for="", answered="accepted")
    assert shown == Countdown(State.MET, "30:00", "accepted", 0, is_live=False)


def test_a_late_answer_stays_late():
    late = Clock(stopped_at=NOON + timedelta(minutes=42))
    shown = countdown(late, NOON + timedelta(days=9), waits_for="", answered="accepted")
    assert shown == Countdown(State.MISSED, "+12m", "accepted late", 0, is_live=False)


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Europe/London", "Tue 17 Nov, 12:00 London"),
        ("America/New_York", "Tue 17 Nov, 07:00 New York"),
        ("Pacific/Auckland", "Wed 18 Nov, 01:00 Auckland"),
        ("UTC", "Tue 17 Nov, 12:00 UTC"),
    ],
)
def test_an_instant_names_its_place(zone, text):
    assert instant_text(NOON, zone) == text
