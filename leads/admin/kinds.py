"""What stands in a version of each kind of document. Upper apps add theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.options import InlineModelAdmin

from leads.admin.rows import DraftRows, DraftTable
from leads.criteria import criteria_of
from leads.criteria_checks import criteria_problems
from leads.documents import Publish, publish_as_seen
from leads.models import (
    Bands,
    ChecklistItem,
    DepthRule,
    Disqualifier,
    Document,
    FitRule,
    GroupCap,
    HandRaise,
    Modifier,
    RequiredField,
    Signal,
    Version,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """inlines: a table each. problems: what keeps a version from being published, in words."""

    inlines: tuple[type[InlineModelAdmin[Any, Any]], ...]
    problems: Callable[[Version], list[str]]
    publish: Publish = publish_as_seen


class FitRuleInline(DraftRows):
    model = FitRule


class DisqualifierInline(DraftRows):
    model = Disqualifier


class SignalInline(DraftRows):
    model = Signal


class ModifierInline(DraftRows):
    model = Modifier


class HandRaiseInline(DraftRows):
    model = HandRaise


class GroupCapInline(DraftTable):
    model = GroupCap


class DepthRuleInline(DraftTable):
    model = DepthRule


class RequiredFieldInline(DraftTable):
    model = RequiredField


class ChecklistItemInline(DraftTable):
    model = ChecklistItem


class BandsInline(DraftTable):
    model = Bands


def problems_of_criteria(version: Version) -> list[str]:
    if not Bands.objects.filter(version=version).exists():
        return ["Criteria need bands: where fit turns from C to B to A, readiness from 3 to 1."]
    return criteria_problems(criteria_of(version))


CRITERIA = Kind(
    inlines=(
        BandsInline,
        FitRuleInline,
        DisqualifierInline,
        SignalInline,
        ModifierInline,
        GroupCapInline,
        HandRaiseInline,
        DepthRuleInline,
        RequiredFieldInline,
        ChecklistItemInline,
    ),
    problems=problems_of_criteria,
)
KINDS: dict[str, Kind] = {Document.Kind.CRITERIA: CRITERIA}
