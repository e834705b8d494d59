"""The lead, who it is, who owns it, and what was known about it when."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from leads.models.accounts import Account
from leads.models.people import Queue, Role, Team, User
from leads.models.stages import Stage, StageTransition
from leads.triggers import append_only, merged_for_good, moved_by_ledger, on_ledger

BANDS = [f"{fit}{readiness}" for fit in "ABC" for readiness in "123"]


class LeadQuerySet(models.QuerySet["Lead"]):
    def visible_to(self, user: User) -> LeadQuerySet:
        """Everything for ops, admins and viewers; a manager's teams and the shared queues; a rep's
        own."""
        if user.sees_everything:
            return self
        own = Q(owner=user)
        if user.has_role(Role.MANAGER):
            own |= Q(owner__team__manager=user) | Q(queue__isnull=False)
        return self.filter(own)

    def readable_by(self, user: User) -> LeadQuerySet:
        """What `visible_to` has, and the leads that `user`, or somebody whom they manage, had once:
        for reading one of them. Lists and numbers start from `visible_to`, so that nobody's leads
        are among a rep's own.
        """
        if user.sees_everything:
            return self
        had = user.answers_for().exclude(assignments=None).values("assignments__handoff__lead")
        return self.filter(Q(pk__in=self.visible_to(user).values("pk")) | Q(pk__in=had))

    def ever_with(self, team: Team) -> LeadQuerySet:
        """Leads that somebody who is now in `team` has or had, whoever has them today."""
        members = User.objects.filter(team=team)
        had = members.exclude(assignments=None).values("assignments__handoff__lead")
        return self.filter(Q(owner__in=members) | Q(pk__in=had))

    def live(self) -> LeadQuerySet:
        return self.filter(merged_into=None)

    def reached(self, stage: Stage) -> LeadQuerySet:
        """Leads that ever were in `stage` or in a later one, also as a lead that is part of them by
        now. Disqualified comes after none.
        """
        moves = StageTransition.objects.exclude(to_stage=Stage.Key.DISQUALIFIED)
        moves = moves.filter(to_stage__position__gte=stage.position)
        if stage.key == Stage.Key.DISQUALIFIED:
            moves = StageTransition.objects.filter(to_stage=stage)
        own, merged = (
            moves.filter(lead=OuterRef("pk")),
            moves.filter(lead__merged_into=OuterRef("pk")),
        )
        return self.filter(Exists(own) | Exists(merged))

    def to_reconsider(self, at: datetime) -> LeadQuerySet:
        """Live leads that somebody asked to judge again, or whose band changes by itself."""
        return self.live().filter(Q(reconsider_at__lte=at) | Q(band_changes_on__lte=at.date()))

    def staying_too_long(self, at: datetime) -> LeadQuerySet:
        """Live leads whose stay in their stage was too long by `at`, and nobody was told yet."""
        return self.live().filter(stay_due_at__lte=at)

    def overstaying(self, at: datetime) -> LeadQuerySet:
        """Live leads that have been in their stage for longer than it is meant to last."""
        longest = F("stage__longest_stay")
        return self.live().filter(stage_since__lte=at - longest)

    def searched(self, words: str) -> LeadQuerySet:
        """Leads whose name, e-mail, company or phone holds `words`, or nearly so, nearest
        first; and whom intake knows by them.
        """
        known = Identity.objects.known_by(words).values("lead")
        return (
            self.annotate(nearness=TrigramWordSimilarity(words, "search_text"))
            .filter(Q(search_text__icontains=words) | Q(nearness__gte=0.6) | Q(pk__in=known))
            .order_by("-nearness", "-id")
        )


class Lead(models.Model):
    """A person. What is written here is the latest; what we knew when is in `FactSnapshot`."""

    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    title = models.CharField(max_length=200, blank=True)
    company = models.CharField(max_length=200, blank=True)
    search_text = models.TextField(blank=True, editable=False)
    account = models.ForeignKey(
        Account, models.PROTECT, null=True, blank=True, related_name="leads"
    )
    source = models.ForeignKey("IntakeSource", models.PROTECT, related_name="leads")
    # Where the person first came from, as the source calls it: paid_search, social …
    # Blank: nobody said. "unknown": somebody said so.
    origin = models.CharField(max_length=80, blank=True)
    campaign = models.CharField(max_length=120, blank=True)
    entered_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    is_historical = models.BooleanField(default=False)

    stage = models.ForeignKey(Stage, models.PROTECT, related_name="leads")
    stage_seq = models.PositiveIntegerField(default=1)
    stage_since = models.DateTimeField()
    # When this stay in the stage will have been too long, until that was said. None: never.
    stay_due_at = models.DateTimeField(null=True, blank=True)
    # The stay, by its `stage_seq`, of which that was said.
    stay_told_seq = models.PositiveIntegerField(null=True, blank=True)

    # The first of its moves, by `seq`, that promises about stays have not followed. None: all were.
    follow_from_seq = models.PositiveIntegerField(null=True, blank=True)
    # Not before then, since it failed. None: at once.
    follow_at = models.DateTimeField(null=True, blank=True)

    owner = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="owned_leads"
    )
    queue = models.ForeignKey(Queue, models.PROTECT, null=True, blank=True, related_name="leads")
    owner_seq = models.PositiveIntegerField(default=1)

    fit = models.IntegerField(default=0)
    readiness = models.IntegerField(default=0)
    band = models.CharField(max_length=2, blank=True)
    band_changes_on = models.DateField(null=True, blank=True)
    scored_at = models.DateTimeField(null=True, blank=True)

    reconsider_at = models.DateTimeField(null=True, blank=True)
    # Since when that has failed, each time. None: it has not.
    reconsider_fails_since = models.DateTimeField(null=True, blank=True)
    # A lead that was sent back to nurture rests till this day, which begins at `wakes_at` for the
    # person who named it.
    nurture_until = models.DateField(null=True, blank=True)
    wakes_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged_leads"
    )

    last_hand_raise_at = models.DateTimeField(null=True, blank=True)
    # The first human response to the latest hand-raise.
    first_response_at = models.DateTimeField(null=True, blank=True)
    first_response_wall = models.DurationField(null=True, blank=True)
    first_response_working = models.DurationField(null=True, blank=True)

    objects: ClassVar[models.Manager[Lead]] = LeadQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="lead_owner_or_queue",
                condition=Q(owner=None, queue__isnull=False) | Q(owner__isnull=False, queue=None),
                violation_error_message="A lead has exactly one of an owner or a queue.",
            ),
            models.CheckConstraint(
                name="lead_band_exists", condition=Q(band="") | Q(band__in=BANDS)
            ),
            models.CheckConstraint(
                name="lead_rests_until_an_instant",
                condition=Q(nurture_until=None, wakes_at=None)
                | Q(nurture_until__isnull=False, wakes_at__isnull=False),
            ),
            models.CheckConstraint(
                name="lead_not_merged_into_itself",
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")),
            ),
            models.CheckConstraint(
                name="lead_merged_is_at_rest",
                condition=Q(merged_into=None) | Q(reconsider_at=None),
            ),
            models.CheckConstraint(
                name="lead_that_fails_is_tried_again",
                condition=Q(reconsider_fails_since=None) | Q(reconsider_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["reconsider_at"],
                name="lead_to_reconsider",
                condition=Q(reconsider_at__isnull=False),
            ),
            models.Index(
                fields=["reconsider_fails_since"],
                name="lead_reconsider_fails",
                condition=Q(reconsider_fails_since__isnull=False),
            ),
            models.Index(
                fields=["band_changes_on"],
                name="lead_band_changes",
                condition=Q(band_changes_on__isnull=False),
            ),
            models.Index(
                fields=["stay_due_at"],
                name="lead_stay_too_long",
                condition=Q(stay_due_at__isnull=False),
            ),
            models.Index(
                fields=["stage_since"],
                name="lead_follow_failed",
                condition=Q(follow_at__isnull=False),
            ),
            models.Index(
                fields=["-stage_since", "-id"],
                name="lead_to_follow",
                condition=Q(follow_from_seq__isnull=False),
            ),
            models.Index(fields=["-entered_at", "-id"], name="lead_newest"),
            models.Index(fields=["owner", "-entered_at"], name="lead_by_owner"),
            models.Index(fields=["stage", "-entered_at"], name="lead_by_stage"),
            GinIndex(name="lead_search", fields=["search_text"], opclasses=["gin_trgm_ops"]),
        ]
        triggers = [
            moved_by_ledger(
                "owner",
                columns="owner_id, queue_id",
                seq="owner_seq",
                fields=["owner_id", "queue_id", "owner_seq"],
            ),
            on_ledger(
                "owner",
                ledger="leads_ownershipchange",
                seq="owner_seq",
                match="entry.to_owner_id IS NOT DISTINCT FROM NEW.owner_id"
                " AND entry.to_queue_id IS NOT DISTINCT FROM NEW.queue_id",
            ),
            moved_by_ledger(
                "stage", columns="stage_id", seq="stage_seq", fields=["stage_id", "stage_seq"]
            ),
            on_ledger(
                "stage",
                ledger="leads_stagetransition",
                seq="stage_seq",
                match="entry.to_stage_id = NEW.stage_id",
            ),
            merged_for_good(),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.phone or f"Lead {self.pk}"

    @property
    def responsible(self) -> User | Queue:
        """The one rep or queue that answers for this lead."""
        holder = self.owner or self.queue
        assert holder is not None  # constraint lead_owner_or_queue
        return holder


class IdentityQuerySet(models.QuerySet["Identity"]):
    def known_by(self, words: str) -> IdentityQuerySet:
        """Those that `words` write, as an e-mail address or as a number with its country's code."""
        address = Q(kind=Identity.Kind.EMAIL, scope="", value=words.strip().casefold())
        number = "".join(each for each in words if each.isdigit() or each == "+")
        return self.filter(address | Q(kind=Identity.Kind.PHONE, scope="", value=number))


class Identity(models.Model):
    """One way of recognising a lead, normalised. No two leads share one."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        PHONE = "phone", "Phone"
        SOURCE_ID = "source_id", "Number at the source"

    lead = models.ForeignKey(Lead, models.PROTECT, related_name="identities")
    kind = models.CharField(max_length=10, choices=Kind)
    # The source whose numbers these are; blank for e-mail and phone, which mean the same anywhere.
    scope = models.CharField(max_length=60, blank=True)
    value = models.CharField(max_length=254)

    objects: ClassVar[models.Manager[Identity]] = IdentityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "scope", "value"],
                name="identity_is_one_leads",
                violation_error_message="Another lead has this e-mail, phone or number.",
            ),
            models.CheckConstraint(name="identity_is_not_blank", condition=~Q(value="")),
            models.CheckConstraint(
                name="identity_scope_by_kind",
                condition=Q(kind="source_id") & ~Q(scope="")
                | Q(kind__in=["email", "phone"], scope=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class FactSnapshot(models.Model):
    """All facts about a lead as they were known from an instant on, till the next snapshot."""

    lead = models.ForeignKey(Lead, models.PROTECT, related_name="fact_snapshots")
    known_from = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    facts = models.JSONField()
    submission = models.ForeignKey("Submission", models.PROTECT, null=True, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        indexes = [
            models.Index(fields=["lead", "-known_from", "-id"], name="facts_as_known"),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"Facts of lead {self.lead_id} from {self.known_from:%Y-%m-%d %H:%M}"


class OwnershipChange(models.Model):
    """One change of owner: the ledger that `Lead.owner` and `Lead.queue` must agree with."""

    class Source(models.TextChoices):
        INTAKE = "intake", "Intake"
        ROUTING = "routing", "Routing"
        REP = "rep", "Rep"
        MANAGER = "manager", "Manager"
        ESCALATION = "escalation", "Escalation"
        IMPORT = "import", "Import"

    lead = models.ForeignKey(Lead, models.PROTECT, related_name="ownership_changes")
    seq = models.PositiveIntegerField()
    from_owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    from_queue = models.ForeignKey(Queue, models.PROTECT, null=True, blank=True, related_name="+")
    to_owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    to_queue = models.ForeignKey(Queue, models.PROTECT, null=True, blank=True, related_name="+")
    source = models.CharField(max_length=12, choices=Source)
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["lead", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["lead", "seq"], name="ownership_seq_is_unique"),
            models.CheckConstraint(
                name="ownership_to_owner_or_queue",
                condition=Q(to_owner=None, to_queue__isnull=False)
                | Q(to_owner__isnull=False, to_queue=None),
            ),
            models.CheckConstraint(name="ownership_has_a_reason", condition=~Q(reason="")),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.to_owner or self.to_queue}: {self.reason}"


class RefusedOwnership(models.Model):
    """A new owner that was asked for and not taken: a stronger or a newer word stood against it."""

    lead = models.ForeignKey(Lead, models.PROTECT, related_name="refused_ownerships")
    to_owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    to_queue = models.ForeignKey(Queue, models.PROTECT, null=True, blank=True, related_name="+")
    source = models.CharField(max_length=12, choices=OwnershipChange.Source)
    reason = models.CharField(max_length=200)
    # The entry in the ledger that stood against it.
    against = models.ForeignKey(OwnershipChange, models.PROTECT, related_name="+")
    because = models.CharField(max_length=200)
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["lead", "id"]
        constraints = [
            models.CheckConstraint(
                name="refused_ownership_to_owner_or_queue",
                condition=Q(to_owner=None, to_queue__isnull=False)
                | Q(to_owner__isnull=False, to_queue=None),
            ),
            models.CheckConstraint(name="refused_ownership_says_why", condition=~Q(because="")),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"Not {self.to_owner or self.to_queue}: {self.because}"
