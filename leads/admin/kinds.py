"""What stands in a version of each kind of document. Upper apps add theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.contrib.admin.options import InlineModelAdmin
from django.db import transaction

from leads import documents
from leads.admin.rows import DraftRows, DraftTable
from leads.criteria import criteria_of
from leads.criteria_checks import criteria_problems
from leads.errors import StaleDraft
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
    Publication,
    RequiredField,
    Signal,
    User,
    Version,
)


class Publish(Protocol):
    """Makes a draft live as it stood at `revision`.

    Raises NotPublishable, or StaleDraft if somebody edited it since.
    """

    def __call__(
        self, version: Version, *, revision: int, note: str, by: User, at: datetime
    ) -> Publication: ...


@transaction.atomic
def publish_as_seen(
    version: Version, *, revision: int, note: str, by: User, at: datetime
) -> Publication:
    """Make a draft live; a Publish."""
    Document.objects.select_for_update(no_key=True).get(pk=version.document_id)
    seen = Version.objects.select_for_update(no_key=True).get(pk=version.pk)
    if seen.is_draft and seen.revision != revision:
        raise StaleDraft(f"{seen} was changed since you looked at it. Look again first.")
    return documents.publish(seen, by=by, note=note, at=at)


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
