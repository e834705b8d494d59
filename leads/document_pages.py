"""Versioned documents that people read and edit on pages of their own, as those pages need them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from django.db import models
from django.db.models import QuerySet
from django.urls import reverse

from leads.documents import may_publish
from leads.draft_editing import Editing
from leads.forms.rows import RowForm
from leads.models import Document, Publication, Role, User, Version
from leads.models.documents import VersionQuerySet
from leads.offered_facts import facts_of_published
from leads.row_views import Tables
from leads.version_diff import diff_of, read_rows
from leads.version_words import natural_key

EDITORS = (Role.MARKETING_OPS, Role.ADMIN)
HISTORY_SHOWN = 5
PLACES = (
    *("version", "diff", "history", "discard", "go_back", "start_draft", "check", "publish"),
    *("row", "add", "remove", "move", "restore"),
)


def may_edit(user: User) -> bool:
    """Whether `user` may change the drafts of any document."""
    return user.has_role(*EDITORS)


def anybody(user: User) -> bool:
    return True


def stays_as_it_is(draft_id: int) -> None:
    """Rows of most documents may stand in any order."""


def fit_as_it_is(version: Version, at: datetime) -> Sequence[str]:
    """Of most documents any version may be made live again."""
    return ()


def may_go(row: models.Model) -> str:
    """Of most tables any row may be removed."""
    return ""


@dataclass(frozen=True, slots=True)
class Table:
    """slug: in addresses. one: what a person calls a row of it. among: the field that rows share
    among which one is moved up and down; "" is all. why_it_stays: why a row can't be removed, "" if
    it can.
    """

    slug: str
    model: type[models.Model]
    one: str
    among: str = ""
    why_it_stays: Callable[[models.Model], str] = may_go

    @property
    def has_one_row(self) -> bool:
        return not natural_key(self.model)


@dataclass(frozen=True)
class DocumentPages:
    """A kind of document: where its pages are, what it is made of, who may look.

    start:      what the names of its addresses start with, as in leads:criteria_diff. There may be
                others: elsewhere.
    name:       what people call it, as in "the criteria".
    forms:      by which a row of each table is edited.
    effect:     what is so once a version is live.
    after_live: the name of the address where one goes then.
    before_first, after_first: what is so of one that never was live, and once it is for the first
                time; "": nothing else than of any.
    document_id: which document, where there are several of the kind; their addresses begin with it.
    settle:     puts the rows of a draft in order after a change, given its id.
    problems:   what forbids making a version live, each as a sentence.
    """

    kind: str
    start: str
    name: str
    tables: Mapping[str, Table]
    forms: Mapping[type[models.Model], type[RowForm]]
    effect: str
    after_live: str
    before_first: str = ""
    after_first: str = ""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    may_see: Callable[[User], bool] = anybody
    settle: Callable[[int], None] = stays_as_it_is
    problems: Callable[[Version, datetime], Sequence[str]] = fit_as_it_is
    document_id: int | None = None

    @cached_property
    def to(self) -> dict[str, str]:
        """The names of its addresses, by what is there."""
        named = {place: f"{self.start}_{place}" for place in PLACES}
        return {"live": self.start, "after_live": self.after_live, **named, **self.elsewhere}

    @cached_property
    def called(self) -> str:
        """What people call it; one of several by its own name as well."""
        if self.document_id is None:
            return self.name
        return f"{self.name} “{Document.objects.get(pk=self.document_id)}”"

    def of(self, document_id: int) -> DocumentPages:
        """Return the pages of one of several documents."""
        return replace(self, document_id=document_id)

    def url(self, place: str, *args: object) -> str:
        return reverse(self.to[place], args=[*self._which, *args])

    @property
    def _which(self) -> list[int]:
        """What the addresses of one of several documents begin with."""
        return [] if self.document_id is None else [self.document_id]

    def row_url(self, place: str, number: int, table: Table, key: str) -> str:
        """Return where a row is edited, or changed by what `place` says."""
        if not table.has_one_row:
            return self.url(place, number, table.slug, key)
        name = table.slug if place == "row" else f"{place}_{table.slug}"
        return reverse(f"{self.start}_{name}", args=[*self._which, number])

    def editing(self, draft_id: int, number: int, *, by: User, at: datetime) -> Editing:
        return Editing(
            self.kind,
            draft_id,
            number,
            by=by,
            at=at,
            settle=self.settle,
            document_id=self.document_id,
        )

    def versions(self) -> VersionQuerySet:
        of_kind: VersionQuerySet = Version.objects.filter(document__kind=self.kind)
        if self.document_id is not None:
            of_kind = of_kind.filter(document=self.document_id)
        return of_kind.select_related("document", "base__document", "created_by", "saved_by")

    def publications(self) -> QuerySet[Publication]:
        """Return all its publications, newest first."""
        of_kind = Publication.objects.filter(version__document__kind=self.kind)
        if self.document_id is not None:
            of_kind = of_kind.filter(version__document=self.document_id)
        return of_kind.select_related("version__document", "by").order_by("-at", "-id")

    def is_live(self, version: Version) -> bool:
        newest = self.publications().first()
        return newest is not None and newest.version_id == version.pk

    def tables_of(self, version: Version, compared: Version) -> Tables:
        """Return the rows of both versions and what differs; read once where they are the same."""
        slugs = {table.model: table.slug for table in self.tables.values()}
        before, after = read_rows(compared, version, only=slugs)
        own = facts_of_published()
        return Tables(after, before, diff_of(before, after, own=own), own, slugs)


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


def changes(publications: Sequence[Publication]) -> list[Publication]:
    """Return those of `publications`, newest first, that made another version live."""
    earlier = [each.version_id for each in publications[1:]]
    pairs = zip(publications, [*earlier, None], strict=False)
    return [each for each, before in pairs if each.version_id != before]


def around(pages: DocumentPages, version: Version, user: User) -> Around:
    return Around(
        version,
        publications=changes(list(pages.publications())),
        drafts=list(pages.versions().drafts()),
        may_edit=may_edit(user),
        may_publish=may_publish(user),
    )
