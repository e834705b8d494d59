"""The only writer of a lead's owner. A handoff's owner or queue is written along with it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from leads.errors import LostRace
from leads.models import Handoff, Lead, OwnershipChange, Queue, User


def take(
    lead: Lead,
    *,
    to: User | Queue,
    source: str,
    reason: str,
    by: User | None,
    at: datetime,
) -> OwnershipChange:
    """Make `to` the one who answers for `lead`, and put it on record.

    Compare-and-set on the sequence that `lead` was read with: raises LostRace if somebody else
    changed the owner since. `lead` carries the new owner afterwards. Taking what is one's own
    already is recorded too: it says that the question was asked again.
    """
    owner, queue = _split(to)
    seq = lead.owner_seq + 1
    with transaction.atomic(savepoint=False):
        changed = Lead.objects.filter(pk=lead.pk, owner_seq=lead.owner_seq).update(
            owner=owner, queue=queue, owner_seq=seq
        )
        change = OwnershipChange(
            lead=lead,
            seq=seq,
            from_owner_id=lead.owner_id,
            from_queue_id=lead.queue_id,
            to_owner=owner,
            to_queue=queue,
            source=source,
            reason=reason,
            by=by,
            at=at,
        )
        if changed:
            change.save(force_insert=True)
    if not changed:
        raise _lost(lead)
    lead.owner, lead.queue, lead.owner_seq = owner, queue, seq
    return change


def take_with_handoff(
    handoff: Handoff,
    *,
    to: User | Queue,
    source: str,
    reason: str,
    by: User | None,
    at: datetime,
) -> OwnershipChange:
    """Make `to` answer for an open handoff and its lead alike. `handoff` must be locked."""
    change = take(handoff.lead, to=to, source=source, reason=reason, by=by, at=at)
    handoff.owner, handoff.queue = _split(to)
    return change


def first_entry(lead: Lead, *, source: str, reason: str, by: User | None, at: datetime) -> None:
    """Put the first owner or queue of a lead that was just made on record."""
    OwnershipChange.objects.create(
        lead=lead,
        seq=lead.owner_seq,
        to_owner_id=lead.owner_id,
        to_queue_id=lead.queue_id,
        source=source,
        reason=reason,
        by=by,
        at=at,
    )


def _split(to: User | Queue) -> tuple[User | None, Queue | None]:
    return (to, None) if isinstance(to, User) else (None, to)


def _lost(lead: Lead) -> LostRace:
    last = OwnershipChange.objects.filter(lead=lead).select_related("to_owner", "to_queue").last()
    holder = (last.to_owner or last.to_queue) if last else None
    return LostRace(
        f"This lead went to {holder} in the meantime.",
        winner=last.to_owner if last else None,
        at=last.at if last else None,
    )
