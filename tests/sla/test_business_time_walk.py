"""Working time against two independent answers, and the laws it must keep."""

import random
from datetime import UTC, date, datetime, time, timedelta
from operator import and_
from zoneinfo import ZoneInfo

import pytest
import pytz
from businesstimedelta import BusinessTimeDelta, HolidayRule, Rules, WorkDayRule
from hypothesis import given
from hypothesis import strategies as st

from sla.business_time import Schedule
from tests.sla.minute_walk import MinuteWalk, random_calendar, random_questions

MICROSECOND = timedelta(microseconds=1)
NEW_YORK = ZoneInfo("America/New_York")
OFFICE = {
    "tz": "America/New_York",
    "hours": {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "holidays": ["2026-11-26", "2026-12-25"],
}
NIGHTS = Schedule.from_dict(
    {
        "tz": "America/New_York",
        "hours": {"sat": [["20:00", "06:00"]], "sun": [["01:30", "02:30"], ["22:00", "24:00"]]},
        "holidays": ["2026-11-07"],
        "overrides": {"2026-11-04": [["10:00", "10:01"]]},
    }
)
FROM, UNTIL = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
INSTANTS = st.integers(0, (UNTIL - FROM) // MICROSECOND).map(lambda us: FROM + us * MICROSECOND)
LENGTHS = st.timedeltas(MICROSECOND, timedelta(hours=90))


@pytest.mark.parametrize("seed", range(24))
def test_every_answer_is_that_of_a_walk_minute_by_minute(seed):
    choose = random.Random(seed)
    document, first = random_calendar(choose)
    schedule, walk = Schedule.from_dict(document), MinuteWalk(document, first)
    for a, b, length in random_questions(choose, 25):
        start, end = walk.instant(a), walk.instant(b)
        assert schedule.is_open(start) == walk.is_open(a)
        assert schedule.between(start, end) == walk.between(a, b) * MICROSECOND
        if (answer := walk.add(a, length)) is not None:
            assert schedule.add(start, length * MICROSECOND) == walk.instant(answer)
        if (answer := walk.next_open(a)) is not None:
            assert schedule.next_open(start) == walk.instant(answer)


@pytest.mark.parametrize("seed", range(6))
def test_open_for_both_is_what_the_minutes_of_each_say(seed):
    choose = random.Random(seed)
    (mine, first), (theirs, _) = random_calendar(choose), random_calendar(choose)
    both = Schedule.from_dict(mine).joined(Schedule.from_dict(theirs))
    walk, other = MinuteWalk(mine, first), MinuteWalk(theirs, first)
    walk.flags = bytes(map(and_, walk.flags, other.flags))
    for a, b, _ in random_questions(choose, 25):
        start, end = walk.instant(a), walk.instant(b)
        assert both.is_open(start) == walk.is_open(a)
        assert both.between(start, end) == walk.between(a, b) * MICROSECOND


@pytest.fixture(scope="module")
def peer():
    zone = pytz.timezone("America/New_York")
    hours = WorkDayRule(time(9), time(17), working_days=[0, 1, 2, 3, 4], tz=zone)
    holidays = [date.fromisoformat(day) for day in OFFICE["holidays"]]
    return Rules([hours, HolidayRule(holidays, tz=zone)])


@pytest.mark.parametrize("seed", range(60))
def test_plain_office_hours_agree_with_businesstimedelta(peer, seed):
    choose, schedule = random.Random(seed), Schedule.from_dict(OFFICE)
    start = FROM + timedelta(seconds=choose.randrange(270 * 86_400))
    end = start + timedelta(seconds=choose.randrange(20 * 86_400))
    length = timedelta(seconds=choose.randrange(1, 80 * 3600))
    assert schedule.between(start, end) == peer.difference(start, end).timedelta
    assert schedule.add(start, length) == start + BusinessTimeDelta(peer, timedelta=length)


@given(INSTANTS, LENGTHS)
def test_what_was_added_lies_between_and_no_earlier_instant_will_do(start, length):
    end = NIGHTS.add(start, length)
    assert NIGHTS.between(start, end) == length
    assert NIGHTS.between(start, end - MICROSECOND) < length


@given(INSTANTS, LENGTHS)
def test_what_was_taken_lies_between_and_no_later_instant_will_do(end, length):
    start = NIGHTS.add(end, -length)
    assert NIGHTS.between(start, end) == length
    assert NIGHTS.between(start + MICROSECOND, end) < length


@given(INSTANTS, INSTANTS, INSTANTS)
def test_parts_make_up_the_whole_in_any_order(a, b, c):
    assert NIGHTS.between(a, b) + NIGHTS.between(b, c) == NIGHTS.between(a, c)
    assert NIGHTS.between(b, a) == -NIGHTS.between(a, b)


@given(INSTANTS)
def test_the_next_opening_is_open_and_nothing_before_it_is(at):
    opening = NIGHTS.next_open(at)
    assert NIGHTS.is_open(opening)
    assert NIGHTS.between(at, opening) == timedelta(0)
    assert NIGHTS.add(at, timedelta(0)) == opening


@given(INSTANTS, LENGTHS)
def test_the_zone_of_a_question_changes_no_answer(start, length):
    local = start.astimezone(NEW_YORK)
    assert NIGHTS.add(local, length) == NIGHTS.add(start, length)
    assert NIGHTS.is_open(local) == NIGHTS.is_open(start)
