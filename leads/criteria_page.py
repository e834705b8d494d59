"""What the criteria page shows of a version: its rules in words, its numbers, where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from leads.criteria_counts import fired_on
from leads.criteria_pages import CRITERIA
from leads.criteria_rows import GroupView, signal_groups
from leads.document_pages import Around, around
from leads.models import (
    BANDS,
    Bands,
    ChecklistItem,
    DepthRule,
    Disqualifier,
    FitRule,
    HandRaise,
    Lead,
    Modifier,
    RequiredField,
    Signal,
    User,
    Version,
)
from leads.row_views import RowView
from leads.version_diff import VersionDiff


@dataclass(frozen=True, slots=True)
class BandCell:
    """One of the nine bands: does it open a handoff, and how many leads are in it now."""

    band: str
    opens: bool
    opened: bool
    leads: int


@dataclass(frozen=True, slots=True)
class CriteriaPage:
    """The rules of a version by table. A draft's are shown with what they were in its base."""

    around: Around
    diff: VersionDiff
    fit: Sequence[RowView[FitRule]]
    groups: Sequence[GroupView]
    modifiers: Sequence[RowView[Modifier]]
    disqualifiers: Sequence[RowView[Disqualifier]]
    hand_raises: Sequence[RowView[HandRaise]]
    depth_rules: Sequence[RowView[DepthRule]]
    required: Sequence[RowView[RequiredField]]
    checklist: Sequence[RowView[ChecklistItem]]
    bands: RowView[Bands] | None
    grid: Sequence[tuple[str, Sequence[BandCell]]]


def criteria_page(version: Version, user: User, at: datetime) -> CriteriaPage:
    stands = around(CRITERIA, version, user)
    tables = CRITERIA.tables_of(version, stands.compared if version.is_draft else version)
    signals = [row for row in tables.after[Signal] if isinstance(row, Signal)]
    bands = next(iter(tables.views(Bands)), None)
    return CriteriaPage(
        around=stands,
        diff=tables.diff,
        fit=tables.views(FitRule),
        groups=signal_groups(tables, fired_on(signals, at)),
        modifiers=tables.views(Modifier),
        disqualifiers=tables.views(Disqualifier),
        hand_raises=tables.views(HandRaise),
        depth_rules=tables.views(DepthRule),
        required=tables.views(RequiredField),
        checklist=tables.views(ChecklistItem),
        bands=bands,
        grid=_grid(bands.row, tables.was(bands.row), leads_in_bands()) if bands else [],
    )


def leads_in_bands() -> dict[str, int]:
    """Return how many leads are in each band by the live criteria."""
    scored = Lead.objects.live().exclude(band="")
    return dict(scored.values("band").annotate(number=Count("pk")).values_list("band", "number"))


def _grid(bands: Bands, was: object, leads: Mapping[str, int]) -> list[tuple[str, list[BandCell]]]:
    opened = was.opens_at if isinstance(was, Bands) else bands.opens_at
    cells = [
        BandCell(band, band in bands.opens_at, band in opened, leads.get(band, 0)) for band in BANDS
    ]
    return [(fit, [cell for cell in cells if cell.band[0] == fit]) for fit in "ABC"]
