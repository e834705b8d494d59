"""The criteria of a version, as the plain values that the score is computed from."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db import models

from leads import scoring
from leads.custom_facts import all_attributes, attributes_for_drafts, fact_changes
from leads.facts import Fact
from leads.models import (
    ChecklistItem,
    DepthRule,
    Disqualifier,
    FitRule,
    GroupCap,
    HandRaise,
    Modifier,
    RequiredField,
    Signal,
    Version,
)


def criteria_of(version: Version) -> scoring.Criteria:
    """Return the criteria that `version` holds. A published one is read once per process,
    and again after an attribute was changed.

    A published version may ask all attributes that ever were, a draft those in use.
    """
    if version.is_draft:
        return _read(version.pk, attributes_for_drafts())
    return _read_once(version.pk, fact_changes(version))


@lru_cache(maxsize=32)
def _read_once(version_id: int, fact_changes: int) -> scoring.Criteria:
    return _read(version_id, all_attributes())


def _read(version_id: int, extra_facts: dict[str, Fact]) -> scoring.Criteria:
    version = Version.objects.select_related("bands").get(pk=version_id)
    bands = version.bands
    return scoring.Criteria(
        fit_rules=_rows(FitRule, scoring.FitRule, version_id),
        disqualifiers=_rows(Disqualifier, scoring.Disqualifier, version_id),
        signals=_rows(Signal, scoring.Signal, version_id),
        modifiers=_rows(Modifier, scoring.Modifier, version_id),
        group_caps=_rows(GroupCap, scoring.GroupCap, version_id),
        hand_raises=_rows(HandRaise, scoring.HandRaise, version_id),
        depth_rules=_rows(DepthRule, scoring.DepthRule, version_id),
        required_fields=_rows(RequiredField, scoring.RequiredField, version_id),
        bands=scoring.Bands(
            fit_a=bands.fit_a,
            fit_b=bands.fit_b,
            readiness_1=bands.readiness_1,
            readiness_2=bands.readiness_2,
            opens_at=frozenset(bands.opens_at),
        ),
        checklist=_rows(ChecklistItem, scoring.ChecklistItem, version_id),
        extra_facts=extra_facts,
    )


def _rows(model: type[models.Model], plain: Any, version_id: int) -> tuple[Any, ...]:
    """Return the rows of a table as the dataclass of the same name, in their order."""
    fields = list(plain.__dataclass_fields__)
    rows = model._default_manager.filter(version=version_id).values(*fields)
    return tuple(plain(**row) for row in rows)
