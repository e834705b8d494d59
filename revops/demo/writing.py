"""Writes the demo's rows: thousands at a time, those first that others point to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Field, ForeignKey, Model

from feedback.models import Disposition
from leads.models import (
    Account,
    AccountDomain,
    Activity,
    Assignment,
    ChecklistAnswer,
    FactSnapshot,
    Handoff,
    Identity,
    Lead,
    Meeting,
    Opportunity,
    OwnershipChange,
    ScoreSnapshot,
    StageTransition,
    Submission,
    Touch,
)
from revops.demo.journeys import Story
from revops.demo.news import write_news
from routing.models import Decision, Turn
from sla.models import Clock, ClockEvent

# Each after what it points to.
ORDER: tuple[type[Model], ...] = (
    Account,
    AccountDomain,
    Lead,
    Identity,
    Handoff,
    ChecklistAnswer,
    Submission,
    Activity,
    FactSnapshot,
    Assignment,
    StageTransition,
    OwnershipChange,
    ScoreSnapshot,
    Touch,
    Meeting,
    Opportunity,
    Clock,
    ClockEvent,
    Decision,
    Turn,
    Disposition,
)
# When each row came about; what a database of its age would have noted as recorded.
HAPPENED = {
    Lead: "entered_at",
    Handoff: "opened_at",
    FactSnapshot: "known_from",
    Touch: "occurred_at",
    Meeting: "booked_at",
    Opportunity: "opened_at",
    StageTransition: "at",
    OwnershipChange: "at",
    ScoreSnapshot: "at",
}
# Older news nobody reads; it would only be many rows.
NEWS_DAYS = timedelta(days=3)


def write(story: Story, now: datetime) -> None:
    """Write all rows of `story`, and what people were told of late. Call within a transaction."""
    for model in ORDER:
        rows = story.rows.of(model)
        for row in rows:
            _date(row)
        _copy_in(model, rows)
    write_news([each for each in story.messages if each.at > now - NEWS_DAYS], now)


def _copy_in(model: type[Model], rows: Sequence[Model]) -> None:
    """Number `rows` and write them by COPY, several times as fast as inserts.

    Triggers and constraints hold as ever. Each row keeps the `recorded_at` that it carries.
    """
    table, fields = model._meta.db_table, model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [table, len(rows)],
        )
        for row, (pk,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = pk
        with cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row([_stored(row, field) for field in fields])
        cursor.execute(f'ANALYZE "{table}"')


def _stored(row: Model, field: Field[Any, Any]) -> object:
    """Return what the database holds for `field`: of a row that it points to, the number."""
    if isinstance(field, ForeignKey) and field.is_cached(row):
        related = field.get_cached_value(row)
        return related.pk if related else None
    return field.get_db_prep_save(getattr(row, field.attname), connection)


def _date(row: Model) -> None:
    """Have `row` recorded when it happened; an activity, when its submission was taken in."""
    if isinstance(row, Activity):
        assert row.submission is not None and row.submission.processed_at is not None
        row.recorded_at = row.submission.processed_at
    elif (name := HAPPENED.get(type(row))) is not None:
        vars(row)["recorded_at"] = getattr(row, name)
