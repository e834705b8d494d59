import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser

from leads.instants import database_now
from leads.models import Document, User
from sla.calendars import (
    DEFAULT_CALENDAR,
    WorkingHours,
    hours_for,
    schedule_of,
    version_in_force,
)
from sla.errors import SlaError
from sla.opening_hours import WEEKDAYS

LENGTH = re.compile(r"(-?\d{1,6})(m|h)", re.ASCII)
UNITS = {"m": "minutes", "h": "hours"}


class Command(BaseCommand):
    help = (
        "Tell which instant lies a length of working time after another: "
        'working_time 4h "fri 16:30" --calendar "Office hours"'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("length", help="such as 4h, 30m or -90m")
        parser.add_argument(
            "start",
            nargs="*",
            help="2026-11-20 16:30 or fri 16:30, in the calendar's zone; else now",
        )
        parser.add_argument("--calendar", default=DEFAULT_CALENDAR)
        parser.add_argument("--rep", help="e-mail address: by the hours of this person instead")

    def handle(
        self, *, length: str, start: list[str], calendar: str, rep: str | None, **options: Any
    ) -> None:
        now = database_now()
        try:
            hours = hours_of_person(rep, now) if rep else hours_of_calendar(calendar, now)
            zone = schedule_of(hours.calendar).hours.zone
            begins = read_start(" ".join(start), now.astimezone(zone), zone)
            end = hours.schedule.add(begins, read_length(length)).astimezone(zone)
        except (SlaError, ValueError) as error:
            raise CommandError(str(error)) from error
        within = f" within “{hours.within.document}”" if hours.within else ""
        self.stdout.write(
            f"{length} of working time from {begins:%a %Y-%m-%d %H:%M}"
            f" on “{hours.calendar.document}”{within}: "
            f"{end:%a %Y-%m-%d %H:%M:%S} {zone.key} ({end.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC)"
        )


def hours_of_calendar(name: str, at: datetime) -> WorkingHours:
    document = Document.objects.filter(kind=Document.Kind.CALENDAR, name=name).first()
    if document is None:
        raise ValueError(f"There is no calendar named “{name}”.")
    version = version_in_force(document, at)
    return WorkingHours(schedule_of(version), version)


def hours_of_person(email: str, at: datetime) -> WorkingHours:
    person = User.objects.filter(email__iexact=email).first()
    if person is None:
        raise ValueError(f"Nobody here has the address {email}.")
    return hours_for(person, at)


def read_length(text: str) -> timedelta:
    if not (parts := LENGTH.fullmatch(text)):
        raise ValueError(f"“{text}” is not a length such as 4h or 30m.")
    return timedelta(**{UNITS[parts[2]]: int(parts[1])})


def read_start(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant that `text` means in `zone`: a weekday is today or the next such day."""
    if not text:
        return now
    first, _, clock = text.partition(" ")
    if (name := first.lower()[:3]) in WEEKDAYS:
        first = next_date(name, now.date()).isoformat()
    try:
        start = datetime.fromisoformat(f"{first} {clock}".strip())
    except ValueError as error:
        raise ValueError(f"“{text}” is not a start such as 2026-11-20 16:30.") from error
    return start.astimezone(zone) if start.tzinfo else start.replace(tzinfo=zone)


def next_date(weekday: str, today: date) -> date:
    return today + timedelta(days=(WEEKDAYS.index(weekday) - today.weekday()) % 7)
