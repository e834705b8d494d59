from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string

from leads.importing.command import (
    add_file_options,
    announcement,
    known_source,
    read_table,
    row_bar,
)
from leads.importing.lead_rows import ImportPlan, ImportSummary, import_rows
from leads.importing.mapping import LEAD_TARGETS
from leads.importing.refusals import RefusedRows
from leads.instants import database_now


class Command(BaseCommand):
    help = "Take in leads from a CSV file. Stopped and started again, it goes on where it was."

    def add_arguments(self, parser: CommandParser) -> None:
        add_file_options(parser)
        parser.add_argument(
            "--historical",
            action="store_true",
            help="of the past: keep its dates and handlers, start no clock, send nothing",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        layout, columns = read_table(options, targets=LEAD_TARGETS)
        plan = ImportPlan(
            layout=layout,
            columns=columns,
            source=known_source(options["source"]),
            process=import_string(settings.SUBMISSION_PROCESSOR),
            at=database_now(),
            is_historical=options["historical"],
        )
        self.stdout.write(announcement(layout, columns))
        started = time.monotonic()
        with RefusedRows(layout) as refused, row_bar(layout) as bar:
            summary = import_rows(plan, refused, progress=bar.update)
        self.stdout.write(sentence(summary, time.monotonic() - started))
        if summary.refused:
            self.stdout.write(f"Refused rows, with the reason of each: {refused.path}")
        if summary.refused == summary.rows - summary.blank:
            raise CommandError("Every row was refused.")


def sentence(summary: ImportSummary, seconds: float) -> str:
    parts = [
        f"{summary.created:,} new leads",
        f"{summary.joined:,} joined to known leads",
        f"{summary.refused:,} refused",
        f"{summary.failed:,} failed and kept in the inbox",
    ]
    if summary.earlier:
        parts.append(f"{summary.earlier:,} taken in by an earlier run")
    if summary.blank:
        parts.append(f"{summary.blank:,} blank")
    if summary.waiting:
        parts.append(f"{summary.waiting:,} waiting in the inbox")
    rate = summary.rows / max(seconds, 0.001)
    text = f"{summary.rows:,} rows in {seconds:.1f} s ({rate:,.0f} rows/s): {', '.join(parts)}."
    if summary.differing:
        text += f"\n{summary.differing:,} were imported before with other values and stay so."
    return text
