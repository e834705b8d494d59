"""Versioned documents: what is live, drafts, publishing, going back."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

from django.db import connection, models, transaction
from django.db.models import Max

from leads.custom_facts import COUNT_CHANGES
from leads.errors import NotPublishable, StaleDraft
from leads.models import Document, Organisation, Publication, Role, User, Version
from leads.rows import Columns

DOCUMENT = Columns(Document, "document")
# As SQL, since every step of the pipeline asks it: the ORM takes longer than the database.
NEWEST = f"""
    SELECT publication.version_id, ({COUNT_CHANGES}),
        {DOCUMENT.sql}
    FROM leads_publication publication
    JOIN leads_version version ON version.id = publication.version_id
    JOIN leads_document document ON document.id = version.document_id
    WHERE document.kind = %s AND (%s::text IS NULL OR document.name = %s) AND publication.at <= %s
    ORDER BY publication.at DESC, publication.id DESC
    LIMIT 1
"""


class Publish(Protocol):
    """Makes a draft live as it stood at `revision`.

    Raises NotPublishable, or StaleDraft if somebody edited it since.
    """

    def __call__(
        self, version: Version, *, revision: int, note: str, by: User, at: datetime
    ) -> Publication: ...


class NothingLive(LookupError):
    """No version of this document was ever published."""


def live_version(kind: str, at: datetime, *, name: str | None = None) -> Version:
    """Return the version of a document that was live at `at`. `name` tells calendars apart.

    Raises NothingLive if none was published by then.
    """
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, [kind, name, name, at])
        newest = cursor.fetchone()
    if newest is None:
        raise NothingLive(f"No {name or kind} was published by {at:%Y-%m-%d %H:%M}.")
    version = copy(_published(newest[0]))
    version.fact_changes = newest[1]
    version.document = DOCUMENT.made(newest[2:])
    return version


@lru_cache(maxsize=64)
def _published(version_id: int) -> Version:
    """Return a version that can no longer change, read once per process. Its document is left out:
    that one may.
    """
    return Version.objects.get(pk=version_id)


def may_publish(user: User) -> bool:
    """Whether the organisation lets `user` publish."""
    organisation = Organisation.objects.get()
    if organisation.publishers == Organisation.Publishers.OPS:
        return user.has_role(Role.ADMIN, Role.MARKETING_OPS)
    return user.has_role(Role.ADMIN)


@transaction.atomic
def start_draft(base: Version, *, by: User | None) -> Version:
    """Return a new draft that starts as a copy of `base`, rows and all."""
    document = Document.objects.select_for_update(no_key=True).get(pk=base.document_id)
    document.last_number = _next_number(document)
    document.save(update_fields=["last_number"])
    draft = Version.objects.create(
        document=document, number=document.last_number, base=base, created_by=by
    )
    copy_rows({base.pk: draft})
    return draft


@transaction.atomic
def publish(
    version: Version,
    *,
    by: User | None,
    note: str,
    at: datetime,
    predicted: dict[str, Any] | None = None,
) -> Publication:
    """Make a draft live and unchangeable.

    Raises NotPublishable if what it was drafted from is no longer live, or if it is live already.
    """
    Document.objects.select_for_update(no_key=True).get(pk=version.document_id)
    version = Version.objects.get(pk=version.pk)
    if not version.is_draft:
        raise NotPublishable(f"{version} was published before. Go back to it instead.")
    at = _not_before_the_newest(version, at)
    _check_base(version, at)
    Version.objects.filter(pk=version.pk).update(locked_at=at)
    return Publication.objects.create(version=version, at=at, by=by, note=note, predicted=predicted)


@transaction.atomic
def publish_as_seen(
    version: Version,
    *,
    revision: int,
    note: str,
    by: User,
    at: datetime,
    predicted: dict[str, Any] | None = None,
) -> Publication:
    """Make a draft live as it stood at `revision`. Raises as `publish`, and StaleDraft if somebody
    edited it since.
    """
    Document.objects.select_for_update(no_key=True).get(pk=version.document_id)
    seen = Version.objects.select_for_update(no_key=True).get(pk=version.pk)
    if seen.is_draft and seen.revision != revision:
        raise StaleDraft(f"{seen} was changed since you looked at it. Look again first.")
    return publish(seen, by=by, note=note, at=at, predicted=predicted)


@transaction.atomic
def revert(version: Version, *, by: User | None, note: str, at: datetime) -> Publication:
    """Make a version live again that was published before."""
    Document.objects.select_for_update(no_key=True).get(pk=version.document_id)
    if version.is_draft:
        raise NotPublishable(f"{version} was never published.")
    at = _not_before_the_newest(version, at)
    if version == live_version(version.document.kind, at, name=version.document.name):
        raise NotPublishable(f"{version} is live already.")
    return Publication.objects.create(version=version, at=at, by=by, note=note)


def save_edit(version: Version, *, revision: int, by: User, at: datetime) -> None:
    """Count an edit of a draft that its editor read at `revision`. Call within the transaction of
    the edit, before it. Raises StaleDraft if somebody else edited or published in between.
    """
    counted = Version.objects.filter(pk=version.pk, revision=revision, locked_at=None).update(
        revision=revision + 1, saved_by=by, saved_at=at
    )
    if not counted:
        raise StaleDraft(
            f"Somebody else changed {version} since you opened it. Nothing of yours was saved yet:"
            " open it again beside this page and carry your changes over."
        )


@transaction.atomic
def discard(version: Version) -> None:
    """Remove a draft with its rows. Raises NotPublishable if it is no draft, or something is built
    on it, and StaleDraft if somebody edited it since `version` was read.
    """
    # Whoever builds on a draft holds its document, so nothing is built on it from here on.
    Document.objects.select_for_update(no_key=True).get(pk=version.document_id)
    drafts = Version.objects.select_for_update(no_key=True).filter(locked_at=None)
    draft = drafts.filter(pk=version.pk).first()
    if draft is None:
        raise NotPublishable(f"{version} is no draft, so it can't be discarded.")
    if draft.revision != version.revision:
        raise StaleDraft(f"Somebody else changed {version} since you opened it.")
    try:
        with transaction.atomic():
            draft.delete()
    except models.ProtectedError:
        raise NotPublishable(
            f"{version} can't be discarded: another draft or a kept result is built on it."
        ) from None


def copy_rows(owners: Mapping[int, models.Model]) -> None:
    """Copy the rows that belong to rows or versions, by their ids, to what those became."""
    for belonging in _belongings(type(next(iter(owners.values())))):
        if _belongings(belonging.model):
            rows = belonging.model._default_manager.filter(**{f"{belonging.name}__in": owners})
            became = {row.pk: row for row in rows}
            for row in became.values():
                setattr(row, belonging.name, owners[getattr(row, belonging.attname)])
                row.pk, row._state.adding = None, True
            if became:
                belonging.model._default_manager.bulk_create(became.values())
                copy_rows(became)
        else:
            _copy_in_database(belonging, {old: new.pk for old, new in owners.items()})


def _belongings(model: type[models.Model]) -> list[models.ForeignObject[Any, Any]]:
    """Return by which keys rows belong to one of `model`: they go with it."""
    relations = model._meta.related_objects
    return [each.field for each in relations if each.on_delete is models.CASCADE]


def _copy_in_database(belonging: models.ForeignObject[Any, Any], owners: Mapping[int, int]) -> None:
    """Copy rows to which none belong, without reading them: a draft has many kinds of them."""
    table, owner = belonging.model._meta, belonging.column
    kept = [field for field in table.concrete_fields if not field.primary_key]
    columns = ", ".join(f'"{field.column}"' for field in kept if field is not belonging)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table.db_table} ({owner}, {columns})"
            f" SELECT became, {columns} FROM {table.db_table}"
            f" JOIN unnest(%s::bigint[], %s::bigint[]) AS each (was, became) ON was = {owner}"
            " ORDER BY id",
            [list(owners), list(owners.values())],
        )


def _next_number(document: Document) -> int:
    """Return a number that no version of `document` has, or had before it was discarded."""
    highest = document.versions.aggregate(highest=Max("number"))["highest"]
    return max(highest or 0, document.last_number) + 1


def _not_before_the_newest(version: Version, at: datetime) -> datetime:
    """Return `at`, or when this document was last published if that was later: somebody may have
    while we waited for their lock, and what is published second is to be live.
    """
    of_document = Publication.objects.filter(version__document=version.document_id)
    newest = of_document.aggregate(newest=Max("at"))["newest"]
    return max(at, newest) if newest else at


def _check_base(version: Version, at: datetime) -> None:
    try:
        live = live_version(version.document.kind, at, name=version.document.name)
    except NothingLive:
        return
    if version.base_id != live.pk:
        raise NotPublishable(
            f"{version} was drafted from {version.base or 'nothing'}, but {live} is live now."
            " Start a draft from that one and carry the changes over."
        )
