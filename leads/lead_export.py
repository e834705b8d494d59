"""A list of leads as CSV that a spreadsheet opens without running anything in it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from leads.models import Lead

# What makes a spreadsheet take a cell for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
BYTE_ORDER_MARK = "\ufeff"
BATCH = 1000
COLUMNS = {
    "Lead": "pk",
    "Name": "name",
    "Job title": "title",
    "Company": "company",
    "E-mail": "email",
    "Phone": "phone",
    "Stage": "stage__label",
    "Band": "band",
    "Fit": "fit",
    "Readiness": "readiness",
    "Owner": "owner__name",
    "Queue": "queue__name",
    "Source": "source__name",
    "Origin": "origin",
    "Campaign": "campaign",
    "Entered": "entered_at",
}


class _Echo:
    """Hands each written line on instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def csv_lines(leads: QuerySet[Lead], *, zone: ZoneInfo) -> Iterator[str]:
    """Yield `leads` as lines of CSV, with a head; instants in `zone`, in ISO 8601."""
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK + writer.writerow(COLUMNS)
    for row in leads.values_list(*COLUMNS.values()).iterator(chunk_size=BATCH):
        yield writer.writerow(inert(row, zone=zone))


def inert(values: Iterable[object], *, zone: ZoneInfo) -> list[str]:
    return [_inert_cell(_text(value, zone)) for value in values]


def _text(value: object, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    return "" if value is None else str(value)


def _inert_cell(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
