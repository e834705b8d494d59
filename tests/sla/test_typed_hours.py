"""Hours and dates as people type them: what is read, and what is refused since it may be two."""

import pytest

from sla.calendar_words import pairs_in_words
from sla.typed_hours import read_day, read_pairs


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("9am-5pm", [["09:00", "17:00"]]),
        ("9 am – 5 pm", [["09:00", "17:00"]]),
        ("9 a.m. to 5:30 P.M.", [["09:00", "17:30"]]),
        ("9\u00a0AM–12.15pm; 1pm—5PM", [["09:00", "12:15"], ["13:00", "17:00"]]),
        ("9.30-17", [["09:30", "17:00"]]),
        ("9am-17", [["09:00", "17:00"]]),
        ("12am-6am, 12pm-1pm", [["00:00", "06:00"], ["12:00", "13:00"]]),
        ("12:30am-6am", [["00:30", "06:00"]]),
        ("6pm-12am", [["18:00", "24:00"]]),
        ("10pm-6am", [["22:00", "06:00"]]),
        ("22-6", [["22:00", "06:00"]]),
        ("9-12, 13-17", [["09:00", "12:00"], ["13:00", "17:00"]]),
        ("13-17, 9-12", [["13:00", "17:00"], ["09:00", "12:00"]]),
        ("20-23, 01:00-05:00", [["20:00", "23:00"], ["01:00", "05:00"]]),
        ("10:00–06:00", [["10:00", "06:00"]]),
        ("closed", []),
        ("", []),
    ],
)
def test_hours_are_read_as_people_write_them(typed, stored):
    assert read_pairs(typed) == stored
    assert read_pairs(pairs_in_words(stored)) == stored  # what the form shows afterwards


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("9-5", "may end that day or the next: write 09:00–17:00 or 09:00–05:00."),
        ("9:30-5:15", "write 09:30–17:15 or 09:30–05:15."),
        ("12-1", "write 12:00–13:00 or 12:00–01:00."),
        ("9:30-9", "may end that day or the next: write 09:30–21:00 or 09:30–09:00."),
        ("9-12, 1-5", "“1-5” may be before “9-12” or after: write 01:00–05:00 or 13:00–17:00."),
        ("8-11.30; 12:30-2", "write 12:30–14:00 or 12:30–02:00."),
        ("2-5pm", "“2-5pm” says am or pm of one time alone: write 9am–5pm or 09:00–17:00."),
        ("9am-5", "says am or pm of one time alone"),
        ("13pm-5pm", "has an hour that is neither am nor pm"),
        ("0am-5am", "has an hour that is neither am nor pm"),
        ("9am", "“9am” is no interval such as 09:00–17:00 or 9am–5pm."),
    ],
)
def test_hours_that_may_be_two_are_refused_with_how_to_write_them(typed, says):
    with pytest.raises(ValueError, match="write|interval") as refusal:
        read_pairs(typed)
    assert says in str(refusal.value)


@pytest.mark.parametrize(
    "typed",
    [
        *("2026-12-31", "2026/12/31", "2026.12.31", "31.12.2026", "31. 12. 2026", "12/31/2026"),
        *("31/12/2026", "12-31-2026", "31 Dec 2026", "31. December 2026", "31st dec. 2026"),
        *("31-Dec-2026", "Dec 31, 2026", "December 31st 2026", "DEC. 31 2026"),
    ],
)
def test_dates_are_read_as_people_write_them(typed):
    for follows in ("", " 9-12", ": closed"):
        day, rest = read_day(typed + follows)
        assert (day.isoformat(), rest) == ("2026-12-31", follows)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("03.04.2026", "2026-04-03"),
        ("5/5/2026", "2026-05-05"),
        ("1 Sept 2026", "2026-09-01"),
        ("May 1, 2026", "2026-05-01"),
    ],
)
def test_dots_put_the_day_first_and_a_date_that_is_the_same_either_way_is_one(typed, stored):
    day, _ = read_day(typed)
    assert day.isoformat() == stored


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("03/04/2026", "“03/04/2026” may be 3 April or 4 March: write 2026-04-03 or 2026-03-04."),
        ("3-4-2026 9-12", "“3-4-2026” may be 3 April or 4 March"),
        ("12.31.2026", "“12.31.2026” is not a date such as 2026-12-25."),
        ("30 Feb 2026", "“30 Feb 2026” is not a date"),
        ("2026-02-30", "“2026-02-30” is not a date"),
    ],
)
def test_a_date_that_may_be_two_or_does_not_exist_is_refused(typed, says):
    with pytest.raises(ValueError, match="date|may be") as refusal:
        read_day(typed)
    assert says in str(refusal.value)


@pytest.mark.parametrize(
    "typed", ["Christmas", "31.12.26", "1/2/3/2026", "31 Foo 2026", "2026-12-245", "٣١.١٢.٢٠٢٦"]
)
def test_what_is_no_date_is_none(typed):
    assert read_day(typed) is None
