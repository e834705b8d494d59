"""Reason codes, and what reps answered with them."""

from __future__ import annotations

from typing import ClassVar

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Q

from leads.models import Assignment, Handoff, User
from leads.triggers import append_only, refuses


class ReasonCodeQuerySet(models.QuerySet["ReasonCode"]):
    def offered(self) -> ReasonCodeQuerySet:
        """Those in the picker, in its order."""
        return self.filter(is_active=True).order_by("position", "id")


@pghistory.track()
class ReasonCode(models.Model):
    """Why a rep gives a lead back. Deactivated when no longer wanted, never deleted."""

    class Group(models.TextChoices):
        FIT = "fit", "Fit"
        TIMING = "timing", "Timing and intent"
        DATA = "data", "Data"
        ROUTING = "routing", "Not counted as a rejection"

    class Consequence(models.TextChoices):
        RECYCLE = "recycle", "Back to nurture"
        DISQUALIFY = "disqualify", "Disqualified"
        REROUTE = "reroute", "To the next rep"
        REVIEW = "review", "To the review queue"

    key = models.SlugField(unique=True)
    group = models.CharField(max_length=8, choices=Group)
    position = models.PositiveSmallIntegerField(default=0)
    label = models.CharField(max_length=60)
    definition = models.CharField(max_length=200)
    consequence = models.CharField(max_length=10, choices=Consequence)
    nurture_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="How long a recycled lead rests."
    )
    needs_date = models.BooleanField(default=False)
    needs_note = models.BooleanField(default=False)
    min_touches = models.PositiveSmallIntegerField(
        default=0, help_text="Touches logged before this reason may be given."
    )
    is_active = models.BooleanField(default=True)

    objects: ClassVar[models.Manager[ReasonCode]] = ReasonCodeQuerySet.as_manager()

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                name="reason_recycles_for_some_days",
                condition=~Q(consequence="recycle")
                | Q(nurture_days__isnull=False, nurture_days__gt=0),
                violation_error_message="A reason that recycles says for how many days.",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Disposition(models.Model):
    """Why a lead went back, in the shared words: what a rep answered about an assignment, or what
    a reviewer decided about a handoff in review.
    """

    class Kind(models.TextChoices):
        REJECTED = "rejected", "Rejected"
        HANDED_BACK = "handed_back", "Handed back"
        RECYCLED = "recycled", "Recycled"
        DISQUALIFIED = "disqualified", "Disqualified"

    handoff = models.ForeignKey(Handoff, models.PROTECT, related_name="dispositions")
    # None: nobody's turn, the handoff was in review.
    assignment = models.OneToOneField(
        Assignment, models.PROTECT, null=True, blank=True, related_name="disposition"
    )
    code = models.ForeignKey(ReasonCode, models.PROTECT, related_name="dispositions")
    kind = models.CharField(max_length=12, choices=Kind)
    note = models.TextField(blank=True)
    nurture_until = models.DateField(null=True, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="dispositions")
    at = models.DateTimeField()
    is_historical = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="disposition_in_review_disqualifies",
                condition=Q(assignment__isnull=False) | Q(kind="disqualified"),
                violation_error_message="A handoff in review can only be disqualified.",
            ),
            models.UniqueConstraint(
                fields=["handoff"],
                name="disposition_in_review_once",
                condition=Q(assignment=None),
            ),
        ]
        indexes = [models.Index(fields=["code", "at"], name="disposition_by_code")]
        triggers = [
            append_only(),
            refuses(
                "of_a_turn_or_in_review",
                rule=(
                    "(CASE WHEN NEW.assignment_id IS NULL"
                    " THEN (SELECT state FROM leads_handoff WHERE id = NEW.handoff_id) <> 'review'"
                    " ELSE (SELECT handoff_id FROM leads_assignment WHERE id = NEW.assignment_id)"
                    " <> NEW.handoff_id END)"
                ),
                sentence="A disposition is of a turn at its handoff, or of a handoff in review.",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.code}"
