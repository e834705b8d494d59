"""The stages of a lead, and the ledger of its moves between them."""

from __future__ import annotations

import pghistory
from django.db import models
from django.db.models import Q

from leads.models.people import SalesRole, User
from leads.triggers import append_only


@pghistory.track()
class Stage(models.Model):
    """What a stage means here. The keys are fixed; their wording and criteria are settings."""

    class Key(models.TextChoices):
        ML = "ml", "ML"
        MQL = "mql", "MQL"
        SAL = "sal", "SAL"
        SQL = "sql", "SQL"
        OPPORTUNITY = "opportunity", "Opportunity"
        CUSTOMER = "customer", "Customer"
        DISQUALIFIED = "disqualified", "Disqualified"

    key = models.CharField(primary_key=True, max_length=12, choices=Key)
    position = models.PositiveSmallIntegerField(unique=True)
    label = models.CharField(max_length=60)
    definition = models.TextField(blank=True)
    entry_criteria = models.JSONField(default=list, blank=True)
    exit_criteria = models.JSONField(default=list, blank=True)
    owner_role = models.CharField(max_length=10, choices=SalesRole, default=SalesRole.MARKETING)
    longest_stay = models.DurationField(null=True, blank=True)
    is_used = models.BooleanField(default=True, help_text="Only SAL can be left out.")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(
                name="stage_key_is_fixed",
                condition=Q(
                    key__in=["ml", "mql", "sal", "sql", "opportunity", "customer", "disqualified"]
                ),
            ),
            models.CheckConstraint(
                name="stage_only_sal_left_out",
                condition=Q(is_used=True) | Q(key="sal"),
                violation_error_message="Only SAL can be left out.",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class StageTransition(models.Model):
    """One move of a lead from stage to stage: the ledger that `Lead.stage` must agree with."""

    lead = models.ForeignKey("Lead", models.PROTECT, related_name="stage_transitions")
    seq = models.PositiveIntegerField()
    from_stage = models.ForeignKey(Stage, models.PROTECT, null=True, blank=True, related_name="+")
    to_stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=200)
    is_override = models.BooleanField(default=False)
    is_historical = models.BooleanField(default=False)
    handoff = models.ForeignKey(
        "Handoff", models.PROTECT, null=True, blank=True, related_name="stage_transitions"
    )

    class Meta:
        ordering = ["lead", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["lead", "seq"], name="transition_seq_is_unique"),
            models.CheckConstraint(
                name="transition_changes_stage",
                condition=Q(from_stage=None) | ~Q(from_stage=models.F("to_stage")),
            ),
            models.CheckConstraint(name="transition_has_a_reason", condition=~Q(reason="")),
        ]
        indexes = [models.Index(fields=["to_stage", "at"], name="transition_by_stage")]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.from_stage_id or 'new'} → {self.to_stage_id}"
