"""What a rep confirms, and what must be known, before a lead counts as sales qualified."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from leads.criteria import criteria_of
from leads.custom_facts import labels_of
from leads.documents import live_version
from leads.fact_history import facts_of
from leads.models import ChecklistAnswer, ChecklistItem, Document, Handoff, RequiredField, Version
from leads.scoring import missing_fields


def live_items(at: datetime) -> QuerySet[ChecklistItem]:
    """Return the items of the criteria that are live at `at`, in their order."""
    return ChecklistItem.objects.filter(version=_live(at))


def problems(handoff: Handoff, confirmed: Collection[str], at: datetime) -> dict[str, str]:
    """Return a sentence for each required item that is not in `confirmed` (keys), under
    "confirmed", and for what isn't known though qualifying requires it, under "missing".
    """
    found = {}
    open_items = live_items(at).filter(is_required=True).exclude(key__in=confirmed)
    if labels := [item.label for item in open_items]:
        found["confirmed"] = f"Still to be confirmed: {', '.join(labels)}."
    criteria = criteria_of(_live(at))
    missing = missing_fields(facts_of(handoff.lead, at), criteria, RequiredField.Path.SQL)
    if missing:
        names = ", ".join(labels_of(missing))
        found["missing"] = f"To qualify, this must be known first: {names}."
    return found


def keep(handoff: Handoff, confirmed: Collection[str], at: datetime) -> None:
    """Put on record what was confirmed, and what was not."""
    ChecklistAnswer.objects.bulk_create(
        ChecklistAnswer(handoff=handoff, item=item, is_confirmed=item.key in confirmed)
        for item in live_items(at)
    )


def _live(at: datetime) -> Version:
    return live_version(Document.Kind.CRITERIA, at)
