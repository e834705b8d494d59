"""Editing the rows of a draft. Several people may: whoever saves a row that somebody else changed
since is told, and nothing of either is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction

from leads.documents import copy_rows, save_edit
from leads.errors import StaleDraft
from leads.models import User, Version, VersionedRow
from leads.version_words import belonging, fingerprint, key_of, natural_key


class DraftIsGone(StaleDraft):
    """The draft was published or discarded in between."""


class RowChanged(StaleDraft):
    """Somebody else changed the row in between. theirs: as it is now; None if they removed it."""

    def __init__(self, theirs: models.Model | None) -> None:
        super().__init__("Somebody else changed this row since you opened it.")
        self.theirs = theirs


class PlaceIsGone(StaleDraft):
    """A row was to be put beside one that somebody else removed in between."""


@dataclass(frozen=True, slots=True)
class Editing:
    """Who edits which draft of a kind of document, and when.

    settle: puts the rows in order after a change, given the id of the draft.
    document_id: which document, where there are several of the kind.
    """

    kind: str
    draft_id: int
    number: int
    by: User
    at: datetime
    settle: Callable[[int], None]
    document_id: int | None = None


def find_row(model: type[models.Model], draft_id: int, key: str) -> models.Model | None:
    """Return the row of a draft that `key` names, read anew."""
    names = natural_key(model)
    parts = key.split(":") if key else []
    if len(parts) != len(names):
        return None
    named = dict(zip(names, parts, strict=True))
    return model._default_manager.filter(version=draft_id, **named).first()


@transaction.atomic
def save_row(
    edit: Editing,
    model: type[models.Model],
    key: str | None,
    *,
    seen: str,
    write: Callable[[models.Model | None], bool],
) -> bool:
    """Save a row that was read with the fingerprint `seen`, or add one: `key` None, `seen` "".

    Other rows may have changed since; if this one did, raises RowChanged. `write` gets the row as
    it stands now, under the draft's lock, and returns whether what it got was fit to be written.
    """
    draft = _locked(edit)
    now = None if key is None else find_row(model, draft.pk, key)
    if fingerprint(now) != seen:
        raise RowChanged(now)
    with transaction.atomic():
        save_edit(draft, revision=draft.revision, by=edit.by, at=edit.at)
        written = write(now)
        edit.settle(draft.pk)
        transaction.set_rollback(not written)
    return written


@transaction.atomic
def remove_row(edit: Editing, model: type[models.Model], key: str, *, seen: str) -> None:
    """Remove a row that was read with the fingerprint `seen`. Raises RowChanged if it differs now;
    one that is gone already is no error.
    """
    draft = _locked(edit)
    now = find_row(model, draft.pk, key)
    if now is None:
        return
    if fingerprint(now) != seen:
        raise RowChanged(now)
    save_edit(draft, revision=draft.revision, by=edit.by, at=edit.at)
    now.delete()
    edit.settle(draft.pk)


@transaction.atomic
def move_row(
    edit: Editing, model: type[VersionedRow], key: str, *, step: int, among: str = ""
) -> None:
    """Move a row up (below 0) or down by so many places, past those that have the same `among`.

    among: the name of a field, such as the group of a signal; "" is all rows. It goes no further
    than to the first or last place; a row that stands there already stays.
    """
    draft = _locked(edit)
    rows = list(model._default_manager.filter(version=draft))
    row = _row_of(rows, key)
    if row is None:
        raise RowChanged(None)
    peers = [each for each in rows if not among or getattr(each, among) == getattr(row, among)]
    place = min(max(peers.index(row) + step, 0), len(peers) - 1)
    order = [each for each in rows if each is not row]
    order.insert(rows.index(peers[place]), row)
    _put_in_order(edit, draft, rows, order)


@transaction.atomic
def put_beside(
    edit: Editing, model: type[VersionedRow], key: str, other: str, *, is_after: bool
) -> None:
    """Put a row right before the one whose key is `other`, or after it, wherever both stand by now.
    Raises RowChanged if the row is gone, PlaceIsGone if the other is.
    """
    draft = _locked(edit)
    rows = list(model._default_manager.filter(version=draft))
    row = _row_of(rows, key)
    if row is None:
        raise RowChanged(None)
    order = [each for each in rows if each is not row]
    beside = _row_of(order, other)
    if beside is None:
        raise PlaceIsGone("Somebody else removed the row that you put it beside. It was not moved.")
    order.insert(order.index(beside) + is_after, row)
    _put_in_order(edit, draft, rows, order)


@transaction.atomic
def restore_row(edit: Editing, model: type[models.Model], key: str, *, seen: str) -> None:
    """Give a row of a draft back what it says in the version the draft started from: an added one
    goes, a removed one returns. Raises RowChanged if it is not as it was `seen`; "" is removed.
    """
    draft = _locked(edit)
    now = find_row(model, draft.pk, key)
    was = find_row(model, draft.base_id, key) if draft.base_id else None
    if now is None and was is None:
        return
    if fingerprint(now) != seen:
        raise RowChanged(now)
    save_edit(draft, revision=draft.revision, by=edit.by, at=edit.at)
    if was is None:
        assert now is not None
        now.delete()
    else:
        _put_back(was, now, draft)
    edit.settle(draft.pk)


def _row_of(rows: Sequence[VersionedRow], key: str) -> VersionedRow | None:
    return next((each for each in rows if each.key == key), None)


def _put_in_order(
    edit: Editing, draft: Version, rows: Sequence[VersionedRow], order: Sequence[VersionedRow]
) -> None:
    """Have the `rows` of a draft stand in another `order`; the same order is no edit."""
    if order == rows:
        return
    save_edit(draft, revision=draft.revision, by=edit.by, at=edit.at)
    number_rows(order)
    edit.settle(draft.pk)


def _put_back(was: models.Model, now: models.Model | None, draft: Version) -> None:
    """Have a row of `draft` say what it `was`; without one `now`, add it."""
    stood = was.pk
    was.pk = now.pk if now else None
    was._state.adding = now is None
    setattr(was, "version", draft)  # noqa: B010  # every row of a version has one
    if isinstance(was, VersionedRow) and isinstance(now, VersionedRow):
        was.position = now.position
    was.save()
    for accessor in belonging(type(was)):
        getattr(was, accessor).all().delete()
    if belonging(type(was)):
        copy_rows({stood: was})


def next_position(rows: Sequence[VersionedRow]) -> int:
    return max((row.position for row in rows), default=0) + 1


def free_key(taken: Sequence[models.Model], wanted: str) -> str:
    """Return `wanted`, with a number after it if a row has that key already."""
    keys = {key_of(row) for row in taken}
    if wanted not in keys:
        return wanted
    return next(
        key for number in range(2, len(keys) + 3) if (key := f"{wanted}-{number}") not in keys
    )


def number_rows(rows: Sequence[VersionedRow]) -> None:
    """Have `rows` of a draft stand in the order given."""
    for place, row in enumerate(rows, 1):
        if row.position != place:
            type(row)._default_manager.filter(pk=row.pk).update(position=place)


def _locked(edit: Editing) -> Version:
    """Return the draft, locked until the transaction ends, so that edits come one after another.

    A version of another document is none, whatever its id.
    """
    drafts = Version.objects.select_for_update(no_key=True, of=["self"])
    of_kind = drafts.filter(document__kind=edit.kind, number=edit.number)
    if edit.document_id is not None:
        of_kind = of_kind.filter(document=edit.document_id)
    draft = of_kind.filter(pk=edit.draft_id, locked_at=None).first()
    if draft is None:
        raise DraftIsGone("This draft was published or discarded since you opened it.")
    return draft
