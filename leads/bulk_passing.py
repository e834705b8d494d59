"""Many handoffs locked and passed at once, as one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from leads import ownership
from leads.models import Account, Assignment, Handoff, Lead, User

LOCK_LEADS = """
    SELECT * FROM leads_lead WHERE id IN (SELECT lead_id FROM leads_handoff WHERE id = ANY(%s))
    ORDER BY id FOR NO KEY UPDATE
"""
LOCK_HANDOFFS = "SELECT * FROM leads_handoff WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
PASS_MANY = """
    UPDATE leads_handoff SET state = 'passed', owner_id = given.rep, queue_id = NULL,
        priority = given.priority, passed_at = coalesce(passed_at, %(at)s), accepted_at = NULL,
        missing = '{}', review_reason = '', reroute_at = NULL
    FROM (SELECT unnest(%(handoffs)s::bigint[]) AS handoff, unnest(%(reps)s::bigint[]) AS rep,
        unnest(%(priorities)s::int[]) AS priority) given
    WHERE id = given.handoff
"""
LAST_SEQS = """
    SELECT handoff_id, max(seq) FROM leads_assignment WHERE handoff_id = ANY(%s) GROUP BY handoff_id
"""


def locked_many(handoff_ids: Sequence[int]) -> list[Handoff]:
    """Lock handoffs and their leads, in the order that everyone does, and return them fresh, by id,
    with their leads and accounts.
    """
    leads = {lead.pk: lead for lead in Lead.objects.raw(LOCK_LEADS, [list(handoff_ids)])}
    accounts = Account.objects.in_bulk({lead.account_id for lead in leads.values()} - {None})
    for lead in leads.values():
        lead.account = accounts[lead.account_id] if lead.account_id else None
    found = list(Handoff.objects.raw(LOCK_HANDOFFS, [list(handoff_ids)]))
    for handoff in found:
        handoff.lead = leads[handoff.lead_id]
    return found


def pass_many(
    passes: Sequence[tuple[Handoff, User, str]], *, source: str, at: datetime
) -> list[Assignment]:
    """Pass each of these waiting handoffs to its rep, for its reason. Returns the assignments, in
    the same order. They are locked with `locked_many`; only their priority may have been changed.
    """
    ownership.take_many(
        [(handoff.lead, rep, reason) for handoff, rep, reason in passes], source=source, at=at
    )
    ids = [handoff.pk for handoff, _, _ in passes]
    with connection.cursor() as cursor:
        cursor.execute(
            PASS_MANY,
            {
                "handoffs": ids,
                "reps": [rep.pk for _, rep, _ in passes],
                "priorities": [handoff.priority for handoff, _, _ in passes],
                "at": at,
            },
        )
        cursor.execute(LAST_SEQS, [ids])
        seqs = dict(cursor.fetchall())
    for handoff, rep, _ in passes:
        handoff.state, handoff.owner = Handoff.State.PASSED, rep
        handoff.queue = handoff.reroute_at = None
        handoff.passed_at = handoff.passed_at or at
    return Assignment.objects.bulk_create(
        Assignment(handoff=handoff, seq=seqs.get(handoff.pk, 0) + 1, rep=rep, passed_at=at)
        for handoff, rep, _ in passes
    )
