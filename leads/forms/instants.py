"""Instants and days that people type, kept where the database and the calendar can follow."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone

FURTHEST = timedelta(days=5 * 365)

# Validators of a day to filter by.
SENSIBLE_DAYS = [
    MinValueValidator(date(1970, 1, 1), "Choose a day from 1970 on."),
    MaxValueValidator(date(2999, 12, 31), "Choose a day before the year 3000."),
]


def check_sensible(at: datetime) -> None:
    """Raise ValidationError for a year that the database keeps and nothing can read back."""
    if not 1970 <= at.year < 3000:
        raise ValidationError("Choose a day from 1970 on and before the year 3000.")


class NearInstantField(forms.DateTimeField):
    """A date and time in the reader's zone, at most `FURTHEST` from now."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def validate(self, value: datetime | None) -> None:
        super().validate(value)
        if value is not None and abs(value - timezone.now()) > FURTHEST:
            raise ValidationError("Choose a time within five years of today.")
