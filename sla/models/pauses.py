"""Pauses: a lead that rests with its rep till an instant, and why."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from leads.models import Assignment, User
from leads.models.people import TimeRange


class PauseQuerySet(models.QuerySet["Pause"]):
    def running(self, at: datetime) -> PauseQuerySet:
        return self.filter(ended_at=None, since__lte=at, until__gt=at)


class Pause(models.Model):
    """A lead that its rep accepted rests till `until`, or till `ended_at` if that came before. The
    clocks whose promise says so stand still meanwhile.
    """

    class Kind(models.TextChoices):
        SNOOZED = "snoozed", "Snoozed"
        WAITING = "waiting", "Waiting for the prospect"

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="pauses")
    kind = models.CharField(max_length=8, choices=Kind)
    since = models.DateTimeField()
    until = models.DateTimeField()
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.CharField(max_length=200, blank=True)

    objects: ClassVar[models.Manager[Pause]] = PauseQuerySet.as_manager()

    class Meta:
        ordering = ["assignment", "since", "id"]
        constraints = [
            models.CheckConstraint(
                name="pause_ends_after_its_start",
                condition=Q(until__gt=F("since")),
                violation_error_message="A pause must end after it starts.",
            ),
            models.CheckConstraint(name="pause_says_why", condition=~Q(reason="")),
            models.CheckConstraint(
                name="pause_ended_early_says_why",
                condition=Q(ended_at=None, ended_because="")
                | (Q(ended_at__gte=F("since"), ended_at__lte=F("until")) & ~Q(ended_because="")),
            ),
            ExclusionConstraint(
                name="pause_once_at_a_time",
                expressions=[
                    (TimeRange("since", Coalesce("ended_at", "until")), RangeOperators.OVERLAPS),
                    ("assignment", RangeOperators.EQUAL),
                ],
                violation_error_message="This lead rests already in that time.",
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} till {self.ends_at:%d %b %Y, %H:%M}"

    @property
    def ends_at(self) -> datetime:
        return self.ended_at or self.until
