"""Clocks: running promises. Only `next_at` is looked at by the sweep."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from leads.models import Assignment, Handoff, Lead, Role, Touch, User, Version
from leads.triggers import append_only
from sla.models.policies import Target
from sla.models.promises import in_a_sentence

# The kind of the one clock that no policy promises and no person can stop: that of the mail which
# answers a prospect at once.
INSTANT_ANSWER = "instant_answer"


class ClockQuerySet(models.QuerySet["Clock"]):
    def visible_to(self, user: User) -> ClockQuerySet:
        if user.sees_everything:
            return self
        own = Q(lead__owner=user)
        if user.has_role(Role.MANAGER):
            own |= Q(lead__owner__team__manager=user) | Q(lead__queue__isnull=False)
        return self.filter(own)

    def running(self) -> ClockQuerySet:
        return self.filter(stopped_at=None)

    def of_people(self) -> ClockQuerySet:
        """Those of what a person is to do, not of what the system does by itself."""
        return self.exclude(kind=INSTANT_ANSWER)

    def to_fire(self, at: datetime) -> ClockQuerySet:
        """Running clocks with a level due by `at`, oldest first."""
        return self.running().filter(next_at__lte=at).order_by("next_at", "id")


class Clock(models.Model):
    """The time that a promise has left. The rep's belongs to the assignment, the prospect's to
    the handoff. `due_at` follows from its start and its pauses, by the versions named here.
    """

    class StopReason(models.TextChoices):
        MET = "met", "Done"
        ENDED = "ended", "No longer asked for"

    lead = models.ForeignKey(Lead, models.PROTECT, related_name="clocks")
    handoff = models.ForeignKey(Handoff, models.PROTECT, related_name="clocks")
    assignment = models.ForeignKey(
        Assignment, models.PROTECT, null=True, blank=True, related_name="clocks"
    )
    kind = models.CharField(
        max_length=16, choices=[*Target.Kind.choices, (INSTANT_ANSWER, "Instant answer")]
    )
    seq = models.PositiveSmallIntegerField(default=1)
    measure = models.CharField(max_length=8, choices=Target.Measure)
    policies = models.ForeignKey(Version, models.PROTECT, related_name="+")
    policy_label = models.CharField(max_length=120)
    calendar = models.ForeignKey(Version, models.PROTECT, null=True, blank=True, related_name="+")
    # The team's calendar, where the rep's hours count only while the team is open.
    within = models.ForeignKey(Version, models.PROTECT, null=True, blank=True, related_name="+")
    allowed = models.DurationField()
    # What earlier reps had used of it, where the promise goes on with the next one.
    used_before = models.DurationField(default=timedelta)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    # The ladder: percents of `allowed`, rising, 100 among them; each with its instant and with what
    # is done then, "" where the deadline alone is noted.
    levels = ArrayField(models.PositiveSmallIntegerField())
    level_ats = ArrayField(models.DateTimeField())
    actions = ArrayField(models.CharField(max_length=14, blank=True), default=list, blank=True)
    # At which levels people are told in their quiet hours too.
    urgent = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    next_level = models.PositiveSmallIntegerField(null=True, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)
    # The kinds of pauses in which it stands still, as its promise said when it started.
    pauses = ArrayField(models.CharField(max_length=8), default=list, blank=True)
    # Handoffs in which the prospect's ran before this one, whose pauses it stood still in.
    ran_in = ArrayField(models.BigIntegerField(), default=list, blank=True)
    # It goes on in another handoff: what became of it is judged there.
    went_on = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Somebody is on it: no step is done till then. Which was the last, so that each is said once.
    acknowledged_until = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+"
    )
    acknowledged_level = models.PositiveSmallIntegerField(null=True, blank=True)
    # Since when the handoff is to be taken from who has not answered, by a step of the ladder.
    reroute_at = models.DateTimeField(null=True, blank=True)
    breached_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    stop_reason = models.CharField(max_length=8, choices=StopReason, blank=True)
    stop_evidence = models.CharField(max_length=200, blank=True)
    # Time used till it was stopped, by earlier reps too, in the clock's own measure.
    elapsed = models.DurationField(null=True, blank=True)

    objects: ClassVar[models.Manager[Clock]] = ClockQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="clock_due_after_start",
                condition=Q(due_at__gt=F("started_at")),
                violation_error_message="A deadline must come after its start.",
            ),
            models.CheckConstraint(
                name="clock_stopped_says_why",
                condition=Q(stopped_at=None, stop_reason="", elapsed=None)
                | (Q(stopped_at__isnull=False, elapsed__isnull=False) & ~Q(stop_reason="")),
            ),
            models.CheckConstraint(
                name="clock_next_while_running",
                condition=Q(next_at=None, next_level=None)
                | Q(stopped_at=None, next_at__isnull=False, next_level__isnull=False),
            ),
            models.CheckConstraint(
                name="clock_acknowledged_by_somebody",
                condition=Q(acknowledged_until=None, acknowledged_by=None)
                | Q(acknowledged_until__isnull=False, acknowledged_by__isnull=False),
            ),
            models.CheckConstraint(
                name="clock_reroutes_a_turn",
                condition=Q(reroute_at=None) | Q(assignment__isnull=False),
            ),
            models.CheckConstraint(
                name="clock_knows_its_steps",
                condition=Q(stopped_at__isnull=False) | Q(actions__len=F("levels__len")),
            ),
            models.CheckConstraint(
                name="clock_working_has_a_calendar",
                condition=Q(measure="wall") | Q(calendar__isnull=False),
            ),
            models.CheckConstraint(
                name="clock_within_has_a_calendar",
                condition=Q(within=None) | Q(calendar__isnull=False),
            ),
            models.CheckConstraint(
                name="clock_has_time_left_at_its_start",
                condition=Q(
                    used_before__gte=models.Value("0 s", models.DurationField()),
                    used_before__lt=F("allowed"),
                ),
            ),
            models.UniqueConstraint(
                fields=["handoff", "kind", "seq"],
                name="clock_once_per_handoff",
                condition=Q(assignment=None),
            ),
            models.UniqueConstraint(
                fields=["assignment", "kind", "seq"],
                name="clock_once_per_assignment",
                condition=Q(assignment__isnull=False),
            ),
        ]
        indexes = [
            # What the sweep reads: only clocks that can still fire.
            models.Index(
                fields=["next_at", "id"], name="clock_can_fire", condition=Q(next_at__isnull=False)
            ),
            # What an alarm is about.
            models.Index(
                fields=["due_at"],
                name="clock_fails",
                condition=Q(next_at__isnull=False, attempts__gt=0),
            ),
            models.Index(
                fields=["handoff", "due_at"], name="clock_running", condition=Q(stopped_at=None)
            ),
            models.Index(fields=["kind", "started_at"], name="clock_by_start"),
            models.Index(
                fields=["reroute_at"],
                name="clock_reroutes",
                condition=Q(reroute_at__isnull=False, stopped_at=None),
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} by {self.due_at:%Y-%m-%d %H:%M}"

    @property
    def what(self) -> str:
        """What is promised, within a sentence: "first touch"."""
        return in_a_sentence(self.get_kind_display())

    @property
    def reached(self) -> int | None:
        """The level of the ladder that was passed last; None: none yet."""
        left = self.next_level or max(self.levels, default=0) + 1
        return max((level for level in self.levels if level < left), default=None)

    @property
    def is_running(self) -> bool:
        return self.stopped_at is None


class ClockEvent(models.Model):
    """What a clock did, once each: `due_at` is when it should have, `processed_at` when it did.

    Of a stop, `due_at` is when the thing was done; who did it, by which channel and in which touch
    is the evidence. Of a move it is when somebody moved the deadline.
    """

    class Kind(models.TextChoices):
        STARTED = "started", "Started"
        WARNED = "warned", "Warned"
        BREACHED = "breached", "Missed"
        ESCALATED = "escalated", "Still missed"
        SKIPPED = "skipped", "Skipped"
        HELD = "held", "Acknowledged"
        MOVED = "moved", "Moved"
        STOPPED = "stopped", "Stopped"

    class Channel(models.TextChoices):
        """Those of touches, and what is done on the pages."""

        OPENED = "opened", "Opened here"
        ANSWERED = "answered", "Answered here"
        CALL = Touch.Channel.CALL.value, Touch.Channel.CALL.label
        EMAIL = Touch.Channel.EMAIL.value, Touch.Channel.EMAIL.label
        MEETING = Touch.Channel.MEETING.value, Touch.Channel.MEETING.label
        SOCIAL = Touch.Channel.SOCIAL.value, Touch.Channel.SOCIAL.label
        OTHER = Touch.Channel.OTHER.value, Touch.Channel.OTHER.label

    clock = models.ForeignKey(Clock, models.PROTECT, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind)
    level = models.PositiveSmallIntegerField(default=0)
    # The step of the ladder that was done; "" where nobody was to be told.
    action = models.CharField(max_length=14, choices=Target.Action, blank=True)
    due_at = models.DateTimeField()
    processed_at = models.DateTimeField()
    detail = models.CharField(max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    channel = models.CharField(max_length=10, choices=Channel, blank=True)
    touch = models.ForeignKey(
        Touch, models.PROTECT, null=True, blank=True, related_name="clock_events"
    )
    moved_from = models.DateTimeField(null=True, blank=True)
    moved_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["clock", "id"]
        constraints = [
            models.CheckConstraint(
                name="clock_event_moves_a_deadline",
                condition=Q(kind="moved", moved_from__isnull=False, moved_to__isnull=False)
                | (~Q(kind="moved") & Q(moved_from=None, moved_to=None)),
            ),
            models.CheckConstraint(
                name="clock_event_evidence_is_of_a_stop",
                condition=Q(kind="stopped") | Q(channel="", touch=None),
            ),
            models.CheckConstraint(
                name="clock_event_touch_is_somebodys",
                condition=Q(touch=None)
                | Q(by__isnull=False, channel__in=[each.value for each in Touch.Channel]),
            ),
            models.UniqueConstraint(
                fields=["clock", "kind", "level"], name="clock_event_happens_once"
            ),
            models.UniqueConstraint(
                fields=["clock", "level"],
                name="clock_step_happens_once",
                condition=Q(kind__in=["warned", "breached", "escalated", "skipped"]),
            ),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.level or ''}".strip()
