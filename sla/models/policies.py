"""Policies: which promise holds for which handoff. A policy set is a versioned document."""

from __future__ import annotations

import operator
from functools import reduce

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from leads.models import VersionedRow
from leads.triggers import VERSION_IS_LOCKED, refuses
from sla.lengths import length_text


class Policy(VersionedRow):
    """A row of the policy set: the first whose conditions hold decides. The last has none."""

    conditions = models.JSONField(default=list, blank=True)

    # The promises that a form has read for it, not saved; None: those that are stored.
    typed_targets: list[Target] | None = None

    class Meta(VersionedRow.Meta):
        verbose_name_plural = "policies"


# What may start a promise of each kind; the first is usual. The prospect's never starts later than
# they asked.
STARTS = {
    "passed": ("hand_raise", "opened"),
    "received": ("passed",),
    "accept": ("passed",),
    "first_touch": ("passed", "accepted"),
    "first_response": ("hand_raise",),
    "qualified": ("accepted", "passed"),
    "review": ("review",),
}


def _starts_where_it_can() -> Q:
    each = (Q(kind=kind, starts__in=starts) for kind, starts in STARTS.items())
    return reduce(operator.or_, each, Q(starts=""))


def check_shares(shares: list[int]) -> None:
    """Raise ValidationError unless `shares` are percents that rise."""
    if shares != sorted({share for share in shares if 0 < share < 100}):
        raise ValidationError("Warn at rising shares, each from 1 to 99 percent.")


class Target(models.Model):
    """One promise of a policy: something is done within `allowed`, from its start event on."""

    class Kind(models.TextChoices):
        PASSED = "passed", "Passing to a rep"
        RECEIVED = "received", "Opening the lead"
        ACCEPT = "accept", "Accept or reject"
        FIRST_TOUCH = "first_touch", "First touch"
        FIRST_RESPONSE = "first_response", "First response"
        QUALIFIED = "qualified", "Qualifying"
        REVIEW = "review", "Review"

    class Start(models.TextChoices):
        HAND_RAISE = "hand_raise", "Hand-raise, else the opening"
        OPENED = "opened", "Opening of the handoff"
        PASSED = "passed", "Passing to the rep"
        ACCEPTED = "accepted", "Acceptance"
        REVIEW = "review", "Entering review"

    class Measure(models.TextChoices):
        WORKING = "working", "Working time"
        WALL = "wall", "Wall time"

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="targets")
    kind = models.CharField(max_length=16, choices=Kind)
    measure = models.CharField(max_length=8, choices=Measure)
    allowed = models.DurationField()
    starts = models.CharField(
        "starts with",
        max_length=10,
        choices=Start,
        blank=True,
        help_text="Nothing: what is usual for such a promise.",
    )
    # Shares of `allowed`, in percent, at which somebody is warned; 100 is the breach itself.
    warn_at = ArrayField(
        models.PositiveSmallIntegerField(), default=list, blank=True, validators=[check_shares]
    )
    goes_on = models.BooleanField(
        "goes on with the next rep",
        default=False,
        help_text="What reps have used of the time counts for whoever has the lead next. Off: it"
        " starts anew.",
    )
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
            models.CheckConstraint(
                name="target_goes_on_if_due_once",
                condition=Q(goes_on=False) | Q(kind__in=["first_touch", "qualified"]),
                violation_error_message="Only a first touch and qualifying go on with the next rep:"
                " the rest is asked of each.",
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
            models.CheckConstraint(
                name="target_starts_where_it_can",
                condition=_starts_where_it_can(),
                violation_error_message="Such a promise can’t start with that.",
            ),
        ]
        triggers = [
            refuses(
                "warns_in_order",
                rule=(
                    "NEW.warn_at <> ARRAY(SELECT DISTINCT share FROM unnest(NEW.warn_at) share"
                    " WHERE share BETWEEN 1 AND 99 ORDER BY share)"
                ),
                sentence="Warn at rising shares, each from 1 to 99 percent.",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
            ),
            refuses(
                "locked_with_version",
                rule=(
                    "EXISTS (SELECT 1 FROM leads_version version JOIN sla_policy policy"
                    " ON policy.version_id = version.id"
                    " WHERE policy.id IN (NEW.policy_id, OLD.policy_id)"
                    " AND version.locked_at IS NOT NULL)"
                ),
                sentence=VERSION_IS_LOCKED,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.terms}"

    @property
    def terms(self) -> str:
        """What is promised: "within 15 minutes, working time, warned at 50 and 80 %"."""
        told = [f"within {length_text(self.allowed)}", self.get_measure_display().lower()]
        if self.starts:
            told.append(f"from: {self.get_starts_display().lower()}")
        if self.warn_at:
            told.append(f"warned at {' and '.join(map(str, self.warn_at))} %")
        if self.goes_on:
            told.append("goes on with the next rep")
        if self.reroute_after is not None:
            told.append(f"to the next rep {length_text(self.reroute_after)} later")
        return ", ".join(told)

    @property
    def start(self) -> Start:
        """The start event: the one that was chosen, else the usual one."""
        return self.Start(self.starts or STARTS[self.kind][0])
