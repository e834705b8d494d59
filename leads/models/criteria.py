"""The definition of a qualified lead, as rows of a version, and the scores it gave.

Each table holds what the dataclass of the same name in `leads/scoring.py` needs.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from leads.models.documents import Version, VersionedRow
from leads.models.leads import BANDS, Lead
from leads.triggers import append_only, locked_with_version


class FitRule(VersionedRow):
    """Points for what a lead or its company is."""

    conditions = models.JSONField()
    points = models.SmallIntegerField()
    is_required = models.BooleanField("hard requirement", default=False)


class Disqualifier(VersionedRow):
    """What rules a lead out, whatever its score."""

    conditions = models.JSONField()


class Signal(VersionedRow):
    """Points for what a lead did."""

    class Intent(models.TextChoices):
        HIGH = "high", "High intent"
        MEANINGFUL = "meaningful", "Meaningful"
        SUPPORTIVE = "supportive", "Supportive"

    class Decay(models.TextChoices):
        NONE = "none", "None"
        LINEAR = "linear", "Linear over the window"
        HALF_LIFE = "half_life", "Half-life"

    kind = models.CharField("activity", max_length=40)
    where = models.JSONField(default=dict, blank=True)
    points = models.SmallIntegerField()
    intent = models.CharField(max_length=10, choices=Intent)
    decay = models.CharField(max_length=10, choices=Decay, default=Decay.NONE)
    half_life_days = models.PositiveSmallIntegerField(null=True, blank=True)
    window_days = models.PositiveSmallIntegerField(default=90)
    cap = models.SmallIntegerField(null=True, blank=True)
    group = models.SlugField(max_length=40, blank=True)

    class Meta(VersionedRow.Meta):
        constraints = [
            *VersionedRow.Meta.constraints,
            models.CheckConstraint(
                name="signal_half_life_where_needed",
                condition=Q(decay="half_life", half_life_days__isnull=False, half_life_days__gt=0)
                | (~Q(decay="half_life") & Q(half_life_days=None)),
                violation_error_message="Only that decay has a half-life, of a day or more.",
            ),
            models.CheckConstraint(
                name="signal_window_of_some_days",
                condition=Q(window_days__range=(1, 730)),
                violation_error_message="The window is between 1 and 730 days.",
            ),
        ]


class Modifier(VersionedRow):
    """Points for a buying signal that is known as a fact."""

    conditions = models.JSONField()
    points = models.SmallIntegerField()


class GroupCap(models.Model):
    """The most that a group of signals can give together."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="groupcaps")
    group = models.SlugField(max_length=40)
    cap = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["group"]
        constraints = [
            models.UniqueConstraint(fields=["version", "group"], name="group_has_one_cap"),
        ]
        triggers = [locked_with_version()]

    def __str__(self) -> str:
        return f"{self.group} up to {self.cap}"


class HandRaise(VersionedRow):
    """Something a prospect does that asks for a person: it opens a handoff by itself."""

    kind = models.CharField("activity", max_length=40)
    where = models.JSONField(default=dict, blank=True)
    times = models.PositiveSmallIntegerField(default=1)
    window_days = models.PositiveSmallIntegerField(default=30)

    class Meta(VersionedRow.Meta):
        constraints = [
            *VersionedRow.Meta.constraints,
            models.CheckConstraint(
                name="hand_raise_at_least_once",
                condition=Q(times__gt=0),
                violation_error_message="A hand-raise happens at least once.",
            ),
        ]


class DepthRule(VersionedRow):
    """So many high-intent, meaningful and supportive acts within the window open a handoff."""

    high = models.PositiveSmallIntegerField(default=0)
    meaningful = models.PositiveSmallIntegerField(default=0)
    supportive = models.PositiveSmallIntegerField(default=0)
    window_days = models.PositiveSmallIntegerField(default=30)

    class Meta(VersionedRow.Meta):
        constraints = [
            *VersionedRow.Meta.constraints,
            models.CheckConstraint(
                name="depth_rule_asks_for_something",
                condition=Q(high__gt=0) | Q(meaningful__gt=0) | Q(supportive__gt=0),
                violation_error_message="Ask for at least one act.",
            ),
        ]


class RequiredField(models.Model):
    """A fact without which a handoff of this path goes to review, or can't be qualified."""

    class Path(models.TextChoices):
        ANY = "any", "Every handoff"
        HAND_RAISE = "hand_raise", "After a hand-raise"
        SCORE = "score", "By score"
        SQL = "sql", "To qualify (SQL)"

    version = models.ForeignKey(Version, models.CASCADE, related_name="requiredfields")
    path = models.CharField(max_length=12, choices=Path, default=Path.ANY)
    fact = models.CharField(max_length=60)

    class Meta:
        ordering = ["path", "fact"]
        constraints = [
            models.UniqueConstraint(fields=["version", "path", "fact"], name="required_field_once"),
        ]
        triggers = [locked_with_version()]

    def __str__(self) -> str:
        return f"{self.fact} ({self.path})"


class ChecklistItem(VersionedRow):
    """What a rep confirms in conversation before a lead counts as sales qualified."""

    class Framework(models.TextChoices):
        BANT = "bant", "BANT"
        MEDDIC = "meddic", "MEDDIC"
        OWN = "own", "Our own"

    framework = models.CharField(max_length=8, choices=Framework, default=Framework.OWN)
    help = models.CharField(max_length=200, blank=True)
    is_required = models.BooleanField("must be confirmed", default=False)


class ChecklistAnswer(models.Model):
    """An item of the checklist as the rep answered it when the lead was qualified."""

    handoff = models.ForeignKey("Handoff", models.PROTECT, related_name="checklist_answers")
    item = models.ForeignKey(ChecklistItem, models.PROTECT, related_name="answers")
    is_confirmed = models.BooleanField()

    class Meta:
        ordering = ["handoff", "item__position"]
        constraints = [
            models.UniqueConstraint(fields=["handoff", "item"], name="checklist_item_once"),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.item}: {'yes' if self.is_confirmed else 'no'}"


class Bands(models.Model):
    """Where fit turns from C to B to A, readiness from 3 to 2 to 1, and which bands open."""

    version = models.OneToOneField(Version, models.CASCADE, related_name="bands")
    fit_a = models.SmallIntegerField()
    fit_b = models.SmallIntegerField()
    readiness_1 = models.SmallIntegerField()
    readiness_2 = models.SmallIntegerField()
    opens_at = ArrayField(
        models.CharField(max_length=2, choices=[(band, band) for band in BANDS]),
        default=list,
        blank=True,
    )

    class Meta:
        verbose_name_plural = "bands"
        constraints = [
            models.CheckConstraint(
                name="bands_thresholds_in_order",
                condition=Q(fit_a__gt=F("fit_b"), readiness_1__gt=F("readiness_2")),
                violation_error_message="A needs more than B, and 1 more than 2.",
            ),
            models.CheckConstraint(
                name="bands_open_at_known_bands", condition=Q(opens_at__contained_by=BANDS)
            ),
        ]
        triggers = [locked_with_version()]

    def __str__(self) -> str:
        return f"Bands of {self.version}"


class ScoreSnapshot(models.Model):
    """A score at an instant, with everything it was made of."""

    lead = models.ForeignKey(Lead, models.PROTECT, related_name="score_snapshots")
    version = models.ForeignKey(Version, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    fit = models.IntegerField()
    readiness = models.IntegerField()
    band = models.CharField(max_length=2)
    breakdown = models.JSONField()
    handoff = models.ForeignKey(
        "Handoff", models.PROTECT, null=True, blank=True, related_name="score_snapshots"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="score_band_exists", condition=Q(band__in=BANDS)),
        ]
        indexes = [models.Index(fields=["lead", "-at", "-id"], name="score_newest")]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.band} at {self.at:%Y-%m-%d %H:%M}"
