"""The outbox, and the pulse of each process."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q

from leads.models import Handoff, Lead, Role, User
from sla.models.outgoing import Outgoing, OutgoingQuerySet


class NotificationQuerySet(OutgoingQuerySet["Notification"]):
    def to_release(self, at: datetime) -> NotificationQuerySet:
        """E-mails that are due by `at` and of which nobody has said yet that they may go."""
        return self.to_send(at).filter(channel=Notification.Channel.EMAIL, released_at=None)

    def left_behind(self, at: datetime, *, since: datetime) -> NotificationQuerySet:
        """E-mails due by `at` that were let go, and whose sender died with them or has not come to
        them `since` then.
        """
        died_or_stopped = Q(attempts__gt=0) | Q(released_at__lte=since)
        return self.to_send(at).filter(died_or_stopped, released_at__isnull=False)

    def visible_to(self, user: User) -> NotificationQuerySet:
        return self.filter(recipient=user)

    def logged_for(self, user: User) -> NotificationQuerySet:
        """What was told to whom, for those who look after that: all, for ops; for a manager what
        was told to their teams, or of a lead that is theirs to read. None for others.
        """
        if user.has_role(Role.ADMIN, Role.MARKETING_OPS):
            return self
        if not user.has_role(Role.MANAGER):
            return self.none()
        leads = Lead.objects.readable_by(user).values("pk")
        theirs = Q(recipient=user) | Q(recipient__team__manager=user)
        return self.filter(theirs | Q(lead__in=leads) | Q(handoff__lead__in=leads))


class Notification(Outgoing):
    """One message to one person by one channel. Written with what it tells of, sent afterwards."""

    class Channel(models.TextChoices):
        APP = "app", "In Handoff"
        EMAIL = "email", "E-mail"

    class Kind(models.TextChoices):
        PASSED = "passed", "Lead passed to you"
        HAND_RAISE = "hand_raise", "Raised a hand again"
        BAND = "band", "In a better band"
        WARNING = "warning", "Deadline near"
        BREACH = "breach", "Deadline missed"
        REVIEW = "review", "Waits for review"
        MOVED = "moved", "Moved to somebody else"
        MERGED = "merged", "Merged with another lead"
        ANSWERED = "answered", "Answered by the rep"
        STAY = "stay", "Too long in a stage"
        LIST = "list", "Several at once"
        NO_ADDRESS = "no_address", "Somebody can’t be mailed"
        GIVEN_UP = "given_up", "E-mails given up"

    recipient = models.ForeignKey(User, models.PROTECT, related_name="notifications")
    channel = models.CharField(max_length=6, choices=Channel)
    kind = models.CharField(max_length=12, choices=Kind)
    # What this message is about, so that it is written once: "passed:assignment:12".
    key = models.CharField(max_length=120)
    subject = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    handoff = models.ForeignKey(
        Handoff, models.PROTECT, null=True, blank=True, related_name="notifications"
    )
    # What it is about where that is no handoff.
    lead = models.ForeignKey(
        Lead, models.PROTECT, null=True, blank=True, related_name="notifications"
    )
    # An e-mail that may come in quiet hours, and since when it may go.
    is_urgent = models.BooleanField(default=False)
    released_at = models.DateTimeField(null=True, blank=True)
    # The e-mail that lists it with others.
    listed_in = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="listed"
    )
    # When the mail server took it, or a page of the app showed its reader that it is there.
    delivered_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    # Whether it may go now is asked anew: its receiver may have gone home.
    on_retry = {"released_at": None}

    objects: ClassVar[models.Manager[Notification]] = NotificationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "channel", "key"], name="notification_written_once"
            ),
            models.CheckConstraint(
                name="notification_sent_has_an_instant",
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
            ),
            models.CheckConstraint(
                name="notification_listed_in_a_list",
                condition=~Q(state="listed") | Q(listed_in__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["send_after", "id"],
                name="notification_to_send",
                condition=Q(state="waiting"),
            ),
            models.Index(
                fields=["recipient", "-created_at"],
                name="notification_unseen",
                condition=Q(channel="app", seen_at=None),
            ),
            # What only somebody can set going again.
            models.Index(
                fields=["recipient"],
                name="notification_stuck",
                condition=Q(state__in=["parked", "nowhere"]),
            ),
            # How many e-mails somebody had within an hour.
            models.Index(
                fields=["recipient", "released_at"],
                name="notification_released",
                condition=Q(released_at__isnull=False, listed_in=None),
            ),
        ]

    def __str__(self) -> str:
        return self.subject


class Heartbeat(models.Model):
    """When a process last did its work: silence is an alarm. Or since when something is away."""

    name = models.CharField(primary_key=True, max_length=60)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.beat_at:%H:%M:%S}"


class RunningProcess(models.Model):
    """One of the processes that do the same: of several, one may die while the others beat on."""

    name = models.CharField(max_length=60)
    host = models.CharField(max_length=120)
    pid = models.PositiveIntegerField()
    beat_at = models.DateTimeField()
    # It said that it ends: its silence is none.
    has_ended = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "running processes"
        constraints = [
            models.UniqueConstraint(fields=["name", "host", "pid"], name="running_process_once")
        ]

    def __str__(self) -> str:
        return f"{self.host}, number {self.pid}"
