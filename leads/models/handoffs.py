"""The handoff: a contract about one lead between two roles, with its assignments and touches."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, NullIf, Right
from django.db.models.lookups import LessThanOrEqual

from leads.models.documents import Version
from leads.models.leads import BANDS, Lead
from leads.models.people import Queue, Role, SalesRole, User
from leads.models.stages import Stage
from leads.triggers import open_of_no_merged_lead, refuses, rep_as_assigned


class Hop(models.Model):
    """From which role to which a handoff goes, and which stages it moves the lead through."""

    key = models.SlugField(unique=True)
    label = models.CharField(max_length=80)
    from_role = models.CharField(max_length=10, choices=SalesRole)
    to_role = models.CharField(max_length=10, choices=SalesRole)
    accept_stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    qualify_stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    return_stage = models.ForeignKey(
        Stage, models.PROTECT, related_name="+", help_text="Where a rejected lead returns to."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="hop_between_two_roles",
                condition=~Q(from_role=F("to_role")),
                violation_error_message="A handoff goes from one role to another.",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class HandoffQuerySet(models.QuerySet["Handoff"]):
    def visible_to(self, user: User) -> HandoffQuerySet:
        """Everything for ops, admins and viewers; a manager's teams and the shared queues, a closed
        one only with its lead, which others may have by now; a rep's own.
        """
        if user.sees_everything:
            return self
        own = Q(owner=user)
        if user.has_role(Role.MANAGER):
            leads = Lead.objects.visible_to(user).values("pk")
            own |= Q(owner__team__manager=user) | Q(queue__isnull=False, lead__in=leads)
        return self.filter(own)

    def open(self) -> HandoffQuerySet:
        return self.exclude(state=Handoff.State.CLOSED)

    def in_review(self) -> HandoffQuerySet:
        return self.filter(state=Handoff.State.REVIEW)

    def risen(self) -> HandoffQuerySet:
        """Open ones whose lead is in a better band than any that is noted of them."""
        best = Coalesce(NullIf("better_band", Value("")), "band")
        is_as_ready = LessThanOrEqual(Right("lead__band", 1), Right(best, 1))
        both = self.open().exclude(Q(band="") | Q(lead__band=""))
        return both.filter(is_as_ready, lead__band__lt=best)

    def with_reps(self) -> HandoffQuerySet:
        return self.filter(state__in=[Handoff.State.PASSED, Handoff.State.ACCEPTED])


class Handoff(models.Model):
    class State(models.TextChoices):
        REVIEW = "review", "In review"
        WAITING = "waiting", "Waiting"
        PASSED = "passed", "Passed"
        ACCEPTED = "accepted", "Accepted"
        CLOSED = "closed", "Closed"

    class ClosedAs(models.TextChoices):
        QUALIFIED = "qualified", "Qualified"
        RECYCLED = "recycled", "Recycled"
        DISQUALIFIED = "disqualified", "Disqualified"
        REJECTED = "rejected", "Rejected"
        MERGED = "merged", "Merged"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class Path(models.TextChoices):
        HAND_RAISE = "hand_raise", "Hand-raise"
        SCORE = "score", "Score"
        WAKE = "wake", "Rest is over"
        MANUAL = "manual", "By hand"
        IMPORT = "import", "Import"

    lead = models.ForeignKey(Lead, models.PROTECT, related_name="handoffs")
    hop = models.ForeignKey(Hop, models.PROTECT, related_name="handoffs")
    previous = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="next_hops"
    )
    state = models.CharField(max_length=10, choices=State)
    closed_as = models.CharField(max_length=12, choices=ClosedAs, blank=True)
    path = models.CharField(max_length=12, choices=Path)
    # Which hand-raise, depth rule or band opened it: its key in the criteria, and in words.
    trigger_key = models.CharField(max_length=60, blank=True)
    reason = models.CharField("why now", max_length=300)
    priority = models.SmallIntegerField(default=0, help_text="Higher goes first.")
    owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="handoffs")
    queue = models.ForeignKey(Queue, models.PROTECT, null=True, blank=True, related_name="handoffs")
    # Facts without which it can't be passed, and why else it is in review.
    missing = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    review_reason = models.CharField(max_length=300, blank=True)
    reroute_at = models.DateTimeField(null=True, blank=True)

    criteria = models.ForeignKey(Version, models.PROTECT, null=True, blank=True, related_name="+")
    fit = models.IntegerField(null=True, blank=True)
    readiness = models.IntegerField(null=True, blank=True)
    band = models.CharField(max_length=2, blank=True)
    # The best band that its lead has risen to since, while it is open.
    better_band = models.CharField(max_length=2, blank=True)
    packet = models.JSONField(default=dict, blank=True)

    opened_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    hand_raised_at = models.DateTimeField(null=True, blank=True)
    passed_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    # First human response to what opened this handoff; working time by the rep's calendar.
    first_response_at = models.DateTimeField(null=True, blank=True)
    first_response_wall = models.DurationField(null=True, blank=True)
    first_response_working = models.DurationField(null=True, blank=True)
    is_historical = models.BooleanField(default=False)

    objects: ClassVar[models.Manager[Handoff]] = HandoffQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead"],
                name="handoff_one_open_per_lead",
                condition=~Q(state="closed"),
                violation_error_message="This lead has an open handoff already.",
            ),
            models.CheckConstraint(
                name="handoff_owner_or_queue",
                condition=Q(owner=None, queue__isnull=False) | Q(owner__isnull=False, queue=None),
            ),
            models.CheckConstraint(
                name="handoff_with_a_rep_once_passed",
                condition=Q(state__in=["review", "waiting"], owner=None)
                | Q(state__in=["passed", "accepted"], owner__isnull=False)
                | Q(state="closed"),
            ),
            models.CheckConstraint(
                name="handoff_closed_says_how",
                condition=Q(state="closed", closed_at__isnull=False) & ~Q(closed_as="")
                | (~Q(state="closed") & Q(closed_as="", closed_at=None)),
            ),
            models.CheckConstraint(
                name="handoff_accepted_has_an_instant",
                condition=~Q(state="accepted") | Q(accepted_at__isnull=False),
            ),
            models.CheckConstraint(
                name="handoff_passed_has_an_instant",
                condition=~Q(state__in=["passed", "accepted"]) | Q(passed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="handoff_review_says_why",
                condition=~Q(state="review") | ~Q(missing=[]) | ~Q(review_reason=""),
            ),
            models.CheckConstraint(
                name="handoff_band_exists", condition=Q(band="") | Q(band__in=BANDS)
            ),
            models.CheckConstraint(
                name="handoff_better_band_is_better",
                condition=Q(better_band="") | Q(better_band__in=BANDS, better_band__lt=F("band")),
            ),
            models.CheckConstraint(
                name="handoff_reroute_while_waiting",
                condition=Q(reroute_at=None) | Q(state="waiting"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["owner", "state"], name="handoff_open_by_rep", condition=~Q(state="closed")
            ),
            models.Index(
                fields=["queue", "opened_at"],
                name="handoff_in_queue",
                condition=Q(state__in=["review", "waiting"]),
            ),
            models.Index(
                fields=["reroute_at"],
                name="handoff_to_reroute",
                condition=Q(reroute_at__isnull=False),
            ),
            models.Index(fields=["opened_at"], name="handoff_by_opening"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
            refuses(
                "closed_for_good",
                rule="OLD.state = 'closed' AND NEW.state <> 'closed'",
                sentence="A closed handoff stays closed. New evidence opens another one.",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("state"),
            ),
            rep_as_assigned("NEW.id", pgtrigger.Insert | pgtrigger.UpdateOf("state", "owner_id")),
            open_of_no_merged_lead(),
        ]

    def __str__(self) -> str:
        return f"{self.lead}: {self.get_state_display().lower()}"

    @property
    def is_open(self) -> bool:
        return self.state != self.State.CLOSED

    @property
    def best_band(self) -> str:
        """The best band of its lead since it was opened; "": nobody knows any."""
        return self.better_band or self.band

    @property
    def opened_by(self) -> str:
        """The path in words: depth of intent takes that of a hand-raise, and nobody raised one."""
        if self.path == self.Path.HAND_RAISE and self.hand_raised_at is None:
            return "Depth of intent"
        return self.Path(self.path).label


class Assignment(models.Model):
    """One rep's turn at a handoff: passed, perhaps received, answered, ended."""

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"

    class Outcome(models.TextChoices):
        QUALIFIED = "qualified", "Qualified"
        RECYCLED = "recycled", "Recycled"
        DISQUALIFIED = "disqualified", "Disqualified"
        REJECTED = "rejected", "Rejected"
        HANDED_BACK = "handed_back", "Handed back"
        REASSIGNED = "reassigned", "Reassigned"
        REROUTED = "rerouted", "Rerouted"
        MERGED = "merged", "Merged"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class Evidence(models.TextChoices):
        OPENED = "opened", "Packet opened"
        TOUCH = "touch", "Touch logged"
        ANSWERED = "answered", "Answered"
        IMPORTED = "imported", "Imported"

    handoff = models.ForeignKey(Handoff, models.PROTECT, related_name="assignments")
    seq = models.PositiveSmallIntegerField()
    rep = models.ForeignKey(User, models.PROTECT, related_name="assignments")
    passed_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True, blank=True)
    evidence = models.CharField(max_length=10, choices=Evidence, blank=True)
    answer = models.CharField(max_length=10, choices=Answer, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, choices=Outcome, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["handoff", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["handoff", "seq"], name="assignment_seq_is_unique"),
            models.UniqueConstraint(
                fields=["handoff"],
                name="assignment_one_open_per_handoff",
                condition=Q(ended_at=None),
            ),
            models.CheckConstraint(
                name="assignment_received_with_evidence",
                condition=Q(received_at=None, evidence="")
                | (Q(received_at__isnull=False) & ~Q(evidence="")),
            ),
            models.CheckConstraint(
                name="assignment_answered_with_an_answer",
                condition=Q(answered_at=None, answer="")
                | (Q(answered_at__isnull=False) & ~Q(answer="")),
            ),
            models.CheckConstraint(
                name="assignment_ended_with_an_outcome",
                condition=Q(ended_at=None, outcome="")
                | (Q(ended_at__isnull=False) & ~Q(outcome="")),
            ),
        ]
        indexes = [
            models.Index(fields=["rep", "passed_at"], name="assignment_by_rep"),
        ]
        triggers = [
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
            rep_as_assigned("NEW.handoff_id", pgtrigger.Insert | pgtrigger.Update),
        ]

    def __str__(self) -> str:
        return f"{self.handoff_id}.{self.seq} to {self.rep}"


class Touch(models.Model):
    """An attempt to reach a lead. Logged once, never edited, but for its lead, which may be merged
    into another; its outcome may be said later.
    """

    class Channel(models.TextChoices):
        CALL = "call", "Call"
        EMAIL = "email", "E-mail"
        MEETING = "meeting", "Meeting"
        SOCIAL = "social", "Social message"
        OTHER = "other", "Other"

    class Outcome(models.TextChoices):
        SENT = "sent", "Sent"
        NO_ANSWER = "no_answer", "No answer"
        REPLIED = "replied", "Replied"
        SPOKE = "spoke", "Spoke"
        MEETING_BOOKED = "meeting_booked", "Meeting booked"

    lead = models.ForeignKey(Lead, models.PROTECT, related_name="touches")
    handoff = models.ForeignKey(
        Handoff, models.PROTECT, null=True, blank=True, related_name="touches"
    )
    assignment = models.ForeignKey(
        Assignment, models.PROTECT, null=True, blank=True, related_name="touches"
    )
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="touches")
    is_automated = models.BooleanField(default=False)
    channel = models.CharField(max_length=10, choices=Channel)
    outcome = models.CharField(max_length=16, choices=Outcome, blank=True)
    # When the outcome was said, if that was later.
    outcome_at = models.DateTimeField(null=True, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    note = models.TextField(blank=True)
    is_historical = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "touches"
        constraints = [
            models.CheckConstraint(
                name="touch_by_a_person_or_automated",
                condition=Q(is_automated=True, by=None) | Q(is_automated=False, by__isnull=False),
            ),
            models.CheckConstraint(
                name="touch_outcome_is_said_by_who_made_it",
                condition=Q(outcome="", outcome_at=None, is_automated=False)
                | (~Q(outcome="") & (Q(outcome_at=None) | Q(is_automated=False))),
            ),
        ]
        indexes = [
            models.Index(fields=["lead", "-occurred_at"], name="touch_by_lead"),
            models.Index(fields=["handoff", "occurred_at"], name="touch_by_handoff"),
            models.Index(fields=["by", "occurred_at"], name="touch_by_person"),
            models.Index(fields=["handoff"], name="touch_without_outcome", condition=Q(outcome="")),
        ]
        triggers = [
            pgtrigger.Protect(name="never_removed", operation=pgtrigger.Delete),
            refuses(
                "outcome_said_once",
                rule=(
                    "ROW(OLD.outcome, OLD.outcome_at)"
                    " IS DISTINCT FROM ROW(NEW.outcome, NEW.outcome_at)"
                    " AND (OLD.outcome <> '' OR NEW.outcome = '' OR NEW.outcome_at IS NULL)"
                    " OR to_jsonb(OLD) - '{outcome,outcome_at,lead_id}'::text[]"
                    " <> to_jsonb(NEW) - '{outcome,outcome_at,lead_id}'::text[]"
                ),
                sentence="A touch stays as it was logged; what came of it is said once.",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
            ),
        ]

    def __str__(self) -> str:
        said = self.get_outcome_display().lower() if self.outcome else "outcome to come"
        return f"{self.get_channel_display()}: {said}"
