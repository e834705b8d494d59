"""What the live criteria ask of a rep who qualifies a lead, beside what the stage asks on entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from leads.custom_facts import labels_of
from leads.documents import NothingLive, live_version
from leads.models import ChecklistItem, Document, Hop, RequiredField


@dataclass(frozen=True, slots=True)
class Qualifying:
    """stages: keys of those that a qualified lead enters. confirmed: labels of the items that must
    be; known: labels of the facts that must be.
    """

    stages: frozenset[str]
    confirmed: Sequence[str]
    known: Sequence[str]

    @property
    def asks(self) -> bool:
        return bool(self.confirmed or self.known)


def qualifying(at: datetime) -> Qualifying | None:
    """Return what qualifying asks by the criteria live at `at`; None if there are none."""
    try:
        version = live_version(Document.Kind.CRITERIA, at)
    except NothingLive:
        return None
    items = ChecklistItem.objects.filter(version=version, is_required=True)
    facts = RequiredField.objects.filter(version=version, path=RequiredField.Path.SQL)
    return Qualifying(
        frozenset(Hop.objects.values_list("qualify_stage", flat=True)),
        [item.label for item in items],
        labels_of(facts.values_list("fact", flat=True)),
    )
