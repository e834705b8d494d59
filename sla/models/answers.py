"""What a prospect who asked for a person is written at once, and to whom it went."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

import pghistory
import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery

from leads.models import Handoff, IntakeSource, Touch, User
from sla.models.outgoing import Outgoing, OutgoingQuerySet

SUBJECT = "Your request to {{ our_name }}: what happens next"
BODY = """Hello {{ first_name }},

thank you for getting in touch with {{ our_name }}. Your request has reached us.

What happens next: a person reads it and gets in touch with you {{ expected_time }}.
{{ owner_name }} is looking after it.

Would you rather choose a time yourself? Book one here: {{ booking_link }}

{{ our_name }}
"""


@pghistory.track()
class AnswerTemplate(models.Model):
    """The one row of what prospects are written at once, within what time, and whether at all."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    is_on = models.BooleanField("switched on", default=False)
    sources = models.ManyToManyField(
        IntakeSource, blank=True, related_name="answer_templates", verbose_name="for"
    )
    within_minutes = models.PositiveSmallIntegerField(
        "goes out within",
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(60)],
        help_text="Minutes from when they asked.",
    )
    subject = models.CharField(max_length=150, default=SUBJECT)
    body = models.TextField("text", max_length=4000, default=BODY)
    # Rises with each change, so that nobody overwrites what they have not seen. 0: as shipped.
    revision = models.PositiveIntegerField(default=0, editable=False)
    changed_at = models.DateTimeField(null=True, editable=False)
    changed_by = models.ForeignKey(
        User, models.PROTECT, null=True, editable=False, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="answer_template_is_one", condition=Q(id=1)),
            models.CheckConstraint(
                name="answer_template_within_an_hour",
                condition=Q(within_minutes__range=(1, 60)),
                violation_error_message="Between 1 and 60 minutes.",
            ),
        ]

    def __str__(self) -> str:
        return "Instant answer"

    @property
    def within(self) -> timedelta:
        return timedelta(minutes=self.within_minutes)


class InstantAnswerQuerySet(OutgoingQuerySet["InstantAnswer"]):
    def due_to_hold(self, since: datetime, at: datetime) -> InstantAnswerQuerySet:
        """Those that went out and told of a time between `since` and `at`."""
        sent = self.filter(state=Outgoing.State.SENT)
        return sent.filter(expected_by__gt=since, expected_by__lte=at)

    def with_heard_at(self) -> InstantAnswerQuerySet:
        """Add when their prospect first heard from a person since they asked, whatever handoff
        that was in: theirs may go on in another one. None: not yet.
        """
        since = {"lead": OuterRef("handoff__lead"), "occurred_at__gte": OuterRef("asked_at")}
        touches = Touch.objects.filter(**since, is_automated=False).order_by("occurred_at")
        return self.annotate(heard_at=Subquery(touches.values("occurred_at")[:1]))

    def held(self) -> InstantAnswerQuerySet:
        """Those whose prospect had heard from a person by the time that they were told."""
        return self.with_heard_at().filter(Q(heard_at__lte=F("expected_by")))

    def not_held(self) -> InstantAnswerQuerySet:
        late = Q(heard_at__gt=F("expected_by"))
        return self.with_heard_at().filter(late | Q(heard_at=None))


class InstantAnswer(Outgoing):
    """The one mail that the prospect of a handoff gets at once. Written with the handoff, sent
    afterwards; `subject` and `body` are what went out.

    expected_by: the time that they are told, as `expected_text`. None: none is told.
    error:       why it was dropped, or what the last attempt failed with.
    """

    handoff = models.OneToOneField(Handoff, models.PROTECT, related_name="instant_answer")
    source = models.ForeignKey(IntakeSource, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    # Written since nobody had answered, by a step of a ladder; it has no clock of its own.
    is_by_ladder = models.BooleanField(default=False)
    expected_by = models.DateTimeField(null=True, blank=True)
    expected_text = models.CharField(max_length=120, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    body = models.TextField(blank=True)

    objects: ClassVar[models.Manager[InstantAnswer]] = InstantAnswerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="instant_answer_sent_is_on_record",
                condition=~Q(state="sent") | (Q(sent_at__isnull=False) & ~Q(body="")),
            ),
            models.CheckConstraint(
                name="instant_answer_dropped_says_why",
                condition=~Q(state="dropped") | ~Q(error=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["send_after", "id"],
                name="instant_answer_to_send",
                condition=Q(state="waiting"),
            ),
            models.Index(
                fields=["expected_by"],
                name="instant_answer_by_time",
                condition=Q(state="sent"),
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"Instant answer to {self.handoff.lead}"
