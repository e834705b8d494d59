"""What forbids making a version of a calendar live, or having somebody work by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from leads.models import Document, Version
from sla.business_time import NoWorkingTime, WorkingTime
from sla.calendars import schedule_of, terms_document, version_in_force
from sla.errors import SlaError
from sla.models import CalendarTerms, RepHours
from sla.opening_hours import objections


def problems_of(version: Version, at: datetime) -> list[str]:
    """Return what forbids making `version` live at `at`, each as a sentence for the user."""
    terms = CalendarTerms.objects.filter(version=version).first()
    if terms is None:
        return ["This calendar has no hours yet."]
    return objections_to(terms) or [*_never_again(version, at), *_never_at_work(version, at)]


def objections_to(terms: CalendarTerms) -> list[str]:
    """Return why a form refuses these hours, each as a sentence."""
    try:
        return objections(terms_document(terms))
    except SlaError as error:
        return [str(error)]


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
