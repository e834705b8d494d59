"""How much a rep can take, and of what."""

from __future__ import annotations

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from leads.models import User


@pghistory.track()
class Capacity(models.Model):
    rep = models.OneToOneField(User, models.CASCADE, related_name="capacity")
    is_online = models.BooleanField("takes new leads", default=True)
    max_open = models.PositiveSmallIntegerField(null=True, blank=True)
    max_per_day = models.PositiveSmallIntegerField(null=True, blank=True)
    max_per_week = models.PositiveSmallIntegerField(null=True, blank=True)
    skills = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    languages = ArrayField(models.CharField(max_length=8), default=list, blank=True)

    class Meta:
        verbose_name_plural = "capacities"
        constraints = [
            models.CheckConstraint(
                name="capacity_caps_above_zero",
                condition=~Q(max_open=0) & ~Q(max_per_day=0) & ~Q(max_per_week=0),
                violation_error_message="A cap is at least 1. Who takes no leads at all is"
                " switched off with “takes new leads”.",
            ),
        ]

    def __str__(self) -> str:
        return f"Capacity of {self.rep}"
