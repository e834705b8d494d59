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
from revops.demo.promises import Message
from routing.models import Decision, Turn
from sla.models import Clock, ClockEvent, Notification
from sla.staleness import clock_key

BATCH = 1000
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
    news = [each for each in story.messages if each.at > now - NEWS_DAYS]
    Notification.objects.bulk_create(
        [row for each in news for row in _notifications(each)],
        batch_size=BATCH,
        ignore_conflicts=True,
    )


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


def _notifications(message: Message) -> list[Notification]:
    """Return a message in the app and, where wanted, by e-mail: both long since sent."""
    handoff = message.handoff
    is_news = handoff.is_open and handoff.accepted_at is None
    app = _notification(message, Notification.Channel.APP)
    app.seen_at = app.delivered_at = None if is_news else message.at + timedelta(minutes=3)
    if message.recipient.notify_by != message.recipient.Notify.EMAIL:
        return [app]
    return [app, _notification(message, Notification.Channel.EMAIL)]


def _notification(message: Message, channel: str) -> Notification:
    return Notification(
        recipient=message.recipient,
        channel=channel,
        kind=message.kind,
        key=_key(message),
        subject=message.subject[:200],
        body=message.body,
        handoff=message.handoff,
        created_at=message.at,
        send_after=message.at,
        state=Notification.State.SENT,
        sent_at=message.at,
        delivered_at=message.at if channel == Notification.Channel.EMAIL else None,
        attempts=1 if channel == Notification.Channel.EMAIL else 0,
    )


def _key(message: Message) -> str:
    about = message.about
    if isinstance(about, Clock):
        return clock_key(about, int(message.detail))
    if isinstance(about, Assignment):
        return f"passed:assignment:{about.pk}"
    return f"{message.kind}:{about.pk}:{message.detail}"
