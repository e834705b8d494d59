"""Attributes that RevOps declares: facts of this organisation's own."""

from __future__ import annotations

import pghistory
import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from leads.facts import FactType
from leads.triggers import refuses

# What a submission may call an attribute.
SLUG = r"^[a-z][a-z0-9_]{0,39}$"


@pghistory.track()
class CustomFact(models.Model):
    """A fact that rules may ask as `custom.<slug>`. Versions that were published may ask for it, so
    it is switched off, never deleted, and keeps what conditions depend on; choices may be added.
    """

    # What conditions depend on.
    FIXED = ("slug", "type", "unit", "is_ordered")

    class Type(models.TextChoices):
        TEXT = FactType.TEXT.value, "Text"
        NUMBER = FactType.NUMBER.value, "Number"
        BOOLEAN = FactType.BOOLEAN.value, "Yes or no"
        CHOICE = FactType.CHOICE.value, "One of a list"
        LIST = FactType.LIST.value, "Several texts"
        DATE = FactType.DATE.value, "Date"

    slug = models.CharField(
        "name in data",
        max_length=40,
        unique=True,
        validators=[RegexValidator(SLUG, "Small letters, digits and _, beginning with a letter.")],
        help_text="As sources send it. Fixed: rules and imports depend on it.",
    )
    type = models.CharField(max_length=8, choices=Type)
    label = models.CharField(max_length=80)
    help = models.CharField(max_length=200, blank=True)
    unit = models.CharField(max_length=20, blank=True, help_text="% keeps it from 0 to 100.")
    choices = ArrayField(
        models.CharField(max_length=80),
        default=list,
        blank=True,
        help_text="For one of a list: the values, separated by commas, lowest first.",
    )
    is_ordered = models.BooleanField(
        "choices have an order", default=False, help_text="So that “at least” means something."
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["label"]
        constraints = [
            models.CheckConstraint(
                name="custom_fact_slug_of_plain_letters", condition=Q(slug__regex=SLUG)
            ),
            models.CheckConstraint(
                name="custom_fact_choices_where_needed",
                condition=Q(type="choice", choices__len__gt=0)
                | (~Q(type="choice") & Q(choices=[])),
                violation_error_message="One of a list needs its list, and nothing else has one.",
            ),
            models.CheckConstraint(
                name="custom_fact_unit_of_a_number",
                condition=Q(unit="") | Q(type="number"),
                violation_error_message="Only a number has a unit.",
            ),
        ]
        triggers = [
            refuses(
                "custom_fact_stays_what_it_is",
                rule=(
                    "ROW(NEW.slug, NEW.type, NEW.unit, NEW.is_ordered)"
                    " IS DISTINCT FROM ROW(OLD.slug, OLD.type, OLD.unit, OLD.is_ordered)"
                    " OR NOT NEW.choices @> OLD.choices"
                ),
                sentence=(
                    "An attribute keeps its name, type, unit, order and choices: published rules"
                    " ask for them. Declare another one."
                ),
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
            ),
            pgtrigger.Protect(name="custom_fact_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def name(self) -> str:
        """As conditions name it."""
        return f"custom.{self.slug}"
