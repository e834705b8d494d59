"""What forbids making a version of a calendar live, or having somebody work by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q

from leads.models import Document, Version
from sla.business_time import NoWorkingTime, WorkingTime
from sla.calendars import schedule_of, version_in_force
from sla.cover import served_by
from sla.lengths import length_text
from sla.models import CalendarTerms, Clock, RepHours
from sla.opening_hours import Shift, named_days, read_opening_hours

MOST_NAMED = 3
# What is longer is a slip, as 17:00–09:00 for 09:00–17:00, unless it is meant to be the whole day.
LONG, WHOLE_DAY = timedelta(hours=14), timedelta(days=1)


def problems_of(version: Version, at: datetime) -> list[str]:
    """Return what forbids making `version` live at `at`, each as a sentence for the user."""
    terms = CalendarTerms.objects.filter(version=version).first()
    if terms is None:
        return ["This calendar has no hours yet."]
    return terms.objections() or [*_never_again(version, at), *_never_at_work(version, at)]


def warnings_of(version: Version, at: datetime) -> list[str]:
    """Return what can hardly be meant, each as a sentence. It forbids nothing."""
    terms = CalendarTerms.objects.filter(version=version).first()
    if terms is None or terms.objections():
        return []
    about = (*_about_days(terms, at), *_about_hours(terms))
    return [*about, *_about_people(version, terms), *_about_clocks(version)]


def _about_days(terms: CalendarTerms, at: datetime) -> Iterator[str]:
    if not terms.holiday_country:
        yield "No country’s public holidays are taken into account."
    today = at.astimezone(ZoneInfo(terms.zone)).date().isoformat()
    if past := sum(day < today for day in [*terms.own_days, *terms.overrides]):
        yield f"{past} of the days listed {'is' if past == 1 else 'are'} past."


def _about_hours(terms: CalendarTerms) -> Iterator[str]:
    hours = read_opening_hours(terms.document())
    if not any(hours.week):
        yield "It opens on no weekday: only on the days listed with other hours."
    long: dict[Shift, list[str]] = {}
    for day, shifts in named_days(hours):
        for shift in shifts:
            if LONG < shift.ends - shift.opens < WHOLE_DAY:
                long.setdefault(shift, []).append(day.capitalize())
    for shift, days in long.items():
        length = length_text(shift.ends - shift.opens)
        yield f"{', '.join(days)}: {shift} is {length} of work on end."


def _about_people(version: Version, terms: CalendarTerms) -> Iterator[str]:
    serves = served_by(version.document)
    if serves.is_nobody:
        yield "Nobody works by it: no person, no team."
    elsewhere = [each for each in serves.reps if each.zone != terms.zone]
    for each in elsewhere[:MOST_NAMED]:
        yield f"{each} works by it, and their own zone is {each.zone}."
    if len(elsewhere) > MOST_NAMED:
        yield f"So do {len(elsewhere) - MOST_NAMED} more in other zones."


def _about_clocks(version: Version) -> Iterator[str]:
    if not version.is_draft or version.base is None:
        return
    named = Q(calendar__document=version.document) | Q(within__document=version.document)
    if count := Clock.objects.running().filter(named).count():
        clocks = "clock keeps" if count == 1 else "clocks keep"
        yield f"{count} running {clocks} to the hours that were live at the start."


def never_meet(calendar: Document, team: Document, at: datetime) -> bool:
    """Tell whether two calendars have no working time in common from `at` on, as live then."""
    schedules = [schedule_of(version_in_force(each, at)) for each in (calendar, team)]
    return not _opens(schedules[0].joined(schedules[1]), at)


def _opens(time: WorkingTime, at: datetime) -> bool:
    try:
        time.next_open(at)
    except NoWorkingTime:
        return False
    return True


def _never_again(version: Version, at: datetime) -> list[str]:
    is_fine = _opens(schedule_of(version), at)
    return [] if is_fine else ["This calendar has no day left on which it is open."]


def _never_at_work(version: Version, at: datetime) -> Iterator[str]:
    """Yield who works only while the team is open, and would never be."""
    calendar = version.document
    kept_within = RepHours.objects.filter(
        Q(calendar=calendar) | Q(rep__team__team_hours__calendar=calendar),
        within_team=True,
        rep__is_active=True,
        rep__team__team_hours__isnull=False,
    )
    for each in kept_within.select_related("rep__team__team_hours__calendar", "calendar"):
        assert each.rep.team is not None  # as filtered
        others = {each.calendar, each.rep.team.team_hours.calendar} - {calendar}
        schedules = [schedule_of(version_in_force(other, at)) for other in others]
        if schedules and not _opens(schedule_of(version).joined(schedules[0]), at):
            yield f"{each.rep} would never be at work: own hours and the team's would never meet."
