from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet

from leads.models import IntakeSource, Lead, Team
from sla.filters import PeriodFilter


class CohortFilter(PeriodFilter):
    """Which leads: those that entered in a period, of a source, that a team has or had."""

    begun = "entered_at"
    first_choice = "90"

    source = django_filters.ModelChoiceFilter(
        queryset=IntakeSource.objects.all(), empty_label="All sources"
    )
    team = django_filters.ModelChoiceFilter(
        queryset=Team.objects.order_by("name"),
        method="of_team",
        label="Ever with team",
        empty_label="All teams",
    )

    class Meta:
        model = Lead
        fields: list[str] = []

    def of_team(self, leads: Any, name: str, team: Team) -> QuerySet[Lead]:
        found: QuerySet[Lead] = leads.ever_with(team)
        return found
