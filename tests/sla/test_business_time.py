"""The conventions of working time, one dated case each (docs/working-time.md)."""

from datetime import UTC, datetime, timedelta

import pytest

from sla.business_time import (
    BadCalendar,
    BadDate,
    BadHours,
    NaiveInstant,
    NoWorkingTime,
    OutOfRange,
    Schedule,
    UnknownZone,
    WorkingTimeError,
    objections,
)
from sla.opening_hours import merged

WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
EVERY_DAY = (*WORKDAYS, "sat", "sun")


def calendar(*pairs, tz="America/New_York", days=WORKDAYS, holidays=(), overrides=None):
    """A document in which each of `days` has `pairs`, written as "09:00-17:00"."""
    return {
        "tz": tz,
        "hours": {day: [pair.split("-") for pair in pairs] for day in days},
        "holidays": list(holidays),
        "overrides": {
            day: [pair.split("-") for pair in own] for day, own in (overrides or {}).items()
        },
    }


def at(text):
    return datetime.fromisoformat(text)


def length(text):
    """Read "4h", "-1h" or "-1h 1us"; the sign is that of the whole."""
    units = {"us": "microseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    total = timedelta()
    for part in text.lstrip("-").split():
        number = part.rstrip("usmhd")
        total += timedelta(**{units[part[len(number) :]]: int(number)})
    return -total if text.startswith("-") else total


OFFICE = calendar("09:00-17:00")
NIGHT = calendar("22:00-06:00", days=EVERY_DAY)
ALWAYS = calendar("00:00-24:00", days=EVERY_DAY)
FEAST = calendar("09:00-17:00", holidays=["2026-12-25"], overrides={"2026-12-24": ["09:00-12:00"]})
SATURDAY_NIGHT = {"days": ["sat"]}

ADD = {
    "C2 whole day of 23 hours": (
        calendar("00:00-24:00", days=["sun"]),
        ("2026-03-08T00:00-05:00", "23h", "2026-03-09T00:00-04:00"),
    ),
    "C2 whole day of 25 hours": (
        calendar("00:00-24:00", days=["sun"]),
        ("2026-11-01T00:00-04:00", "25h", "2026-11-02T00:00-05:00"),
    ),
    "C2 always open knows no wall clock": (
        ALWAYS,
        ("2026-03-07T12:00-05:00", "24h", "2026-03-08T13:00-04:00"),
    ),
    "C2 night of 7 hours": (NIGHT, ("2026-03-07T22:00-05:00", "7h", "2026-03-08T06:00-04:00")),
    "C2 night of 9 hours": (NIGHT, ("2026-10-31T22:00-04:00", "9h", "2026-11-01T06:00-05:00")),
    "C2 night of 7 hours in Amsterdam": (
        calendar("22:00-06:00", tz="Europe/Amsterdam", days=["sat"]),
        ("2026-03-28T22:00+01:00", "7h", "2026-03-29T06:00+02:00"),
    ),
    "C2 half-hour change in spring on Lord Howe": (
        calendar("22:00-06:00", tz="Australia/Lord_Howe", days=["sat"]),
        ("2026-10-03T22:00+10:30", "7h 30m", "2026-10-04T06:00+11:00"),
    ),
    "C2 half-hour change in autumn on Lord Howe": (
        calendar("22:00-06:00", tz="Australia/Lord_Howe", days=["sat"]),
        ("2026-04-04T22:00+11:00", "8h 30m", "2026-04-05T06:00+10:30"),
    ),
    "C3 over a weekend": (
        OFFICE,
        ("2026-11-20T16:30-05:00", "4h", "2026-11-23T12:30-05:00"),
    ),
    "C3 used up at closing": (
        OFFICE,
        ("2026-11-20T13:00-05:00", "4h", "2026-11-20T17:00-05:00"),
    ),
    "C3 a microsecond more than till closing": (
        OFFICE,
        ("2026-11-20T13:00-05:00", "4h 1us", "2026-11-23T09:00:00.000001-05:00"),
    ),
    "C3 used up at closing before lunch": (
        calendar("09:00-12:00", "13:00-17:00"),
        ("2026-11-20T09:00-05:00", "3h", "2026-11-20T12:00-05:00"),
    ),
    "C3 from a closed day": (OFFICE, ("2026-11-21T12:00-05:00", "1h", "2026-11-23T10:00-05:00")),
    "C3 over a clock change": (OFFICE, ("2026-03-06T16:00-05:00", "2h", "2026-03-09T10:00-04:00")),
    "C3 a year of working days": (
        OFFICE,
        ("2026-01-01T00:00-05:00", "2088h", "2026-12-31T17:00-05:00"),
    ),
    "C4 nothing while open": (OFFICE, ("2026-11-20T12:34-05:00", "0h", "2026-11-20T12:34-05:00")),
    "C4 nothing at opening": (OFFICE, ("2026-11-20T09:00-05:00", "0h", "2026-11-20T09:00-05:00")),
    "C4 nothing at closing": (OFFICE, ("2026-11-20T17:00-05:00", "0h", "2026-11-23T09:00-05:00")),
    "C4 nothing before opening": (
        OFFICE,
        ("2026-11-20T08:59:59.999999-05:00", "0h", "2026-11-20T09:00-05:00"),
    ),
    "C5 back to the opening instant": (
        OFFICE,
        ("2026-11-23T10:00-05:00", "-1h", "2026-11-23T09:00-05:00"),
    ),
    "C5 a microsecond further back": (
        OFFICE,
        ("2026-11-23T10:00-05:00", "-1h 1us", "2026-11-20T16:59:59.999999-05:00"),
    ),
    "C5 back from a closed day": (
        OFFICE,
        ("2026-11-22T12:00-05:00", "-8h", "2026-11-20T09:00-05:00"),
    ),
    "C5 back over a 25-hour day": (
        ALWAYS,
        ("2026-11-02T00:00-05:00", "-25h", "2026-11-01T00:00-04:00"),
    ),
    "C7 over a holiday": (FEAST, ("2026-12-24T11:00-05:00", "2h", "2026-12-28T10:00-05:00")),
    "C8 into the next day": (NIGHT, ("2026-11-20T23:00-05:00", "3h", "2026-11-21T02:00-05:00")),
    "C8 equal open and close last a day": (
        calendar("09:00-09:00", days=["mon"]),
        ("2026-11-23T09:00-05:00", "24h", "2026-11-24T09:00-05:00"),
    ),
    "C8 until midnight": (
        calendar("22:00-00:00", days=["fri"]),
        ("2026-11-20T22:00-05:00", "2h", "2026-11-21T00:00-05:00"),
    ),
    "C8 Sunday night into Monday": (
        calendar("20:00-04:00", days=["sun"]),
        ("2026-11-22T20:00-05:00", "8h", "2026-11-23T04:00-05:00"),
    ),
    "24:00 joins the next day's 00:00": (
        ALWAYS,
        ("2026-11-20T23:59-05:00", "2m", "2026-11-21T00:01-05:00"),
    ),
    "to the microsecond": (
        OFFICE,
        ("2026-11-20T16:59:59.999998-05:00", "5us", "2026-11-23T09:00:00.000003-05:00"),
    ),
    "seconds in the hours": (
        calendar("09:00:30-09:01:00.5"),
        ("2026-11-20T09:00-05:00", "31s", "2026-11-23T09:00:30.5-05:00"),
    ),
}

NO_DST = {
    "Kolkata": ("Asia/Kolkata", "+05:30"),
    "Kathmandu": ("Asia/Kathmandu", "+05:45"),
    "Phoenix": ("America/Phoenix", "-07:00"),
    "Kiritimati": ("Pacific/Kiritimati", "+14:00"),
    "Marquesas": ("Pacific/Marquesas", "-09:30"),
    "UTC": ("UTC", "+00:00"),
}

# Open time of the civil days given, in minutes.
OPEN = {
    "C1 an interval": (OFFICE, "2026-11-20T00:00-05:00", "2026-11-21T00:00-05:00", 480),
    "C2 begins in the missing hour": (
        calendar("02:30-05:00", days=EVERY_DAY),
        *("2026-03-08T00:00-05:00", "2026-03-09T00:00-04:00", 120),
    ),
    "C2 ends in the missing hour": (
        calendar("01:00-02:30", days=EVERY_DAY),
        *("2026-03-08T00:00-05:00", "2026-03-09T00:00-04:00", 60),
    ),
    "C2 lies in the missing hour": (
        calendar("02:15-02:45", days=EVERY_DAY),
        *("2026-03-08T00:00-05:00", "2026-03-09T00:00-04:00", 0),
    ),
    "C2 begins in the repeated hour": (
        calendar("01:30-05:00", days=EVERY_DAY),
        *("2026-11-01T00:00-04:00", "2026-11-02T00:00-05:00", 240),
    ),
    "C2 ends in the repeated hour": (
        calendar("00:30-01:30", days=EVERY_DAY),
        *("2026-11-01T00:00-04:00", "2026-11-02T00:00-05:00", 90),
    ),
    "C2 lies in the repeated hour": (
        calendar("01:15-01:45", days=EVERY_DAY),
        *("2026-11-01T00:00-04:00", "2026-11-02T00:00-05:00", 60),
    ),
    "C2 missing midnight in Sao Paulo": (
        calendar("00:00-01:30", tz="America/Sao_Paulo", days=EVERY_DAY),
        *("2018-11-04T01:00-02:00", "2018-11-05T00:00-02:00", 30),
    ),
    "C2 repeated hour before midnight in Sao Paulo": (
        calendar("23:30-24:00", tz="America/Sao_Paulo", days=EVERY_DAY),
        *("2018-02-17T00:00-02:00", "2018-02-18T00:00-03:00", 60),
    ),
    "C2 a day that Samoa never had": (
        calendar("09:00-17:00", tz="Pacific/Apia", days=EVERY_DAY),
        *("2011-12-29T00:00-10:00", "2012-01-01T00:00+14:00", 2 * 480),
    ),
    "C2 the first minute of a day twice in St John's": (
        calendar("00:00-00:01", tz="America/St_Johns", days=EVERY_DAY),
        *("2006-10-28T12:00-02:30", "2006-10-29T12:00-03:30", 2),
    ),
    "C7 the night before ends at the holiday": (
        calendar("22:00-06:00", days=["thu"], holidays=["2026-12-25"]),
        *("2026-12-24T12:00-05:00", "2026-12-26T12:00-05:00", 120),
    ),
    "C7 the holiday's own night begins at its end": (
        calendar("22:00-06:00", days=["fri"], holidays=["2026-12-25"]),
        *("2026-12-25T12:00-05:00", "2026-12-26T12:00-05:00", 360),
    ),
    "C7 in the calendar's zone": (
        calendar("00:00-24:00", tz="Asia/Kolkata", days=EVERY_DAY, holidays=["2026-12-25"]),
        *("2026-12-24T18:30Z", "2026-12-25T18:30Z", 0),
    ),
    "C7 a holiday of 25 hours": (
        calendar("00:00-24:00", days=EVERY_DAY, holidays=["2026-11-01"]),
        *("2026-10-31T12:00-04:00", "2026-11-02T12:00-05:00", 1440),
    ),
    "C8 a night": (NIGHT, "2026-11-20T12:00-05:00", "2026-11-21T12:00-05:00", 480),
    "C9 overlaps count once": (
        calendar("09:00-13:00", "12:00-17:00", "12:30-12:45"),
        *("2026-11-20T00:00-05:00", "2026-11-21T00:00-05:00", 480),
    ),
    "C9 a night that overlaps the morning": (
        calendar("22:00-06:00", "05:00-09:00", days=EVERY_DAY),
        *("2026-11-20T22:00-05:00", "2026-11-21T22:00-05:00", 660),
    ),
    "an override": (FEAST, "2026-12-24T00:00-05:00", "2026-12-25T00:00-05:00", 180),
    "an override on a holiday": (
        calendar("09:00-17:00", holidays=["2026-12-25"], overrides={"2026-12-25": ["10:00-11:00"]}),
        *("2026-12-25T00:00-05:00", "2026-12-26T00:00-05:00", 60),
    ),
    "an override on a day without hours": (
        calendar("09:00-17:00", overrides={"2026-11-21": ["10:00-11:00"]}),
        *("2026-11-21T00:00-05:00", "2026-11-22T00:00-05:00", 60),
    ),
    "an empty override closes its day": (
        calendar("09:00-17:00", overrides={"2026-11-20": []}),
        *("2026-11-20T00:00-05:00", "2026-11-21T00:00-05:00", 0),
    ),
    "an override leaves the night before alone": (
        calendar("22:00-06:00", days=["thu"], overrides={"2026-11-20": ["10:00-11:00"]}),
        *("2026-11-19T12:00-05:00", "2026-11-20T12:00-05:00", 540),
    ),
    "an override replaces the whole night that begins on its date": (
        calendar("22:00-06:00", days=["fri"], overrides={"2026-11-20": ["10:00-11:00"]}),
        *("2026-11-20T06:00-05:00", "2026-11-21T12:00-05:00", 60),
    ),
    "an override over midnight": (
        calendar("09:00-17:00", overrides={"2026-11-20": ["23:00-01:00"]}),
        *("2026-11-20T00:00-05:00", "2026-11-21T12:00-05:00", 120),
    ),
}


@pytest.mark.parametrize(("document", "case"), ADD.values(), ids=ADD)
def test_add(document, case):
    start, text, expected = case
    assert Schedule.from_dict(document).add(at(start), length(text)) == at(expected)


@pytest.mark.parametrize(("document", "a", "b", "minutes"), OPEN.values(), ids=OPEN)
def test_between(document, a, b, minutes):
    schedule = Schedule.from_dict(document)
    assert schedule.between(at(a), at(b)) == timedelta(minutes=minutes)
    assert schedule.between(at(b), at(a)) == -timedelta(minutes=minutes)  # C6


@pytest.mark.parametrize(("tz", "offset"), NO_DST.values(), ids=NO_DST)
def test_zones_without_clock_changes(tz, offset):
    schedule = Schedule.from_dict(calendar("09:00-17:00", tz=tz))
    answer = schedule.add(at(f"2026-03-27T16:00{offset}"), timedelta(hours=2))
    assert answer == at(f"2026-03-30T10:00{offset}")


@pytest.mark.parametrize(
    ("instant", "is_open"),
    [
        pytest.param("2026-11-20T08:59:59.999999-05:00", False, id="before opening"),
        pytest.param("2026-11-20T09:00-05:00", True, id="C1 opening instant"),
        pytest.param("2026-11-20T16:59:59.999999-05:00", True, id="last microsecond"),
        pytest.param("2026-11-20T17:00-05:00", False, id="C1 closing instant"),
        pytest.param("2026-11-21T12:00-05:00", False, id="weekend"),
        pytest.param("2026-12-25T12:00-05:00", False, id="holiday"),
        pytest.param("2026-12-24T11:59-05:00", True, id="override"),
        pytest.param("2026-12-24T12:00-05:00", False, id="after the override"),
    ],
)
def test_is_open(instant, is_open):
    assert Schedule.from_dict(FEAST).is_open(at(instant)) is is_open


@pytest.mark.parametrize(
    ("instant", "opening"),
    [
        pytest.param("2026-11-20T12:00-05:00", "2026-11-20T12:00-05:00", id="open now"),
        pytest.param("2026-11-20T17:00-05:00", "2026-11-23T09:00-05:00", id="closing instant"),
        pytest.param("2026-12-24T12:00-05:00", "2026-12-28T09:00-05:00", id="holiday, weekend"),
        pytest.param("2026-03-07T12:00-05:00", "2026-03-09T09:00-04:00", id="clock change"),
    ],
)
def test_next_open(instant, opening):
    assert Schedule.from_dict(FEAST).next_open(at(instant)) == at(opening)


@pytest.mark.parametrize(
    ("instant", "change"),
    [
        pytest.param("2026-11-20T09:00-05:00", "2026-11-20T17:00-05:00", id="open: its closing"),
        pytest.param("2026-11-20T17:00-05:00", "2026-11-23T09:00-05:00", id="closing instant"),
        pytest.param("2026-12-24T12:00-05:00", "2026-12-28T09:00-05:00", id="holiday, weekend"),
    ],
)
def test_change_after(instant, change):
    assert Schedule.from_dict(FEAST).change_after(at(instant)) == at(change)


def test_both_passes_of_the_repeated_hour_are_told_apart():
    schedule = Schedule.from_dict(calendar("01:30-01:40", days=["sun"]))
    first, second = at("2026-11-01T01:30-04:00"), at("2026-11-01T01:30-05:00")
    assert schedule.next_open(at("2026-11-01T00:00-04:00")) == first
    assert schedule.add(first, timedelta(minutes=11)) == second + timedelta(minutes=1)


def test_hours_that_a_clock_change_skips_do_not_open_that_day():
    schedule = Schedule.from_dict(calendar("02:00-03:00", days=["sun"]))
    assert schedule.next_open(at("2026-03-07T12:00-05:00")) == at("2026-03-15T02:00-04:00")


def test_answers_are_in_utc():
    schedule = Schedule.from_dict(ALWAYS)
    start = at("2026-11-20T12:00-05:00")
    assert schedule.add(start, timedelta(hours=1)).tzinfo is UTC
    assert schedule.next_open(start).tzinfo is UTC


def test_questions_years_apart_are_answered_by_one_schedule():
    schedule = Schedule.from_dict(OFFICE)
    late, early = at("2071-06-10T12:00-04:00"), at("1971-06-11T12:00-04:00")
    assert schedule.between(late, late + timedelta(days=7)) == timedelta(hours=40)
    assert schedule.between(early, early + timedelta(days=7)) == timedelta(hours=40)
    assert schedule.add(early, schedule.between(early, late)) == late


@pytest.mark.parametrize("tz", ["Pacific/Kiritimati", "Etc/GMT+12", "UTC"])
def test_years_built_apart_meet_without_a_seam(tz):
    hours = Schedule.from_dict(calendar("13:30-13:00", tz=tz, days=EVERY_DAY)).hours
    new_years = [at(f"{year}-01-01T00:00Z") for year in (2025, 2026, 2027)]
    parts = [*hours.intervals(*new_years[:2]), *hours.intervals(*new_years[1:])]
    assert merged(parts) == hours.intervals(new_years[0], new_years[2])
    open_time = sum((closes - opens for opens, closes in parts), timedelta())
    assert open_time == 730 * timedelta(hours=23, minutes=30)


def test_long_lengths_reach_beyond_the_years_first_built():
    schedule = Schedule.from_dict(calendar("09:00-09:01", days=["mon"]))
    start = at("2026-11-23T09:00-05:00")
    end = schedule.add(start, timedelta(minutes=2000))
    assert schedule.between(start, end) == timedelta(minutes=2000)
    assert schedule.add(end, timedelta(minutes=-2000)) == start


def test_a_calendar_that_is_never_open_counts_nothing_and_names_its_error():
    schedule = Schedule.from_dict({"tz": "UTC", "hours": {}})
    start = at("2026-11-23T09:00Z")
    assert schedule.between(start, start + timedelta(days=9)) == timedelta(0)
    for ask in (schedule.next_open, lambda now: schedule.add(now, timedelta(hours=1))):
        with pytest.raises(NoWorkingTime):
            ask(start)
    with pytest.raises(NoWorkingTime):
        schedule.add(start, timedelta(hours=-1))


def test_a_calendar_open_on_one_day_ends_with_it():
    schedule = Schedule.from_dict({"tz": "UTC", "overrides": {"2026-11-23": [["09:00", "10:00"]]}})
    start = at("2020-01-01T00:00Z")
    assert schedule.add(start, timedelta(hours=1)) == at("2026-11-23T10:00Z")
    with pytest.raises(NoWorkingTime):
        schedule.add(start, timedelta(hours=1, microseconds=1))


@pytest.mark.parametrize("extreme", [timedelta.max, timedelta.min], ids=["most", "least"])
def test_a_length_beyond_reason_is_refused_by_name(extreme):
    with pytest.raises(NoWorkingTime):
        Schedule.from_dict(OFFICE).add(at("2026-11-20T12:00Z"), extreme)


@pytest.mark.parametrize("offset", ["+14:00", "-12:00", "+00:00"])
@pytest.mark.parametrize("instant", ["0001-01-01T00:00", "1969-12-30T00:00", "2100-01-03T00:00", "9999-12-31T23:59"])  # fmt: skip
def test_an_instant_out_of_range_is_refused_by_name(instant, offset):
    with pytest.raises(OutOfRange):
        Schedule.from_dict(OFFICE).is_open(at(instant + offset))


def test_a_naive_instant_is_a_value_error():
    schedule, naive, aware = (
        Schedule.from_dict(OFFICE),
        at("2026-11-20T12:00"),
        at("2026-11-20T12:00Z"),
    )
    asks = (
        lambda: schedule.add(naive, timedelta(hours=1)),
        lambda: schedule.between(naive, aware),
        lambda: schedule.between(aware, naive),
        lambda: schedule.is_open(naive),
        lambda: schedule.next_open(naive),
    )
    for ask in asks:
        with pytest.raises(NaiveInstant):
            ask()
    assert issubclass(NaiveInstant, ValueError)


@pytest.mark.parametrize(
    ("part", "error", "says"),
    [
        pytest.param({"tz": "Europe/Amsterdm"}, UnknownZone, "Europe/Amsterdm", id="zone"),
        pytest.param({"tz": None}, UnknownZone, "needs a time zone", id="no zone"),
        pytest.param({"tz": ""}, UnknownZone, "needs a time zone", id="empty zone"),
        pytest.param({"tz": "Europe"}, UnknownZone, "Europe", id="a folder of zones"),
        pytest.param({"tz": "../../etc/hosts"}, UnknownZone, "hosts", id="path"),
        pytest.param({"tz": "a\0b"}, UnknownZone, "no time zone", id="NUL"),
        pytest.param({"tz": "x" * 5000}, UnknownZone, "no time zone", id="long zone"),
        pytest.param({"hours": {"monday": []}}, BadHours, "monday", id="day name"),
        pytest.param({"hours": {"mon": [["9:00", "17:00"]]}}, BadHours, "mon, 9:00–17:00", id="9:00"),
        pytest.param({"hours": {"tue": [["09:00", "25:00"]]}}, BadHours, "tue, 09:00–25:00", id="25:00"),
        pytest.param({"hours": {"tue": [["24:00", "09:00"]]}}, BadHours, "tue, 24:00–09:00", id="opens 24:00"),
        pytest.param({"hours": {"tue": [["09:00", "17:60"]]}}, BadHours, "tue, 09:00–17:60", id="17:60"),
        pytest.param({"hours": {"tue": [["٠٩:٠٠", "17:00"]]}}, BadHours, "tue", id="digits of another script"),
        pytest.param({"hours": {"tue": [["09:00"]]}}, BadHours, "tue", id="half a pair"),
        pytest.param({"hours": {"tue": ["09:00-17:00"]}}, BadHours, "tue", id="text for a pair"),
        pytest.param({"hours": {"tue": [[9, 17]]}}, BadHours, "tue, 9–17", id="numbers"),
        pytest.param({"hours": {"tue": None}}, BadHours, "tue", id="null"),
        pytest.param({"hours": []}, BadCalendar, "hours", id="list of hours"),
        pytest.param({"holidays": ["2026-02-30"]}, BadDate, "2026-02-30", id="30 February"),
        pytest.param({"holidays": ["20261225"]}, BadDate, "20261225", id="date without dashes"),
        pytest.param({"holidays": [20261225]}, BadDate, "20261225", id="number for a date"),
        pytest.param({"holidays": "2026-12-25"}, BadCalendar, "holidays", id="text for a list"),
        pytest.param({"overrides": {"xmas": []}}, BadDate, "xmas", id="override without a date"),
        pytest.param({"overrides": {"2026-12-24": [["a", "b"]]}}, BadHours, "2026-12-24, a–b", id="override"),
        pytest.param({"colour": "red"}, BadCalendar, "colour", id="unknown part"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_name(part, error, says):
    with pytest.raises(error, match=says) as refusal:
        Schedule.from_dict(OFFICE | part)
    assert isinstance(refusal.value, WorkingTimeError)
    assert objections(OFFICE | part) == [str(refusal.value)]


@pytest.mark.parametrize("document", [None, [], "text", 7], ids=repr)
def test_a_calendar_that_is_no_mapping_is_refused_by_name(document):
    with pytest.raises(BadCalendar):
        Schedule.from_dict(document)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        pytest.param(calendar("09:00-13:00", "12:00-17:00", days=["mon"]), "mon: 09:00–13:00 and 12:00–17:00 overlap.", id="overlap"),
        pytest.param(calendar("22:00-06:00", "05:00-09:00", days=["sun", "mon"]), "sun, 22:00–06:00 and mon, 05:00–09:00 overlap.", id="overnight overlap"),
        pytest.param(calendar("09:00-09:00", days=["mon"]), "mon, 09:00–09:00: it closes when it opens. A whole day is 00:00–24:00.", id="equal"),
        pytest.param(calendar("00:00-00:00", days=["mon"]), "mon, 00:00–00:00: it closes when it opens. A whole day is 00:00–24:00.", id="equal at midnight"),
        pytest.param({"tz": "UTC", "overrides": {"2026-12-24": []}}, "This calendar is never open.", id="never open"),
        pytest.param(calendar("09:00-17:00", overrides={"2026-12-24": ["09:00-12:00", "11:00-13:00"]}), "2026-12-24: 09:00–12:00 and 11:00–13:00 overlap.", id="override"),
    ],
)  # fmt: skip
def test_a_form_is_told_what_to_refuse(document, says):
    assert says in objections(document)
    assert Schedule.from_dict(document).between(
        at("2026-11-20T00:00Z"), at("2026-11-20T00:00Z")
    ) == timedelta(0)


@pytest.mark.parametrize("document", [OFFICE, NIGHT, ALWAYS, FEAST], ids=["office", "night", "always", "feast"])  # fmt: skip
def test_a_form_has_nothing_against_plain_calendars(document):
    assert objections(document) == []


def test_a_schedule_is_written_as_it_was_read():
    document = calendar(
        "13:00-17:00", "09:00-12:30", "18:00-18:00:01.5", "22:00-24:00", "23:00-00:00",
        holidays=["2027-01-01", "2026-12-25"], overrides={"2026-12-24": ["22:00-06:00"], "2026-01-02": []},
    )  # fmt: skip
    written = Schedule.from_dict(document).to_dict()
    assert written["hours"]["mon"][:2] == [["09:00", "12:30"], ["13:00", "17:00"]]
    assert written["holidays"] == ["2026-12-25", "2027-01-01"]
    assert written["overrides"] == {"2026-01-02": [], "2026-12-24": [["22:00", "06:00"]]}
    assert Schedule.from_dict(written).to_dict() == written


def test_a_reps_hours_are_joined_with_the_teams():
    team = Schedule.from_dict(calendar("09:00-17:00", tz="America/New_York"))
    rep = Schedule.from_dict(calendar("09:00-17:00", tz="Europe/Amsterdam"))
    both = team.joined(rep)
    assert both.add(at("2026-11-20T00:00Z"), timedelta(0)) == at("2026-11-20T14:00Z")
    assert both.add(at("2026-11-20T00:00Z"), timedelta(hours=3)) == at("2026-11-23T15:00Z")


def test_hours_that_never_meet_are_named():
    early, late = (Schedule.from_dict(calendar(pair)) for pair in ("06:00-09:00", "09:00-17:00"))
    with pytest.raises(NoWorkingTime):
        early.joined(late).next_open(at("2026-11-20T00:00Z"))
