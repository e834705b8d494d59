"""The routing table: ordered rules of a version; the first whose conditions hold decides."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from leads.models import Queue, User, VersionedRow
from routing.models.rotas import Rota


class RoutingRule(VersionedRow):
    class Outcome(models.TextChoices):
        OPPORTUNITY_OWNER = "opportunity_owner", "Owner of the open opportunity"
        ACCOUNT_OWNER = "account_owner", "Owner of the account"
        TERRITORY = "territory", "The territory's rota or rep"
        ROTA = "rota", "A rota"
        REP = "rep", "One rep"
        QUEUE = "queue", "A queue"

    class OffHours(models.TextChoices):
        PASS = "pass", "Pass at once"
        HOLD = "hold", "Hold until somebody opens"

    conditions = models.JSONField(default=list, blank=True)
    outcome = models.CharField(max_length=20, choices=Outcome)
    rota = models.ForeignKey(Rota, models.PROTECT, null=True, blank=True, related_name="rules")
    rep = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    queue = models.ForeignKey(Queue, models.PROTECT, null=True, blank=True, related_name="+")
    priority = models.SmallIntegerField(
        default=0, help_text="Of those that wait, higher goes first."
    )

    off_hours = models.CharField(max_length=4, choices=OffHours, default=OffHours.PASS)
    # Only a rep who has all of these can be chosen; blank: anybody.
    skills = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    languages = ArrayField(models.CharField(max_length=8), default=list, blank=True)

    class Meta(VersionedRow.Meta):
        constraints = [
            *VersionedRow.Meta.constraints,
            models.CheckConstraint(
                name="routing_rule_names_its_outcome",
                condition=Q(outcome="rota", rota__isnull=False, rep=None, queue=None)
                | Q(outcome="rep", rep__isnull=False, rota=None, queue=None)
                | Q(outcome="queue", queue__isnull=False, rota=None, rep=None)
                | Q(
                    outcome__in=["opportunity_owner", "account_owner", "territory"],
                    rota=None,
                    rep=None,
                    queue=None,
                ),
                violation_error_message="Name the rota, rep or queue that this outcome asks for,"
                " and only that.",
            ),
        ]
