"""The policy that takes what is left stands last, whatever is added, moved or put back."""

from __future__ import annotations

from django.db import models

from leads.draft_editing import number_rows
from sla.models import Policy

FALLBACK_STAYS = "The last policy stays: it promises something about what no policy above took."


def keep_fallback_last(draft_id: int) -> None:
    """Put the policy without conditions that stands lowest at the end of the draft."""
    policies = list(Policy.objects.filter(version=draft_id))
    fallback = next((each for each in reversed(policies) if not each.conditions), None)
    if fallback is not None and fallback is not policies[-1]:
        number_rows([*(each for each in policies if each is not fallback), fallback])


def why_it_stays(row: models.Model) -> str:
    """Return why a policy can't be removed; "" if it can."""
    is_fallback = isinstance(row, Policy) and not row.conditions
    return FALLBACK_STAYS if is_fallback else ""
