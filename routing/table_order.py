"""The fallback row of a draft stands last, whatever is added, moved or put back."""

from __future__ import annotations

from django.db import models

from leads.draft_editing import number_rows
from routing.models import RoutingRule

FALLBACK_STAYS = "The last row stays: it takes what no row above did."


def keep_fallback_last(draft_id: int) -> None:
    """Put the row without conditions that stands lowest at the end of the draft."""
    rows = list(RoutingRule.objects.filter(version=draft_id))
    fallback = next((row for row in reversed(rows) if not row.conditions), None)
    if fallback is not None and fallback is not rows[-1]:
        number_rows([*(row for row in rows if row is not fallback), fallback])


def why_it_stays(row: models.Model) -> str:
    """Return why a row can't be removed; "" if it can."""
    is_fallback = isinstance(row, RoutingRule) and not row.conditions
    return FALLBACK_STAYS if is_fallback else ""
