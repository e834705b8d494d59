"""What the criteria page shows of a version: its rules in words, its numbers, where it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet

from leads.criteria_counts import fired_on
from leads.criteria_rows import GroupView, RowView, Tables, signal_groups
from leads.criteria_tables import TABLES
from leads.custom_facts import all_declared_facts
from leads.documents import may_publish
from leads.models import (
    BANDS,
    Bands,
    ChecklistItem,
    DepthRule,
    Disqualifier,
    Document,
    FitRule,
    HandRaise,
    Lead,
    Modifier,
    Publication,
    RequiredField,
    Role,
    Signal,
    User,
    Version,
)
from leads.models.documents import VersionQuerySet
from leads.version_diff import VersionDiff, diff_of, read_rows

EDITORS = (Role.MARKETING_OPS, Role.ADMIN)
HISTORY_SHOWN = 5
MODELS = frozenset(table.model for table in TABLES.values())


def may_edit(user: User) -> bool:
    return user.has_role(*EDITORS)


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a version: what is live, what came before, the drafts in work."""

    version: Version
    publications: Sequence[Publication]
    drafts: Sequence[Version]
    may_edit: bool
    may_publish: bool

    @property
    def live(self) -> Publication | None:
        return self.publications[0] if self.publications else None

    @property
    def said(self) -> Publication | None:
        """The newest publication of this version."""
        return next((e for e in self.publications if e.version_id == self.version.pk), None)

    @property
    def is_live(self) -> bool:
        return self.live is not None and self.live.version_id == self.version.pk

    @property
    def can_edit(self) -> bool:
        return self.may_edit and self.version.is_draft

    @property
    def is_outdated(self) -> bool:
        """Whether another version went live since this draft was started."""
        live = self.live
        return (
            self.version.is_draft and live is not None and live.version_id != self.version.base_id
        )

    @property
    def compared(self) -> Version:
        """What a version is read against: what it was drafted from, or else itself."""
        return self.version.base or self.version

    @property
    def newest(self) -> Sequence[Publication]:
        return self.publications[:HISTORY_SHOWN]


def around(version: Version, user: User) -> Around:
    return Around(
        version,
        publications=list(publications()),
        drafts=list(criteria_versions().drafts()),
        may_edit=may_edit(user),
        may_publish=may_publish(user),
    )


def publications() -> QuerySet[Publication]:
    """Return all publications of criteria, newest first."""
    of_criteria = Publication.objects.filter(version__document__kind=Document.Kind.CRITERIA)
    return of_criteria.select_related("version__document", "by").order_by("-at", "-id")


def criteria_versions() -> VersionQuerySet:
    of_criteria: VersionQuerySet = Version.objects.filter(document__kind=Document.Kind.CRITERIA)
    return of_criteria.select_related("document", "base__document", "created_by", "saved_by")


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
    stands = around(version, user)
    tables = tables_of(version, stands.compared if version.is_draft else version)
    signals = [row for row in tables.after[Signal] if isinstance(row, Signal)]
    bands = next(iter(tables.views(Bands)), None)
    return CriteriaPage(
        around=stands,
        diff=tables.diff,
        fit=tables.views(FitRule),
        groups=signal_groups(tables, fired_on(signals, user, at)),
        modifiers=tables.views(Modifier),
        disqualifiers=tables.views(Disqualifier),
        hand_raises=tables.views(HandRaise),
        depth_rules=tables.views(DepthRule),
        required=tables.views(RequiredField),
        checklist=tables.views(ChecklistItem),
        bands=bands,
        grid=_grid(bands.row, tables.was(bands.row), leads_in_bands(user)) if bands else [],
    )


def tables_of(version: Version, compared: Version) -> Tables:
    """Return the rows of both versions and what differs; read once where they are the same."""
    after = read_rows(version, MODELS)
    before = after if compared == version else read_rows(compared, MODELS)
    own = all_declared_facts()
    return Tables(after, before, diff_of(before, after, own=own), own)


def leads_in_bands(user: User) -> dict[str, int]:
    """Return how many of the leads that `user` sees are in each band by the live criteria."""
    visible = Lead.objects.visible_to(user).live().exclude(band="")
    return dict(visible.values("band").annotate(number=Count("pk")).values_list("band", "number"))


def _grid(bands: Bands, was: object, leads: Mapping[str, int]) -> list[tuple[str, list[BandCell]]]:
    opened = was.opens_at if isinstance(was, Bands) else bands.opens_at
    cells = [
        BandCell(band, band in bands.opens_at, band in opened, leads.get(band, 0)) for band in BANDS
    ]
    return [(fit, [cell for cell in cells if cell.band[0] == fit]) for fit in "ABC"]
