from datetime import date

import pytest

from sla.business_time import Schedule, WorkingTimeError, objections
from sla.holiday_days import PublicHoliday, UnknownRegion, public_holidays


def test_holidays_come_in_order_with_english_names():
    days = public_holidays("DE", "BY", [2027, 2026])
    assert days[0] == PublicHoliday(date(2026, 1, 1), "New Year's Day")
    assert days == sorted(days)
    assert {day.year for day, _ in days} == {2026, 2027}


def test_a_subdivision_has_its_own():
    epiphany = date(2026, 1, 6)
    assert epiphany in dict(public_holidays("DE", "BY", [2026]))
    assert epiphany not in dict(public_holidays("DE", None, [2026]))


@pytest.mark.parametrize(
    ("country", "subdivision", "says"),
    [
        pytest.param("XX", None, "XX", id="country"),
        pytest.param("utils", None, "utils", id="a name inside the library"),
        pytest.param("US", "ZZ", "“ZZ” in “US”", id="subdivision"),
    ],
)
def test_an_unknown_region_is_refused_by_name(country, subdivision, says):
    with pytest.raises(UnknownRegion, match=says) as refusal:
        public_holidays(country, subdivision, [2026])
    assert isinstance(refusal.value, WorkingTimeError)


def test_they_fit_into_a_calendar():
    days = [str(holiday.day) for holiday in public_holidays("US", "CA", [2026])]
    document = {"tz": "UTC", "hours": {"mon": [["09:00", "17:00"]]}, "holidays": days}
    assert objections(document) == []
    assert date(2026, 12, 25) in Schedule.from_dict(document).hours.holidays
