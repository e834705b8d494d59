"""Calendars: when there is working time. A calendar is a versioned document."""

from __future__ import annotations

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models

from leads.countries import COUNTRIES
from leads.models import Document, Team, User, Version
from leads.models.people import validate_zone
from leads.triggers import locked_with_version, refuses
from sla.calendar_words import NOTHING, days_in_words, overrides_in_words, week_in_words
from sla.holiday_days import parts_of_country, public_holidays
from sla.opening_hours import WorkingTimeError, objections, read_list

HOLIDAY_YEARS = range(2000, 2061)


class CalendarTerms(models.Model):
    """What a version of a calendar says. `Schedule.from_dict` reads it (docs/working-time.md)."""

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
        verbose_name = verbose_name_plural = "hours"
        triggers = [locked_with_version()]

    def __str__(self) -> str:
        return f"{self.version} ({self.zone})"

    def clean(self) -> None:
        if told := self.objections():
            raise ValidationError(told)

    def objections(self) -> list[str]:
        """Return why these hours are refused, each as a sentence; none means they are fine."""
        try:
            told = objections(self.document())
        except WorkingTimeError as error:
            told = [str(error)]
        return [f"{each[:1].upper()}{each[1:]}" for each in told]

    def document(self) -> dict[str, object]:
        """Return what `Schedule.from_dict` reads. Raises UnknownRegion."""
        return {
            "tz": self.zone,
            "hours": self.hours,
            "holidays": [*read_list({"own days": self.own_days}, "own days"), *self._holidays()],
            "overrides": self.overrides,
        }

    def _holidays(self) -> list[str]:
        if not self.holiday_country:
            return []
        region = self.holiday_country, self.holiday_subdivision or None
        return [holiday.day.isoformat() for holiday in public_holidays(*region, HOLIDAY_YEARS)]

    def get_hours_display(self) -> str:
        return week_in_words(self.hours)

    def get_holiday_country_display(self) -> str:
        return COUNTRIES.get(self.holiday_country, self.holiday_country) or NOTHING

    def get_holiday_subdivision_display(self) -> str:
        parts = dict(parts_of_country(self.holiday_country))
        return parts.get(self.holiday_subdivision, self.holiday_subdivision) or NOTHING

    def get_own_days_display(self) -> str:
        return days_in_words(self.own_days)

    def get_overrides_display(self) -> str:
        return overrides_in_words(self.overrides)


def worked_by_or_retired(operation: pgtrigger.Operation) -> pgtrigger.Trigger:
    """At commit, no team and nobody works by a calendar that is retired, nor who has left: they may
    come back.
    """
    return refuses(
        "worked_by_or_retired",
        rule=(
            "EXISTS (SELECT 1 FROM sla_retiredcalendar WHERE calendar_id = NEW.calendar_id) AND ("
            "EXISTS (SELECT 1 FROM sla_teamhours WHERE calendar_id = NEW.calendar_id)"
            " OR EXISTS (SELECT 1 FROM sla_rephours WHERE calendar_id = NEW.calendar_id))"
        ),
        sentence="Nobody works by a calendar that is retired.",
        when=pgtrigger.After,
        operation=operation,
        timing=pgtrigger.Deferred,
    )


class RetiredCalendar(models.Model):
    """A calendar that nobody is to work by any more. What was counted by it stays."""

    calendar = models.OneToOneField(Document, models.PROTECT, related_name="retired")
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        triggers = [worked_by_or_retired(pgtrigger.Insert)]

    def __str__(self) -> str:
        return f"{self.calendar}, retired"


class TeamHours(models.Model):
    """Which calendar a team works by: its reps without hours of their own, and those within it."""

    team = models.OneToOneField(Team, models.CASCADE, related_name="team_hours")
    calendar = models.ForeignKey(Document, models.PROTECT, related_name="team_hours")

    class Meta:
        verbose_name_plural = "team hours"
        triggers = [worked_by_or_retired(pgtrigger.Insert | pgtrigger.UpdateOf("calendar_id"))]

    def __str__(self) -> str:
        return f"{self.team}: {self.calendar}"


class RepHours(models.Model):
    """Which calendar a rep works by, and whether only while the team's is open too."""

    rep = models.OneToOneField(User, models.CASCADE, related_name="rep_hours")
    calendar = models.ForeignKey(Document, models.PROTECT, related_name="rep_hours")
    within_team = models.BooleanField("only while the team is open", default=False)

    class Meta:
        verbose_name_plural = "rep hours"
        triggers = [worked_by_or_retired(pgtrigger.Insert | pgtrigger.UpdateOf("calendar_id"))]

    def __str__(self) -> str:
        return f"{self.rep}: {self.calendar}"
