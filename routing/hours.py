"""Who is at work now, and when whoever is not will be, by the calendar each works by."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from leads.models import Absence
from sla.business_time import NoWorkingTime, OutOfRange, WorkingTime
from sla.calendars import hours_on_record

# Who does not open within this is not waited for.
LONGEST_WAIT = timedelta(days=7)

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Hours:
    """When reps, by id, work, and when they are away. Who has no schedule always works.

    unpublished: those who go by a calendar that says nothing yet: they are never at work.
    """

    schedules: Mapping[int, WorkingTime]
    absences: Mapping[int, list[Span]]
    unpublished: Collection[int] = ()

    def at_work_from(self, rep_id: int, at: datetime) -> datetime | None:
        """Return `at` if the rep is at work then, else when they next are; None: not in a week."""
        if rep_id in self.unpublished:
            return None
        schedule = self.schedules.get(rep_id)
        until, opens = at + LONGEST_WAIT, at
        while True:
            opens = next_open(schedule, opens) or until
            back = next((end for start, end in self._away(rep_id) if start <= opens < end), None)
            if opens >= until or back is None:
                return opens if opens < until else None
            opens = back

    def change_after(self, rep_id: int, at: datetime) -> datetime | None:
        """Return when the rep's schedule opens or closes next, after `at`; None: never."""
        schedule = self.schedules.get(rep_id)
        return schedule.change_after(at) if schedule else None

    def _away(self, rep_id: int) -> list[Span]:
        return self.absences.get(rep_id, [])


def hours_of(rep_ids: Collection[int], at: datetime) -> Hours:
    """Return when these people work in the week after `at`, by the calendars live at `at`."""
    absences: dict[int, list[Span]] = {}
    away = Absence.objects.filter(user__in=rep_ids, ends_at__gt=at, starts_at__lt=at + LONGEST_WAIT)
    for user_id, starts_at, ends_at in away.values_list("user", "starts_at", "ends_at"):
        absences.setdefault(user_id, []).append((starts_at, ends_at))
    found = hours_on_record(rep_ids, at)
    schedules = {rep_id: schedule for rep_id, schedule in found.items() if schedule}
    return Hours(schedules, absences, found.keys() - schedules.keys())


def next_open(schedule: WorkingTime | None, at: datetime) -> datetime | None:
    """Return `at` if it is working time, else the next opening; None: it never opens again."""
    if schedule is None:
        return at
    try:
        return schedule.next_open(at)
    except (NoWorkingTime, OutOfRange):
        return None


def moment(instant: datetime, zone: str, *, now: datetime) -> str:
    """Return an instant of the coming week in words, as clocks in `zone` show it: "Mon 09:00", or
    "09:00" if it is today.
    """
    local = instant.astimezone(ZoneInfo(zone))
    is_today = local.date() == now.astimezone(ZoneInfo(zone)).date()
    return f"{local:%H:%M}" if is_today else f"{local:%a %H:%M}"


def day(instant: datetime, zone: str) -> str:
    """Return the day of an instant in words, as calendars in `zone` show it: "3 Dec"."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b}"
