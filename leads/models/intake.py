"""The inbox: where leads come from, who may hand them in, and what was handed in."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

from leads.models.json_texts import JSONTextField
from leads.models.people import User

if TYPE_CHECKING:
    from leads.models.leads import Lead


class IntakeSource(models.Model):
    """Where submissions come from: a form, a system, an event, a list."""

    class Motion(models.TextChoices):
        INBOUND = "inbound", "Inbound"
        OUTBOUND = "outbound", "Outbound"
        PARTNER = "partner", "Partner"
        SELF_SERVE = "self_serve", "Self-serve"

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    motion = models.CharField(max_length=12, choices=Motion, default=Motion.INBOUND)
    # What somebody did who comes in here and says nothing else; blank for a mere list.
    activity_kind = models.CharField(max_length=40, blank=True)
    campaign = models.CharField(
        max_length=120, blank=True, help_text="Used where a submission names none."
    )
    has_form = models.BooleanField("public form", default=False)
    form_title = models.CharField(max_length=120, blank=True)
    form_intro = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="source_form_has_a_title",
                condition=Q(has_form=False) | ~Q(form_title=""),
                violation_error_message="A public form needs a title.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class IntakeToken(models.Model):
    """A bearer token of a source. Only its SHA-256 is kept; the prefix tells tokens apart."""

    source = models.ForeignKey(IntakeSource, models.CASCADE, related_name="tokens")
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.prefix}…"


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def kept_back(self) -> SubmissionQuerySet:
        """What waits for somebody: it failed, or is held for a look."""
        return self.filter(state__in=[Submission.State.FAILED, Submission.State.HELD])

    def due(self, at: datetime) -> SubmissionQuerySet:
        """Those waiting to be processed, oldest first."""
        return self.filter(state=Submission.State.PENDING, next_attempt_at__lte=at).order_by(
            "next_attempt_at", "id"
        )


class Submission(models.Model):
    """One thing handed in, as received. What can't be processed stays here and can be retried."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        DONE = "done", "Processed"
        FAILED = "failed", "Failed"
        HELD = "held", "Held for a look"

    class Door(models.TextChoices):
        API = "api", "API"
        FORM = "form", "Public form"
        IMPORT = "import", "Import"
        MANUAL = "manual", "By hand"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.ForeignKey(IntakeSource, models.PROTECT, related_name="submissions")
    door = models.CharField(max_length=8, choices=Door)
    key = models.CharField(max_length=255, blank=True, help_text="Idempotency key.")
    body_sha256 = models.CharField(max_length=64)
    payload = JSONTextField()
    received_at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    is_historical = models.BooleanField(default=False)

    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    error = models.TextField(blank=True)
    processed_at = models.DateTimeField(null=True, blank=True)
    lead = models.ForeignKey(
        "Lead", models.PROTECT, null=True, blank=True, related_name="submissions"
    )
    handoff = models.ForeignKey(
        "Handoff", models.PROTECT, null=True, blank=True, related_name="submissions"
    )

    # Further leads that hold an e-mail, phone or number that it names: perhaps the same person.
    also_named: models.ManyToManyField[Lead, models.Model] = models.ManyToManyField(
        "Lead", blank=True, related_name="named_by"
    )

    objects: ClassVar[models.Manager[Submission]] = SubmissionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "key"],
                name="submission_key_once_per_source",
                condition=~Q(key=""),
            ),
            models.CheckConstraint(
                name="submission_done_has_a_lead",
                condition=~Q(state="done") | Q(lead__isnull=False, processed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="submission_failed_has_an_error", condition=~Q(state="failed") | ~Q(error="")
            ),
            models.CheckConstraint(
                name="submission_held_says_why", condition=~Q(state="held") | ~Q(error="")
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                name="submission_waiting",
                condition=Q(state="pending"),
            ),
            models.Index(fields=["-received_at"], name="submission_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.received_at:%Y-%m-%d %H:%M}"
