"""The pages of the calendars: each calendar is a versioned document of its own."""

from __future__ import annotations

from leads.document_pages import DocumentPages, Table
from leads.models import Document
from sla.calendar_check import problems_of
from sla.forms.calendars import CalendarForm
from sla.models import CalendarTerms

HOURS = Table("hours", CalendarTerms, "week")

CALENDARS = DocumentPages(
    kind=Document.Kind.CALENDAR,
    start="sla:calendar",
    name="calendar",
    tables={HOURS.slug: HOURS},
    forms={CalendarTerms: CalendarForm},
    effect="Clocks that start from now on go by it.",
    after_live="sla:calendar_apply",
    before_first="Nobody works by it yet. Once it is published, it can be chosen in Set-up for"
    " people and teams.",
    after_first="It can be chosen now, in Set-up for people and teams.",
    elsewhere={
        "arrived": "sla:calendar_arrived",
        "apply": "sla:calendar_apply",
        "apply_progress": "sla:calendar_apply_progress",
    },
    problems=problems_of,
)


class CalendarConverter:
    """A part of an address that names a calendar: its pages."""

    regex = "[1-9][0-9]{0,8}"

    def to_python(self, value: str) -> DocumentPages:
        return CALENDARS.of(int(value))

    def to_url(self, value: int) -> str:
        return str(value)
