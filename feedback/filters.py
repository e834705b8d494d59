from __future__ import annotations

import django_filters

from leads.models import IntakeSource, Lead, Team
from sla.filters import PeriodFilter


class CohortFilter(PeriodFilter):
    """Which leads: those that entered in a period, of a source, of a team."""

    begun = "entered_at"
    first_choice = "90"

    source = django_filters.ModelChoiceFilter(
        queryset=IntakeSource.objects.all(), empty_label="All sources"
    )
    team = django_filters.ModelChoiceFilter(
        field_name="owner__team", queryset=Team.objects.order_by("name"), empty_label="All teams"
    )

    class Meta:
        model = Lead
        fields: list[str] = []
