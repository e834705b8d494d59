"""Territories: which part of the world is whose."""

from __future__ import annotations

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from leads.models import User
from routing.models.rotas import Rota


@pghistory.track()
class Territory(models.Model):
    """A blank list means any. Where two match, the lower precedence number decides."""

    name = models.CharField(max_length=80, unique=True)
    precedence = models.PositiveSmallIntegerField(unique=True)
    countries = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    states = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    industries = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    employees_from = models.PositiveIntegerField(null=True, blank=True)
    employees_to = models.PositiveIntegerField(null=True, blank=True)
    domains = ArrayField(
        models.CharField(max_length=253),
        verbose_name="companies",
        default=list,
        blank=True,
        help_text="A list of companies by name, each by its domain.",
    )
    rep = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="territories")
    rota = models.ForeignKey(
        Rota, models.PROTECT, null=True, blank=True, related_name="territories"
    )

    class Meta:
        verbose_name_plural = "territories"
        ordering = ["precedence"]
        constraints = [
            models.CheckConstraint(
                name="territory_rep_or_rota",
                condition=Q(rep=None, rota__isnull=False) | Q(rep__isnull=False, rota=None),
                violation_error_message="A territory is one rep's or one rota's.",
            ),
            models.CheckConstraint(
                name="territory_size_in_order",
                condition=Q(employees_from=None)
                | Q(employees_to=None)
                | Q(employees_from__lte=F("employees_to")),
                violation_error_message="The smallest size must not be above the largest.",
            ),
            models.CheckConstraint(
                name="territory_says_where",
                condition=~Q(countries=[])
                | ~Q(states=[])
                | ~Q(industries=[])
                | Q(employees_from__isnull=False)
                | Q(employees_to__isnull=False)
                | ~Q(domains=[]),
                violation_error_message="Name at least a country, state, industry, size or"
                " company.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
