"""Policies: which promise holds for which handoff. A policy set is a versioned document."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from leads.models import VersionedRow


class Policy(VersionedRow):
    """A row of the policy set: the first whose conditions hold decides. The last has none."""

    conditions = models.JSONField(default=list, blank=True)

    class Meta(VersionedRow.Meta):
        verbose_name_plural = "policies"


class Target(models.Model):
    """One promise of a policy: something is done within `allowed`, from its start event on."""

    class Kind(models.TextChoices):
        ACCEPT = "accept", "Accept or reject"
        FIRST_TOUCH = "first_touch", "First touch"
        FIRST_RESPONSE = "first_response", "First response"
        REVIEW = "review", "Review"

    class Measure(models.TextChoices):
        WORKING = "working", "Working time"
        WALL = "wall", "Wall time"

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="targets")
    kind = models.CharField(max_length=16, choices=Kind)
    measure = models.CharField(max_length=8, choices=Measure)
    allowed = models.DurationField()
    # Shares of `allowed`, in percent, at which somebody is warned; 100 is the breach itself.
    warn_at = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    reroute_after = models.DurationField(
        "to the next rep after",
        null=True,
        blank=True,
        help_text="So long after the deadline, in the same measure, who still has not answered"
        " loses the lead to the next rep. Nothing: never.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="target_reroutes_what_is_to_be_accepted",
                condition=Q(reroute_after=None)
                | Q(
                    kind="accept",
                    reroute_after__gte=models.Value("0 s", models.DurationField()),
                ),
                violation_error_message="Only what is to be accepted goes to the next rep, and not"
                " before its deadline.",
            ),
            models.UniqueConstraint(
                fields=["policy", "kind"],
                name="target_once_per_policy",
                violation_error_message="This policy has such a target already.",
            ),
            models.CheckConstraint(
                name="target_allows_some_time",
                condition=Q(allowed__gt=models.Value("0 s", models.DurationField())),
                violation_error_message="Allow more than no time.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} within {self.allowed}"
