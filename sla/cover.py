"""Whom a calendar serves, and whether it is open when leads arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce

from leads.models import Assignment, Document, Handoff, Team, User
from sla.business_time import Schedule
from sla.calendars import DEFAULT_CALENDAR
from sla.models import RepHours, TeamHours

DAYS = 90
DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOT_STEPS, COLD_STEPS = 6, 6


@dataclass(frozen=True, slots=True)
class Serves:
    """Who works by a calendar. kept_within: who counts of their own hours only those in it."""

    teams: list[Team]
    reps: list[User]
    kept_within: list[User]
    is_default: bool

    @property
    def is_nobody(self) -> bool:
        return not (self.teams or self.reps or self.is_default)


def served_by(calendar: Document) -> Serves:
    return all_served([calendar])[calendar.pk]


def all_served(calendars: Collection[Document]) -> dict[int, Serves]:
    """Return who works by each of `calendars`, by its id. Two queries."""
    found = {
        each.pk: Serves([], [], [], is_default=each.name == DEFAULT_CALENDAR) for each in calendars
    }
    teams = TeamHours.objects.filter(calendar__in=calendars).select_related("team")
    for team in teams.order_by("team__name"):
        found[team.calendar_id].teams.append(team.team)
    reps = RepHours.objects.filter(rep__is_active=True).select_related("rep__team__team_hours")
    for hours in reps.order_by("rep__name"):
        if hours.calendar_id in found:
            found[hours.calendar_id].reps.append(hours.rep)
        team_hours = getattr(hours.rep.team, "team_hours", None)
        if hours.within_team and team_hours and team_hours.calendar_id in found:
            found[team_hours.calendar_id].kept_within.append(hours.rep)
    return found


def arrivals(calendar: Document, at: datetime) -> list[tuple[int, datetime]]:
    """Return lead and instant of what arrived in the last 90 days and went first to somebody who
    works by `calendar`; for the default one, all. The instant is that of the hand-raise, else that
    of the opening of the handoff.
    """
    since = at - timedelta(days=DAYS)
    came = Handoff.objects.annotate(arrived_at=Coalesce("hand_raised_at", "opened_at"))
    came = came.filter(opened_at__gte=since, opened_at__lte=at)
    if calendar.name == DEFAULT_CALENDAR:
        return list(came.values_list("lead", "arrived_at"))
    of_team = Q(rep__team__team_hours__calendar=calendar) & ~Exists(
        RepHours.objects.filter(rep=OuterRef("rep"))
    )
    first = Assignment.objects.filter(handoff=OuterRef("pk"), seq=1)
    theirs = came.filter(Exists(first.filter(Q(rep__rep_hours__calendar=calendar) | of_team)))
    return list(theirs.values_list("lead", "arrived_at"))


@dataclass(frozen=True, slots=True)
class Cell:
    """An hour of the week: how many arrived in it, and how many of them while it was closed."""

    day: int
    hour: int
    arrived: int
    missed: int
    is_open: bool
    step: str

    @property
    def said(self) -> str:
        state = "open" if self.is_open else "closed"
        when = f"{DAY_NAMES[self.day]} {self.hour:02}:00–{self.hour + 1:02}:00, usually {state}"
        closed = f", {self.missed} of them while closed" if self.missed else ""
        return f"{when}: {self.arrived} arrived{closed}"


@dataclass(frozen=True, slots=True)
class Cover:
    """How leads arrive over the week of a calendar, in its zone."""

    arrived: int
    missed: int
    rows: list[tuple[str, list[Cell]]]

    @property
    def percent(self) -> float:
        return self.missed * 100 / self.arrived


def cover_of(schedule: Schedule, calendar: Document, at: datetime) -> Cover:
    """Return how many of the arrivals of 90 days came while `schedule` is open and closed."""
    arrived: Counter[tuple[int, int]] = Counter()
    missed: Counter[tuple[int, int]] = Counter()
    for _, instant in arrivals(calendar, at):
        hour = hour_of(instant, schedule)
        arrived[hour] += 1
        missed[hour] += not schedule.is_open(instant)
    most = max(arrived.values(), default=0)
    rows = [
        (name, [_cell(day, hour, arrived, missed, schedule, most) for hour in range(24)])
        for day, name in enumerate(DAY_NAMES)
    ]
    return Cover(arrived.total(), missed.total(), rows)


def arrived_in(
    schedule: Schedule, calendar: Document, at: datetime, *, day: int, hour: int
) -> Iterator[int]:
    """Yield the leads behind a cell, by id."""
    for lead_id, instant in arrivals(calendar, at):
        if hour_of(instant, schedule) == (day, hour):
            yield lead_id


def hour_of(instant: datetime, schedule: Schedule) -> tuple[int, int]:
    """Return weekday, 0 for Monday, and hour of an instant in the calendar's zone."""
    local = instant.astimezone(schedule.hours.zone)
    return local.weekday(), local.hour


def _cell(
    day: int,
    hour: int,
    arrived: Counter[tuple[int, int]],
    missed: Counter[tuple[int, int]],
    schedule: Schedule,
    most: int,
) -> Cell:
    came, closed = arrived[day, hour], missed[day, hour]
    is_open = is_usually_open(schedule, day, hour)
    step = "off" if not is_open else "k1"
    if closed:
        step = f"b{_step(closed, most, HOT_STEPS)}"
    elif came:
        step = f"k{_step(came, most, COLD_STEPS)}"
    return Cell(day, hour, came, closed, is_open, step)


def _step(count: int, most: int, steps: int) -> int:
    return max(1, -(-count * steps // most))


def is_usually_open(schedule: Schedule, day: int, hour: int) -> bool:
    """Tell whether an ordinary week is open at any moment of this hour."""
    begins, ends = timedelta(hours=hour), timedelta(hours=hour + 1)
    today, before = schedule.hours.week[day], schedule.hours.week[day - 1]
    whole_day = timedelta(days=1)
    return any(each.opens < ends and begins < each.ends for each in today) or any(
        begins < each.ends - whole_day for each in before
    )
