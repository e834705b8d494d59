from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import django_filters
from crispy_forms.helper import FormHelper
from django import forms
from django.db.models import QuerySet

from leads.models import IntakeSource, Lead, Organisation, Team
from sla.periods import PERIODS, Period, days, named_period

DEFAULT_PERIOD = "90"


class CohortFilter(django_filters.FilterSet):  # type: ignore[misc]  # it is untyped
    """Which leads: those that entered in a period, of a source, of a team.

    at: the instant that "this week" means.
    """

    period = django_filters.ChoiceFilter(
        choices=PERIODS, method="pass_through", label="Entered", empty_label=None
    )
    since = django_filters.DateFilter(
        method="pass_through", label="From", widget=forms.DateInput(attrs={"type": "date"})
    )
    until = django_filters.DateFilter(
        method="pass_through", label="To", widget=forms.DateInput(attrs={"type": "date"})
    )
    source = django_filters.ModelChoiceFilter(
        queryset=IntakeSource.objects.all(), empty_label="All sources"
    )
    team = django_filters.ModelChoiceFilter(
        field_name="owner__team", queryset=Team.objects.order_by("name"), empty_label="All teams"
    )

    class Meta:
        model = Lead
        fields: list[str] = []

    def __init__(self, data: Mapping[str, Any], *, at: datetime, **kwargs: Any) -> None:
        given = {name: data[name] for name in data if data[name]}
        if "since" in given or "until" in given:
            given["period"] = "custom"
        super().__init__({"period": DEFAULT_PERIOD, **given}, **kwargs)
        self.at = at
        self.organisation = Organisation.objects.get()
        self.form.helper = FormHelper()
        self.form.helper.form_tag = False
        self.form.helper.disable_csrf = True

    @property
    def asked_period(self) -> Period:
        """The period asked for, in the organisation's zone."""
        asked = self.form.cleaned_data
        if asked["period"] == "custom":
            return days(asked["since"], asked["until"], self.organisation.zone)
        return named_period(
            asked["period"],
            self.at,
            zone=self.organisation.zone,
            first_weekday=self.organisation.first_weekday,
        )

    def filter_queryset(self, queryset: QuerySet[Lead]) -> QuerySet[Lead]:
        found: QuerySet[Lead] = super().filter_queryset(queryset)
        period = self.asked_period
        if period.start:
            found = found.filter(entered_at__gte=period.start)
        if period.end:
            found = found.filter(entered_at__lt=period.end)
        return found

    def pass_through(self, queryset: QuerySet[Lead], name: str, value: object) -> QuerySet[Lead]:
        """Dates are looked at together, once all fields are clean."""
        return queryset
