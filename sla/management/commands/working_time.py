import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from leads.instants import database_now
from leads.models import Document, User
from sla import typed_lengths
from sla.calendars import (
    DEFAULT_CALENDAR,
    WorkingHours,
    hours_for,
    published_calendars,
    schedule_of,
    version_in_force,
)
from sla.errors import SlaError
from sla.opening_hours import WEEKDAYS

# A word of the command line that is a length, though options begin with a dash too.
BELOW_NOTHING = re.compile(r"-\d", re.ASCII)
WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Command(BaseCommand):
    help = (
        "Tell which instant lies a length of working time after another: "
        'working_time 4h "fri 16:30" --calendar "Office hours"'
    )

    def run_from_argv(self, argv: list[str]) -> None:
        """Run with `argv`. A word with a space is never taken for an option, so a length below
        nothing gets one.
        """
        super().run_from_argv([f" {word}" if BELOW_NOTHING.match(word) else word for word in argv])

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("length", help="such as 4h, 1h30, 30m or -90m")
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
            f"{length.strip()} of working time from {begins:%a %Y-%m-%d %H:%M}"
            f" on “{hours.calendar.document}”{within}: "
            f"{end:%a %Y-%m-%d %H:%M:%S} {zone.key} ({end.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC)"
        )


def hours_of_calendar(name: str, at: datetime) -> WorkingHours:
    document = Document.objects.filter(kind=Document.Kind.CALENDAR, name=name).first()
    if document is None:
        names = ", ".join(f"“{each.name}”" for each in published_calendars())
        raise ValueError(f"There is no calendar named “{name}”. There is: {names}.")
    version = version_in_force(document, at)
    return WorkingHours(schedule_of(version), version)


def hours_of_person(email: str, at: datetime) -> WorkingHours:
    person = User.objects.filter(email__iexact=email).first()
    if person is None:
        raise ValueError(f"Nobody here has the address {email}.")
    return hours_for(person, at)


def read_length(text: str) -> timedelta:
    """Return the length that `text` says as promises are typed, below nothing after a dash."""
    typed = text.strip()
    try:
        length = typed_lengths.read_length(
            typed.removeprefix("-"), most=timedelta.max, in_days=False
        )
    except ValidationError as error:
        raise ValueError(error.messages[0]) from error
    return -length if typed.startswith("-") else length


def read_start(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant that `text` means in `zone`: a weekday is today or the next such day."""
    if not text:
        return now
    first, _, clock = text.partition(" ")
    if first.capitalize() in {name[:n] for name in WEEKDAY_NAMES for n in (3, len(name))}:
        first = next_date(first.lower()[:3], now.date()).isoformat()
    try:
        start = datetime.fromisoformat(f"{first} {clock}".strip())
    except ValueError as error:
        raise ValueError(f"“{text}” is not a start such as 2026-11-20 16:30.") from error
    return start.astimezone(zone) if start.tzinfo else start.replace(tzinfo=zone)


def next_date(weekday: str, today: date) -> date:
    return today + timedelta(days=(WEEKDAYS.index(weekday) - today.weekday()) % 7)
