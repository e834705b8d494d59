"""Calendars: when there is working time. A calendar is a versioned document."""

from __future__ import annotations

from django.db import models

from leads.models import Document, Team, User, Version
from leads.models.people import validate_zone
from leads.triggers import locked_with_version


class CalendarTerms(models.Model):
    """What a version of a calendar says. `Schedule.from_dict` reads it (docs/sla.md)."""

    version = models.OneToOneField(Version, models.CASCADE, related_name="calendar_terms")
    zone = models.CharField(max_length=64, validators=[validate_zone])
    # {"mon": [["09:00", "17:00"]], …}; a day that is not named is closed.
    hours = models.JSONField(default=dict)
    # Public holidays of this country and subdivision, and the organisation's own days.
    holiday_country = models.CharField(max_length=2, blank=True)
    holiday_subdivision = models.CharField(max_length=10, blank=True)
    own_days = models.JSONField(default=list, blank=True, help_text='["2026-12-31"]')
    overrides = models.JSONField(
        default=dict, blank=True, help_text='{"2026-12-24": [["09:00", "12:00"]]}'
    )

    class Meta:
        verbose_name_plural = "calendar terms"
        triggers = [locked_with_version()]

    def __str__(self) -> str:
        return f"{self.version} ({self.zone})"


class TeamHours(models.Model):
    """Which calendar a team works by: its reps without hours of their own, and those within it."""

    team = models.OneToOneField(Team, models.CASCADE, related_name="team_hours")
    calendar = models.ForeignKey(Document, models.PROTECT, related_name="team_hours")

    class Meta:
        verbose_name_plural = "team hours"

    def __str__(self) -> str:
        return f"{self.team}: {self.calendar}"


class RepHours(models.Model):
    """Which calendar a rep works by, and whether only while the team's is open too."""

    rep = models.OneToOneField(User, models.CASCADE, related_name="rep_hours")
    calendar = models.ForeignKey(Document, models.PROTECT, related_name="rep_hours")
    within_team = models.BooleanField("only while the team is open", default=False)

    class Meta:
        verbose_name_plural = "rep hours"

    def __str__(self) -> str:
        return f"{self.rep}: {self.calendar}"
