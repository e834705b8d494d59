"""Whose working time holds when: published calendars, each read once by a process."""

from collections.abc import Collection
from datetime import datetime
from functools import cache, lru_cache, partial
from typing import NamedTuple

from django.db.models import Exists, OuterRef, QuerySet

from leads.models import Document, Publication, User, Version
from sla.business_time import Schedule, WorkingTime
from sla.errors import NoCalendar
from sla.models import CalendarTerms, RepHours, TeamHours

DEFAULT_CALENDAR = "Office hours"

# By which somebody works, and the team's if only the time counts in which both are open.
Calendars = tuple[Document | None, Document | None]


class WorkingHours(NamedTuple):
    """Somebody's working time. within: the team's calendar, which theirs is joined with; None: it
    counts by itself.
    """

    schedule: WorkingTime
    calendar: Version
    within: Version | None = None


def hours_for(rep: User | None, at: datetime) -> WorkingHours:
    """Return the working time of `rep` by the versions of the calendars that were live at `at`.

    rep: None goes by the default calendar; so does anyone who has no hours of their own, nor a team
         that has.
    Before a calendar's first publication the newest one holds, so that imported history is measured
    by the hours that were set up for it. Raises NoCalendar if nothing was ever published.
    """
    calendar, within = _on_record(rep) if rep else (None, None)
    version = version_in_force(calendar or _default_calendar(), at)
    team_version = version_in_force(within, at) if within else None
    return WorkingHours(working_time_of(version, team_version), version, team_version)


def hours_of(people: Collection[User], at: datetime) -> dict[int, WorkingHours]:
    """Return what `hours_for` does of each of `people`, by their ids. Raises NoCalendar."""
    ruling = _all_on_record([person.pk for person in people])
    version, default = cache(partial(version_in_force, at=at)), _default_calendar()
    found: dict[int, WorkingHours] = {}
    for person in people:
        calendar, within = ruling.get(person.pk, (None, None))
        theirs, of_team = version(calendar or default), version(within) if within else None
        found[person.pk] = WorkingHours(working_time_of(theirs, of_team), theirs, of_team)
    return found


def hours_on_record(rep_ids: Collection[int], at: datetime) -> dict[int, WorkingTime | None]:
    """Return the working time of those of these reps who, or whose teams, have hours on record, by
    id. None: of a calendar that they go by, nothing was ever published.
    """
    version = cache(partial(_version_or_none, at=at))
    found: dict[int, WorkingTime | None] = {}
    for rep_id, ruling in _all_on_record(rep_ids).items():
        asked = [each for each in ruling if each]
        versions = [each for each in map(version, asked) if each]
        found[rep_id] = working_time_of(*versions) if len(versions) == len(asked) else None
    return found


def office_schedule(at: datetime) -> Schedule:
    """Return the working time of the default calendar. Raises NoCalendar."""
    return schedule_of(version_in_force(_default_calendar(), at))


def working_time_of(calendar: Version, within: Version | None = None) -> WorkingTime:
    """Return what is open by a version of a calendar and, if given, by another too."""
    if within is None:
        return schedule_of(calendar)
    if calendar.is_draft or within.is_draft:
        return schedule_of(calendar).joined(schedule_of(within))
    return _joined(calendar.pk, within.pk)


def schedule_of(version: Version) -> Schedule:
    """Return the working time of one version of a calendar. Raises NoCalendar if it has no hours,
    and what `Schedule.from_dict` raises.
    """
    if version.is_draft:
        return _read(version.pk)
    return _kept(version.pk)


def published_calendars() -> QuerySet[Document]:
    """Return the calendars that somebody can work by, by name."""
    calendars = Document.objects.filter(kind=Document.Kind.CALENDAR)
    of_it = Publication.objects.filter(version__document=OuterRef("pk"))
    return calendars.filter(Exists(of_it), retired=None).order_by("name")


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


def _version_or_none(calendar: Document, at: datetime) -> Version | None:
    try:
        return version_in_force(calendar, at)
    except NoCalendar:
        return None


def _on_record(rep: User) -> Calendars:
    """Return the calendars that `rep` works by, as far as there are hours on record."""
    own = RepHours.objects.filter(rep=rep).select_related("calendar").first()
    if own and not own.within_team:
        return own.calendar, None
    of_team = TeamHours.objects.filter(team=rep.team_id).select_related("calendar").first()
    return _ruling(own, of_team.calendar if of_team else None)


def _all_on_record(rep_ids: Collection[int]) -> dict[int, Calendars]:
    """Return the same of those of these reps who, or whose teams, have hours on record, by id."""
    own = {
        each.rep_id: each
        for each in RepHours.objects.filter(rep__in=rep_ids).select_related("calendar")
    }
    members = User.objects.filter(pk__in=rep_ids, team__team_hours__isnull=False)
    of_team = {
        rep.pk: rep.team.team_hours.calendar  # type: ignore[union-attr]
        for rep in members.select_related("team__team_hours__calendar")
    }
    return {pk: _ruling(own.get(pk), of_team.get(pk)) for pk in own.keys() | of_team.keys()}


def _ruling(own: RepHours | None, team: Document | None) -> Calendars:
    """Return the calendar by which a rep works, and the team's if only that time counts in which it
    is open too.
    """
    if own is None:
        return team, None
    return own.calendar, team if own.within_team and team != own.calendar else None


def _default_calendar() -> Document:
    calendars = Document.objects.filter(kind=Document.Kind.CALENDAR)
    calendar = calendars.filter(name=DEFAULT_CALENDAR).first()
    if calendar is None:
        raise NoCalendar(f"There is no calendar named “{DEFAULT_CALENDAR}”.")
    return calendar


@lru_cache(maxsize=256)
def _joined(calendar_id: int, within_id: int) -> WorkingTime:
    return _kept(calendar_id).joined(_kept(within_id))


@lru_cache(maxsize=256)
def _kept(version_id: int) -> Schedule:
    """Published versions never change, so that a process reads each of them once."""
    return _read(version_id)


def _read(version_id: int) -> Schedule:
    terms = CalendarTerms.objects.filter(version=version_id).first()
    if terms is None:
        raise NoCalendar("This version of the calendar has no hours.")
    return Schedule.from_dict(terms.document())
