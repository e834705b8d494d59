"""The only writer of a lead's owner. A handoff's owner or queue is written along with it.

What a person or an escalation decided is undone by neither the routing table, nor an intake source,
nor a file; what the table decided by no source or file, and so on down. Among people, the newest
word holds. A queue keeps a lead from nobody, and in the course of a handoff takes it from anybody:
only a file that tells of the past does not even put it there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from leads.errors import LostRace, Outranked
from leads.models import Handoff, Lead, OwnershipChange, Queue, RefusedOwnership, User

Source = OwnershipChange.Source
STRENGTH = {
    Source.IMPORT: 0,
    Source.INTAKE: 1,
    Source.ROUTING: 2,
    Source.ESCALATION: 3,
    Source.REP: 3,
    Source.MANAGER: 3,
}
WORDS = {
    Source.IMPORT: "an import",
    Source.INTAKE: "an intake source",
    Source.ROUTING: "the routing table",
    Source.ESCALATION: "an escalation",
    Source.REP: "a rep's hand",
    Source.MANAGER: "a manager's hand",
}
HELD = "{holder} has this lead since {day}, by {source}; {weaker} does not take it away."

# Compare and set, and the entry in the ledger: one statement, so never one without the other.
TAKE = """
    WITH given AS (
        SELECT * FROM unnest(%(leads)s::bigint[], %(seqs)s::int[], %(from_owners)s::bigint[],
            %(from_queues)s::bigint[], %(owners)s::bigint[], %(queues)s::bigint[],
            %(reasons)s::text[]) AS given (lead, seq, from_owner, from_queue, owner, queue, reason)
    ), taken AS (
        UPDATE leads_lead SET owner_id = owner, queue_id = queue, owner_seq = seq
        FROM given WHERE id = lead AND owner_seq = seq - 1 RETURNING given.*
    )
    INSERT INTO leads_ownershipchange (lead_id, seq, from_owner_id, from_queue_id, to_owner_id,
        to_queue_id, reason, source, by_id, at, recorded_at)
    SELECT taken.*, %(source)s, %(by)s::bigint, %(at)s, now() FROM taken
"""


def take(
    lead: Lead,
    *,
    to: User | Queue,
    source: str,
    reason: str,
    by: User | None,
    at: datetime,
) -> None:
    """Make `to` the one who answers for `lead`, and put it on record.

    Compare-and-set on the sequence that `lead` was read with: raises LostRace if somebody else
    changed the owner since. `lead` carries the new owner afterwards. Taking what is one's own
    already is recorded too: it says that the question was asked again.
    Raises Outranked if a person has the lead by a stronger word than `source`, unless they left or
    are `by`, who may let go of it.
    """
    _check_strength(lead, to=to, source=source, reason=reason, by=by, at=at)
    if not _take([(lead, to, reason)], source=source, by=by, at=at):
        raise _lost(lead)


def take_many(takes: Sequence[tuple[Lead, User, str]], *, source: str, at: datetime) -> None:
    """Make somebody answer for each of many leads that are in queues, for a reason each, and put it
    on record.

    Compare-and-set as `take`: raises LostRace, with nothing changed, if one changed since.
    """
    with transaction.atomic():
        is_free = all(lead.owner_id is None for lead, _, _ in takes)
        if not is_free or _take(takes, source=source, by=None, at=at) < len(takes):
            raise LostRace("One of these leads went to somebody else in the meantime.")


def take_with_handoff(
    handoff: Handoff,
    *,
    to: User | Queue,
    source: str,
    reason: str,
    by: User | None,
    at: datetime,
) -> None:
    """Make `to` answer for an open handoff and its lead alike. `handoff` must be locked."""
    take(handoff.lead, to=to, source=source, reason=reason, by=by, at=at)
    handoff.owner, handoff.queue = _split(to)


def _take(
    takes: Sequence[tuple[Lead, User | Queue, str]], *, source: str, by: User | None, at: datetime
) -> int:
    """Make somebody answer for each of these leads that has not changed since it was read. Returns
    of how many; if it is all of them, they carry who it is.
    """
    owners = [_split(to) for _, to, _ in takes]
    given: dict[str, Any] = {
        "leads": [lead.pk for lead, _, _ in takes],
        "seqs": [lead.owner_seq + 1 for lead, _, _ in takes],
        "from_owners": [lead.owner_id for lead, _, _ in takes],
        "from_queues": [lead.queue_id for lead, _, _ in takes],
        "owners": [owner.pk if owner else None for owner, _ in owners],
        "queues": [queue.pk if queue else None for _, queue in owners],
        "reasons": [reason for _, _, reason in takes],
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE, given | {"source": source, "by": by.pk if by else None, "at": at})
        taken = int(cursor.rowcount)
    if taken == len(takes):
        for (lead, _, _), (owner, queue) in zip(takes, owners, strict=True):
            lead.owner, lead.queue, lead.owner_seq = owner, queue, lead.owner_seq + 1
    return taken


def refuse(
    lead: Lead,
    *,
    to: User | Queue,
    source: str,
    reason: str,
    because: str,
    by: User | None,
    at: datetime,
) -> RefusedOwnership:
    """Return, not saved yet, that `to` was not made the owner of `lead`, and why."""
    owner, queue = _split(to)
    return RefusedOwnership(
        lead=lead,
        to_owner=owner,
        to_queue=queue,
        source=source,
        reason=reason,
        against=OwnershipChange.objects.filter(lead=lead).latest("seq"),
        because=because[:200],
        by=by,
        at=at,
    )


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


def _check_strength(
    lead: Lead, *, to: User | Queue, source: str, reason: str, by: User | None, at: datetime
) -> None:
    if lead.owner is None or not lead.owner.is_active or lead.owner in (by, to):
        return
    if isinstance(to, Queue) and source != Source.IMPORT:
        return
    held = OwnershipChange.objects.filter(lead=lead).latest("seq")
    if STRENGTH[Source(source)] >= STRENGTH[Source(held.source)]:
        return
    because = HELD.format(
        holder=lead.owner,
        day=f"{held.at:%-d %b %Y}",
        source=WORDS[Source(held.source)],
        weaker=WORDS[Source(source)],
    )
    raise Outranked(
        refuse(lead, to=to, source=source, reason=reason, because=because, by=by, at=at)
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
