"""What is written as a row and sent afterwards, whoever it is for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Self, TypeVar

from django.db import models

Row = TypeVar("Row", bound="Outgoing", covariant=True)


class OutgoingQuerySet(models.QuerySet[Row]):
    def to_send(self, at: datetime) -> Self:
        """Those that are due by `at`, oldest first."""
        due = self.filter(state=Outgoing.State.WAITING, send_after__lte=at)
        return due.order_by("send_after", "id")


class Outgoing(models.Model):
    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        DROPPED = "dropped", "No longer true"
        PARKED = "parked", "Given up"
        LISTED = "listed", "In a list"
        NOWHERE = "nowhere", "No address"

    created_at = models.DateTimeField()
    send_after = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    # What came of each attempt: when it was made ("at") and what was answered ("said").
    tried = models.JSONField(default=list, blank=True)
    error = models.CharField(max_length=400, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    # What else becomes of one that is left to a later run.
    on_retry: ClassVar[Mapping[str, None]] = {}

    class Meta:
        abstract = True

    @property
    def tries(self) -> list[tuple[datetime, str]]:
        """When it was tried, and what came of it, in order."""
        return [(datetime.fromisoformat(each["at"]), each["said"]) for each in self.tried]
