"""Rotas: groups of reps who take turns."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Q

from leads.models import Assignment, User
from leads.triggers import append_only


@pghistory.track()
class Rota(models.Model):
    class Method(models.TextChoices):
        IN_TURN = "in_turn", "In turn, everybody alike"
        BY_WEIGHT = "by_weight", "In turn, by weight"
        LEAST_WORK = "least_work", "Whoever has the least open work"

    name = models.CharField(max_length=80, unique=True)
    method = models.CharField(
        "whose turn it is", max_length=12, choices=Method, default=Method.BY_WEIGHT
    )
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class RotaMember(models.Model):
    rota = models.ForeignKey(Rota, models.CASCADE, related_name="members")
    rep = models.ForeignKey(User, models.PROTECT, related_name="rota_memberships")
    weight = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rota", "rep"],
                name="rota_has_a_rep_once",
                violation_error_message="This rep is in the rota already.",
            ),
            models.CheckConstraint(
                name="rota_weight_reasonable",
                condition=Q(weight__range=(1, 100)),
                violation_error_message="A weight lies between 1 and 100.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rep} in {self.rota}"


class Turn(models.Model):
    """A turn that a rep took, numbered under the rota's lock.

    A `stretch` is the turns of one kind of lead while the same reps, with the same weights, were
    eligible: fairness is counted within one, so that nobody who comes or returns is flooded. Leads
    that are not for everybody, and those that are held, have stretches of their own in between.

    It carries what the next turns need to know (`routing/turns.py`), itself counted; turns of
    before it was carried have empty lists, and none goes on with them.
    """

    rota = models.ForeignKey(Rota, models.PROTECT, related_name="turns")
    number = models.PositiveIntegerField()
    stretch = models.PositiveIntegerField()
    kind = models.CharField(
        max_length=32,
        default="",
        help_text="Digest of whom the lead was not for, and of whether such leads are held.",
    )
    eligible = models.CharField(max_length=64, help_text="Digest of who was eligible.")
    rep = models.ForeignKey(User, models.PROTECT, related_name="turns")
    assignment = models.OneToOneField(Assignment, models.PROTECT, related_name="turn")
    # [[rep, turns]]: in the round of the stretch; [] once it is complete.
    had_in_round = models.JSONField(default=list)
    # [[rep, number]]: of the newest turn of each.
    last_turns = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        ordering = ["rota", "number"]
        constraints = [
            models.UniqueConstraint(fields=["rota", "number"], name="turn_number_is_unique"),
        ]
        indexes = [
            models.Index(fields=["rota", "stretch", "rep"], name="turn_within_stretch"),
            models.Index(fields=["rota", "kind", "-number"], name="turn_newest_of_kind"),
        ]
        triggers = [
            append_only(),
            pgtrigger.Trigger(
                name="turns_without_a_gap",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=(
                    "IF NEW.number <> 1 AND NOT EXISTS (SELECT 1 FROM routing_turn"
                    " WHERE rota_id = NEW.rota_id AND number = NEW.number - 1) THEN"
                    " RAISE EXCEPTION 'Turns of a rota are numbered without a gap.'"
                    " USING ERRCODE = 'check_violation'; END IF; RETURN NEW;"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rota} {self.number}: {self.rep}"
