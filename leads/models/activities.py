"""What people did: the behaviour that readiness is read from."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from leads.models.accounts import Account


class ActivityQuerySet(models.QuerySet["Activity"]):
    def known_for(self, lead_id: int, account_id: int | None) -> ActivityQuerySet:
        """What this person did, and what happened at their account without a person's name."""
        own = Q(lead_id=lead_id)
        if account_id is None:
            return self.filter(own)
        return self.filter(own | Q(lead=None, account_id=account_id))


class Activity(models.Model):
    """Something a person or a company did, as a source told it. Append-only, but for its lead."""

    lead = models.ForeignKey(
        "Lead", models.PROTECT, null=True, blank=True, related_name="activities"
    )
    account = models.ForeignKey(
        Account, models.PROTECT, null=True, blank=True, related_name="activities"
    )
    kind = models.CharField(max_length=40)
    properties = models.JSONField(default=dict, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    source = models.ForeignKey("IntakeSource", models.PROTECT, null=True, blank=True)
    external_id = models.CharField(max_length=120, blank=True)
    submission = models.ForeignKey("Submission", models.PROTECT, null=True, blank=True)

    objects: ClassVar[models.Manager[Activity]] = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "activities"
        constraints = [
            models.CheckConstraint(
                name="activity_is_somebodys",
                condition=Q(lead__isnull=False) | Q(account__isnull=False),
                violation_error_message="An activity needs a lead or an account.",
            ),
            models.UniqueConstraint(
                fields=["source", "external_id"],
                name="activity_once_per_source",
                condition=~Q(external_id=""),
            ),
        ]
        indexes = [
            models.Index(fields=["lead", "-occurred_at"], name="activity_by_lead"),
            models.Index(
                fields=["account", "-occurred_at"],
                name="activity_of_account",
                condition=Q(lead=None),
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="only_lead_moves", exclude=["lead"]),
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.kind.replace("_", " ")
