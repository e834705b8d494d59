"""What the pages of calendars show: the week drawn, the days ahead that differ, who works by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import F

from leads.document_pages import Around, DocumentPages, around
from leads.models import Document, User, Version
from leads.row_views import CellView, RowView
from leads.version_diff import VersionDiff
from sla.business_time import NoWorkingTime, Schedule
from sla.calendar_words import pairs_in_words
from sla.calendars import schedule_of
from sla.clock_changes import ClockChange, next_clock_change
from sla.cover import Cover, Serves, all_served, arrivals, cover_of, served_by
from sla.errors import SlaError
from sla.holiday_days import public_holidays
from sla.models import CalendarTerms, RetiredCalendar
from sla.opening_hours import WEEKDAYS, OpeningHours

AHEAD = timedelta(days=366)
WHOLE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """An open stretch of a day, in percent of the 24 hours."""

    start: float
    width: float


@dataclass(frozen=True, slots=True)
class DayView:
    name: str
    words: CellView
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A date on which other hours hold than by its weekday."""

    day: date
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class CalendarPage:
    """row is None while the calendar has no hours, schedule while they can't be read."""

    around: Around
    diff: VersionDiff
    row: RowView[CalendarTerms] | None
    schedule: Schedule | None
    week: Sequence[DayView]
    ahead: Sequence[SpecialDay]
    change: ClockChange | None
    state: str
    serves: Serves
    cover: Cover | None
    live_missed: int | None
    retired: RetiredCalendar | None

    @property
    def may_be_retired(self) -> bool:
        """Whether its reader may, and nobody works by it."""
        is_in_use = self.around.live is not None and self.retired is None
        return is_in_use and self.around.may_publish and self.serves.is_nobody


def calendar_page(pages: DocumentPages, version: Version, user: User, at: datetime) -> CalendarPage:
    stands = around(pages, version, user)
    tables = pages.tables_of(version, stands.compared if version.is_draft else version)
    row = next(iter(tables.views(CalendarTerms)), None)
    schedule = _schedule(version) if row else None
    was = tables.was(row.row) if row and row.how == "changed" else None
    before = was if isinstance(was, CalendarTerms) else None
    hours = schedule.hours if schedule else None
    return CalendarPage(
        stands,
        tables.diff,
        row,
        schedule,
        week=week_of(row.row, before, hours) if row and hours else [],
        ahead=days_ahead(row.row, at.astimezone(hours.zone).date()) if row and hours else [],
        change=next_clock_change(hours.zone, at.astimezone(UTC)) if hours else None,
        state=state_of(schedule, at) if schedule else "",
        serves=served_by(version.document),
        cover=cover_of(schedule, version.document, at) if schedule else None,
        live_missed=_live_missed(stands, at),
        retired=RetiredCalendar.objects.select_related("by")
        .filter(calendar=version.document_id)
        .first(),
    )


def _live_missed(stands: Around, at: datetime) -> int | None:
    """Return how many arrive while what is live is closed, to read a draft's number against."""
    if not stands.version.is_draft or stands.live is None:
        return None
    live = schedule_of(stands.live.version)
    return sum(not live.is_open(came) for _, came in arrivals(stands.version.document, at))


def _schedule(version: Version) -> Schedule | None:
    try:
        return schedule_of(version)
    except SlaError:
        return None


def week_of(
    terms: CalendarTerms, before: CalendarTerms | None, hours: OpeningHours
) -> list[DayView]:
    """Return the seven days. before: the hours that a draft changes, if it does."""
    return [
        DayView(day.capitalize(), _words(terms, before, day), bars_of(hours, number))
        for number, day in enumerate(WEEKDAYS)
    ]


def _words(terms: CalendarTerms, before: CalendarTerms | None, day: str) -> CellView:
    now = pairs_in_words(terms.hours.get(day, []))
    was = pairs_in_words(before.hours.get(day, [])) if before else now
    return CellView(now, was if was != now else None)


def bars_of(hours: OpeningHours, number: int) -> list[Bar]:
    """Return the open stretches of a weekday, with what runs over from the night before."""
    night = [(timedelta(0), each.ends - WHOLE_DAY) for each in hours.week[number - 1]]
    today = [(each.opens, min(each.ends, WHOLE_DAY)) for each in hours.week[number]]
    return [
        Bar(opens / WHOLE_DAY * 100, (closes - opens) / WHOLE_DAY * 100)
        for opens, closes in [*night, *today]
        if closes > opens
    ]


def days_ahead(terms: CalendarTerms, today: date) -> list[SpecialDay]:
    """Return what differs within a year from `today`: holidays, own days off, other hours."""
    until = today + AHEAD
    names: dict[date, str] = {date.fromisoformat(day): "Own day off" for day in terms.own_days}
    if terms.holiday_country:
        region = terms.holiday_country, terms.holiday_subdivision or None
        names |= dict(public_holidays(*region, range(today.year, until.year + 1)))
    words = dict.fromkeys(names, "closed")
    for text, pairs in terms.overrides.items():
        day = date.fromisoformat(text)
        names.setdefault(day, "Other hours")
        words[day] = pairs_in_words(pairs)
    return [
        SpecialDay(day, names[day], words[day]) for day in sorted(names) if today <= day < until
    ]


def state_of(schedule: Schedule, at: datetime) -> str:
    """Return "Open now" or when it opens next, on the calendar's wall."""
    if schedule.is_open(at):
        return "Open now"
    try:
        opens = schedule.next_open(at).astimezone(schedule.hours.zone)
    except NoWorkingTime:
        return "Never opens again"
    return f"Closed now, opens {opens:%a} {opens.day} {opens:%b, %H:%M}"


@dataclass(frozen=True, slots=True)
class CalendarLine:
    """A calendar in the list of all. version: the live one; None: nothing was ever published."""

    calendar: Document
    version: Version | None
    zone: str
    week: str
    state: str
    serves: Serves
    drafts: Sequence[Version]

    @property
    def is_retired(self) -> bool:
        return hasattr(self.calendar, "retired")


def calendar_lines(at: datetime) -> list[CalendarLine]:
    """Return all calendars by name, those that are retired last."""
    of_kind = Document.objects.filter(kind=Document.Kind.CALENDAR).select_related("retired")
    by_name = of_kind.order_by(F("retired__at").asc(nulls_first=True), "name")
    calendars = list(by_name.prefetch_related("versions"))
    live = Version.objects.live_at(at).filter(document__in=calendars)
    by_document = {each.document_id: each for each in live.select_related("calendar_terms")}
    served = all_served(calendars)
    return [_line(each, by_document.get(each.pk), served[each.pk], at) for each in calendars]


def _line(
    calendar: Document, version: Version | None, serves: Serves, at: datetime
) -> CalendarLine:
    drafts = [each for each in calendar.versions.all() if each.is_draft]
    if version is None:
        return CalendarLine(calendar, None, "", "", "", serves, drafts)
    terms: CalendarTerms = version.calendar_terms
    words, state = terms.get_hours_display(), state_of(schedule_of(version), at)
    return CalendarLine(calendar, version, terms.zone, words, state, serves, drafts)
