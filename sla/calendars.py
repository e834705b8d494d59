"""Whose working time holds when: published calendars, each read once by a process."""

from datetime import datetime
from functools import lru_cache

from leads.models import Document, Publication, User, Version
from sla.business_time import Schedule
from sla.errors import NoCalendar
from sla.holiday_days import public_holidays
from sla.models import CalendarTerms

DEFAULT_CALENDAR = "Office hours"
HOLIDAY_YEARS = range(2000, 2061)


def schedule_for(rep: User | None, at: datetime) -> tuple[Schedule, Version]:
    """Return the working time of `rep` and the version of the calendar that was live at `at`.

    rep: None, and anyone without hours of their own, goes by the default calendar.
    Before a calendar's first publication the newest one holds, so that imported history is measured
    by the hours that were set up for it. Raises NoCalendar if nothing was ever published.
    """
    version = version_in_force(_calendar_of(rep), at)
    return schedule_of(version), version


def schedule_of(version: Version) -> Schedule:
    """Return the working time of one version of a calendar. Raises NoCalendar if it has no hours,
    and what `Schedule.from_dict` raises.
    """
    if version.is_draft:
        return _read(version.pk)
    return _kept(version.pk)


def version_in_force(calendar: Document, at: datetime) -> Version:
    """Return the version live at `at`; before the first publication, the one published last."""
    newest_first = (
        Publication.objects.filter(version__document=calendar)
        .select_related("version__document")
        .order_by("-at", "-id")
    )
    found = newest_first.filter(at__lte=at).first() or newest_first.first()
    if found is None:
        raise NoCalendar(f"No version of the calendar “{calendar}” is published.")
    return found.version


def _calendar_of(rep: User | None) -> Document:
    calendars = Document.objects.filter(kind=Document.Kind.CALENDAR)
    own = calendars.filter(rep_hours__rep=rep).first() if rep else None
    calendar = own or calendars.filter(name=DEFAULT_CALENDAR).first()
    if calendar is None:
        raise NoCalendar(f"There is no calendar named “{DEFAULT_CALENDAR}”.")
    return calendar


@lru_cache(maxsize=256)
def _kept(version_id: int) -> Schedule:
    """Published versions never change, so that a process reads each of them once."""
    return _read(version_id)


def _read(version_id: int) -> Schedule:
    terms = CalendarTerms.objects.filter(version=version_id).first()
    if terms is None:
        raise NoCalendar("This version of the calendar has no hours.")
    return Schedule.from_dict(
        {
            "tz": terms.zone,
            "hours": terms.hours,
            "holidays": sorted({*terms.own_days, *_holidays(terms)}),
            "overrides": terms.overrides,
        }
    )


def _holidays(terms: CalendarTerms) -> list[str]:
    if not terms.holiday_country:
        return []
    found = public_holidays(terms.holiday_country, terms.holiday_subdivision or None, HOLIDAY_YEARS)
    return [holiday.day.isoformat() for holiday in found]
