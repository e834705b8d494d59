"""Versioned documents: what is live, drafts, publishing, going back."""

from __future__ import annotations

from copy import copy
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Max

from leads.errors import NotPublishable, StaleDraft
from leads.models import Document, Organisation, Publication, Role, User, Version

# As SQL, since every step of the pipeline asks it: the ORM takes longer than the database.
NEWEST = """
    SELECT publication.version_id
    FROM leads_publication publication
    JOIN leads_version version ON version.id = publication.version_id
    JOIN leads_document document ON document.id = version.document_id
    WHERE document.kind = %s AND (%s::text IS NULL OR document.name = %s) AND publication.at <= %s
    ORDER BY publication.at DESC, publication.id DESC
    LIMIT 1
"""


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
    return copy(_published(*newest))


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
    for row in rows_of(base):
        _copy(row, draft)
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
    _check_base(version, at)
    Version.objects.filter(pk=version.pk).update(locked_at=at)
    return Publication.objects.create(version=version, at=at, by=by, note=note, predicted=predicted)


@transaction.atomic
def publish_as_seen(
    version: Version, *, revision: int, note: str, by: User, at: datetime
) -> Publication:
    """Make a draft live as it stood at `revision`. Raises as `publish`, and StaleDraft if somebody
    edited it since.
    """
    Document.objects.select_for_update(no_key=True).get(pk=version.document_id)
    seen = Version.objects.select_for_update(no_key=True).get(pk=version.pk)
    if seen.is_draft and seen.revision != revision:
        raise StaleDraft(f"{seen} was changed since you looked at it. Look again first.")
    return publish(seen, by=by, note=note, at=at)


@transaction.atomic
def revert(version: Version, *, by: User | None, note: str, at: datetime) -> Publication:
    """Make a version live again that was published before."""
    Document.objects.select_for_update(no_key=True).get(pk=version.document_id)
    if version.is_draft:
        raise NotPublishable(f"{version} was never published.")
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


def rows_of(version: Version) -> list[models.Model]:
    """Return the rows of `version` in all tables, those that others belong to first."""
    rows: list[models.Model] = []
    for relation in Version._meta.related_objects:
        if relation.on_delete is models.CASCADE:
            rows += relation.related_model._default_manager.filter(**{relation.field.name: version})
    return rows


def _copy(row: models.Model, draft: Version) -> None:
    """Copy a row of a version, and the rows that belong to it, into `draft`."""
    children = [
        (relation.field.name, list(getattr(row, relation.get_accessor_name() or "").all()))
        for relation in row._meta.related_objects
        if relation.on_delete is models.CASCADE
    ]
    _insert_copy(row, "version", draft)
    for field, belonging in children:
        for child in belonging:
            _insert_copy(child, field, row)


def _insert_copy(row: models.Model, field: str, parent: models.Model) -> None:
    row.pk = None
    row._state.adding = True
    setattr(row, field, parent)
    row.save()


def _next_number(document: Document) -> int:
    """Return a number that no version of `document` has, or had before it was discarded."""
    highest = document.versions.aggregate(highest=Max("number"))["highest"]
    return max(highest or 0, document.last_number) + 1


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
