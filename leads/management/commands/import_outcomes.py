from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from leads.errors import LeadsError
from leads.importing.command import (
    add_file_options,
    announcement,
    known_source,
    read_table,
    row_bar,
)
from leads.importing.mapping import ColumnMap
from leads.importing.outcomes import (
    OUTCOME_TARGETS,
    OutcomeSummary,
    keep_outcome,
)
from leads.importing.reading import Row, rows
from leads.importing.refusals import RefusedRows
from leads.instants import database_now
from leads.models import IntakeSource
from leads.submission_fields import FieldsRefused


class Command(BaseCommand):
    help = "Take in what became of leads, meetings and deals, from a CSV file."

    def add_arguments(self, parser: CommandParser) -> None:
        add_file_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        layout, columns = read_table(options, targets=OUTCOME_TARGETS)
        source = known_source(options["source"])
        self.stdout.write(announcement(layout, columns))
        summary, count, at, started = OutcomeSummary(), 0, database_now(), time.monotonic()
        with RefusedRows(layout) as refused, row_bar(layout) as bar:
            for row in rows(layout):
                count += 1
                take_row(row, columns, source, at=at, summary=summary, refused=refused)
                bar.update()
        self.stdout.write(sentence(summary, count, refused.count, time.monotonic() - started))
        if refused.count:
            self.stdout.write(f"Refused rows, with the reason of each: {refused.path}")
        if refused.count == count - summary.blank:
            raise CommandError("Every row was refused.")


def take_row(
    row: Row,
    columns: ColumnMap,
    source: IntakeSource,
    *,
    at: datetime,
    summary: OutcomeSummary,
    refused: RefusedRows,
) -> None:
    if row.is_blank:
        summary.blank += 1
        return
    try:
        if row.fault:
            raise FieldsRefused([("", row.fault)])
        keep_outcome(columns.payload(row.cells), source, at=at, summary=summary)
    except LeadsError as error:
        refused.add(row, str(error))


def sentence(summary: OutcomeSummary, count: int, refused: int, seconds: float) -> str:
    text = (
        f"{count:,} rows in {seconds:.1f} s: {summary.created:,} new meetings and deals,"
        f" {summary.updated:,} brought up to date, {summary.unchanged:,} known already,"
        f" {refused:,} refused{f', {summary.blank:,} blank' if summary.blank else ''}."
    )
    if summary.early_wins:
        wins = "1 win lies" if summary.early_wins == 1 else f"{summary.early_wins} wins lie"
        text += f"\n{wins} before its lead's first contact."
    return text
