"""Policies: which promise holds for which handoff. A policy set is a versioned document."""

from __future__ import annotations

import operator
from functools import reduce
from itertools import groupby

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from leads.models import Touch, VersionedRow
from leads.percents import PERCENT
from leads.triggers import VERSION_IS_LOCKED, refuses
from sla.lengths import length_text, over_touches
from sla.models.promises import (
    ACTIONS,
    CADENCE,
    HIGHEST_LEVEL,
    IN_ORDER,
    MOST_TOUCHES,
    ONCE_LATE,
    PASSED_ON,
    STANDING_STILL,
    STARTS,
    pause_words,
)


class Policy(VersionedRow):
    """A row of the policy set: the first whose conditions hold decides. The last has none."""

    conditions = models.JSONField(default=list, blank=True)

    # The promises that a form has read for it, not saved; None: those that are stored.
    typed_targets: list[Target] | None = None

    class Meta(VersionedRow.Meta):
        verbose_name_plural = "policies"


def check_shares(shares: list[int]) -> None:
    """Raise ValidationError unless `shares` are percents that rise."""
    if shares != sorted({share for share in shares if 0 < share <= HIGHEST_LEVEL}):
        raise ValidationError(IN_ORDER)


def _starts_where_it_can() -> Q:
    each = (Q(kind=kind, starts__in=starts) for kind, starts in STARTS.items())
    return reduce(operator.or_, each, Q(starts=""))


class Target(models.Model):
    """One promise of a policy: something is done within `allowed`, from its start event on."""

    class Kind(models.TextChoices):
        FIRST_RESPONSE = "first_response", "First response"
        PASSED = "passed", "Passing to a rep"
        RECEIVED = "received", "Opening the lead"
        ACCEPT = "accept", "Accept or reject"
        FIRST_TOUCH = "first_touch", "First touch"
        FOLLOW_UP = "follow_up", "Next touch"
        OUTCOME = "outcome", "Outcome of a touch"
        QUALIFIED = "qualified", "Qualifying"
        REVIEW = "review", "Review"
        STAY_MQL = "stay_mql", "Moving on from MQL"
        STAY_SAL = "stay_sal", "Moving on from SAL"
        STAY_SQL = "stay_sql", "Moving on from SQL"

    class Start(models.TextChoices):
        HAND_RAISE = "hand_raise", "Hand-raise, else the opening"
        OPENED = "opened", "Opening of the handoff"
        BAND = "band", "Hand-raise or better band, else the opening"
        PASSED = "passed", "Passing to the rep"
        ACCEPTED = "accepted", "Acceptance"
        TOUCHED = "touched", "The last touch"
        REVIEW = "review", "Entering review"
        STAGE = "stage", "Entering the stage"

    class Measure(models.TextChoices):
        WORKING = "working", "Working time"
        WALL = "wall", "Wall time"

    class Action(models.TextChoices):
        """What a step of the ladder does. The rep is whoever has the lead; in a queue its owner,
        whom its backup stands behind as a manager does.
        """

        REMIND = "remind", "remind the rep"
        REMIND_COVER = "remind_cover", "remind the rep and the cover"
        TELL_MANAGER = "tell_manager", "tell the manager"
        TELL_ADMINS = "tell_admins", "tell RevOps admins"
        WRITE = "write", "write to the prospect"
        REASSIGN = "reassign", "pass it on"

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
    # The ladder: shares of `allowed` in percent, beyond the deadline too, and what is done at each.
    levels = ArrayField(
        models.PositiveSmallIntegerField(), default=list, blank=True, validators=[check_shares]
    )
    actions = ArrayField(models.CharField(max_length=14, choices=Action), default=list, blank=True)
    # At which of its levels it tells people in their quiet hours too.
    urgent = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    goes_on = models.BooleanField(
        "goes on with the next rep",
        default=False,
        help_text="What reps have used of the time counts for whoever has the lead next. Off: it"
        " starts anew.",
    )
    # Of a cadence: each next touch is due so long after the last, till there are so many in all, by
    # so many channels.
    touches = models.PositiveSmallIntegerField("touches in all", null=True, blank=True)
    channels = models.PositiveSmallIntegerField("channels at least", default=1)
    # Kinds of `Pause`.
    pauses = ArrayField(
        models.CharField(max_length=8), verbose_name="stands still", default=list, blank=True
    )

    class Meta:
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(
                name="target_does_what_it_can",
                condition=Q(actions__contained_by=list(ACTIONS)),
                violation_error_message="There is no such step.",
            ),
            models.CheckConstraint(
                name="target_is_urgent_at_a_step",
                condition=Q(urgent__contained_by=F("levels")),
                violation_error_message="Quiet hours can be broken only where there is a step.",
            ),
            models.CheckConstraint(
                name="target_passes_on_what_waits_for_a_rep",
                condition=~Q(actions__contains=["reassign"]) | Q(kind__in=list(PASSED_ON)),
                violation_error_message="Only what a rep has not opened, answered or touched is"
                " passed on.",
            ),
            models.CheckConstraint(
                name="target_goes_on_if_due_once",
                condition=Q(goes_on=False) | Q(kind__in=["first_touch", "qualified"]),
                violation_error_message="Only a first touch and qualifying go on with the next rep:"
                " the rest is asked of each.",
            ),
            models.CheckConstraint(
                name="target_cadence_has_touches",
                condition=Q(
                    kind="follow_up",
                    touches__isnull=False,  # which makes neither true nor false of what follows
                    touches__gte=2,
                    touches__lte=MOST_TOUCHES,
                    channels__gte=1,
                    channels__lte=len(Touch.Channel),
                )
                | (~Q(kind="follow_up") & Q(touches=None, channels=1)),
                violation_error_message=CADENCE,
            ),
            models.CheckConstraint(
                name="target_stands_still_once_accepted",
                condition=Q(pauses=[]) | Q(kind__in=list(STANDING_STILL)),
                violation_error_message="Only what may be due after the acceptance stands still"
                " while the lead rests.",
            ),
            models.CheckConstraint(
                name="target_stands_still_in_known_pauses",
                condition=Q(pauses__contained_by=["snoozed", "waiting"]),
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
                name="target_is_due_within_a_year",
                condition=Q(
                    measure="wall",
                    allowed__lte=models.Value("366 days", models.DurationField()),
                )
                | Q(
                    measure="working",
                    allowed__lte=models.Value("1000 hours", models.DurationField()),
                ),
                violation_error_message="A promise takes 366 days at most, in working time 1,000"
                " hours.",
            ),
            models.CheckConstraint(
                name="target_starts_where_it_can",
                condition=_starts_where_it_can(),
                violation_error_message="Such a promise can’t start with that.",
            ),
        ]
        triggers = [
            refuses(
                "steps_in_order",
                rule=(
                    "cardinality(NEW.levels) <> cardinality(NEW.actions) OR NEW.levels <>"
                    " ARRAY(SELECT DISTINCT level FROM unnest(NEW.levels) level"
                    f" WHERE level BETWEEN 1 AND {HIGHEST_LEVEL} ORDER BY level)"
                ),
                sentence=IN_ORDER,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
            ),
            refuses(
                "passed_on_once_late",
                rule=(
                    "EXISTS (SELECT 1 FROM unnest(NEW.levels, NEW.actions) step (level, action)"
                    " WHERE action = 'reassign' AND level < 100)"
                ),
                sentence=ONCE_LATE,
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
        return f"{self.get_kind_display()}{':' if self.touches else ''} {self.terms}"

    def clean(self) -> None:
        if len(self.levels) != len(self.actions):
            raise ValidationError(IN_ORDER)
        ladder = zip(self.levels, self.actions, strict=True)
        if any(action == "reassign" and percent < 100 for percent, action in ladder):
            raise ValidationError(ONCE_LATE)

    @property
    def terms(self) -> str:
        """What is promised: "within 15 minutes, working time; at 80 % remind the rep"."""
        told = [self._within(), self.get_measure_display().lower()]
        if self.starts:
            told.append(f"from: {self.get_starts_display().lower()}")
        if self.goes_on:
            told.append("goes on with the next rep")
        if self.pauses:
            told.append(f"stands still while {' or '.join(map(pause_words, self.pauses))}")
        ladder = [
            f"at {' and '.join(str(percent) for percent, _ in steps)}{PERCENT} {action.label}"
            for action, steps in groupby(self.steps, key=operator.itemgetter(1))
        ]
        if self.urgent:
            ladder.append(f"in quiet hours too at {' and '.join(map(str, self.urgent))}{PERCENT}")
        return "; ".join([", ".join(told), ", ".join(ladder)]) if ladder else ", ".join(told)

    def _within(self) -> str:
        """Return by when: "within 15 minutes", or what a cadence asks for in all and next."""
        in_days = self.measure == self.Measure.WALL
        within = f"within {length_text(self.allowed, in_days=in_days)}"
        if not self.touches:
            return within
        over = length_text(over_touches(self.touches, self.allowed), in_days=in_days)
        by = f" by {self.channels} channels at least" if self.channels > 1 else ""
        return f"{self.touches} touches over {over}{by}: the next {within}"

    @property
    def steps(self) -> list[tuple[int, Action]]:
        """What is done at which percent of the time, in order."""
        return list(zip(self.levels, map(self.Action, self.actions), strict=True))

    @property
    def told_at(self) -> list[int]:
        """At which percents somebody here is told: not where the prospect is written to."""
        return [percent for percent, action in self.steps if action != self.Action.WRITE]

    @property
    def start(self) -> Start:
        """The start event: the one that was chosen, else the usual one."""
        return self.Start(self.starts or STARTS[self.kind][0])
