"""Handoffs passed on, one or many at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from leads import ownership
from leads.models import Account, Assignment, Handoff, Lead, User
from leads.rows import Columns

LOCK_LEADS = """
    SELECT * FROM leads_lead WHERE id IN (SELECT lead_id FROM leads_handoff WHERE id = ANY(%s))
    ORDER BY id FOR NO KEY UPDATE
"""
LOCK_HANDOFFS = "SELECT * FROM leads_handoff WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
NOT_HELD = """
    SELECT handoff.id FROM leads_handoff handoff JOIN leads_lead lead ON lead.id = lead_id
    WHERE handoff.id = ANY(%s) FOR NO KEY UPDATE OF lead SKIP LOCKED
"""
ASSIGNMENT = Columns(Assignment, "leads_assignment")
PASS = f"""
    WITH given AS (
        SELECT * FROM unnest(%(handoffs)s::bigint[], %(reps)s::bigint[], %(priorities)s::int[])
            AS given (handoff_id, rep_id, priority)
    ), passed AS (
        UPDATE leads_handoff SET state = 'passed', owner_id = given.rep_id, queue_id = NULL,
            priority = given.priority, passed_at = coalesce(passed_at, %(at)s), accepted_at = NULL,
            missing = '{{}}', review_reason = '', reroute_at = NULL
        FROM given WHERE id = given.handoff_id
    )
    INSERT INTO leads_assignment (handoff_id, seq, rep_id, passed_at, evidence, answer, outcome)
    SELECT handoff_id, 1 + coalesce((SELECT max(seq) FROM leads_assignment had
        WHERE had.handoff_id = given.handoff_id), 0), rep_id, %(at)s, '', '', ''
    FROM given RETURNING {ASSIGNMENT.sql}
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


def not_held(handoff_ids: Sequence[int]) -> set[int]:
    """Return those of these handoffs whose leads no other transaction holds now."""
    with connection.cursor() as cursor:
        cursor.execute(NOT_HELD, [list(handoff_ids)])
        return {pk for (pk,) in cursor.fetchall()}


def pass_many(
    passes: Sequence[tuple[Handoff, User, str]], *, source: str, at: datetime
) -> list[Assignment]:
    """Pass each of these waiting handoffs to its rep, for its reason. Returns the assignments, in
    the same order. They are locked with `locked_many`; only their priority may have been changed.
    """
    ownership.take_many(
        [(handoff.lead, rep, reason) for handoff, rep, reason in passes], source=source, at=at
    )
    return open_assignments([(handoff, rep) for handoff, rep, _ in passes], at=at)


def open_assignments(passes: Sequence[tuple[Handoff, User]], *, at: datetime) -> list[Assignment]:
    """Put each of these handoffs into the hands of its rep, whose lead it is already. Returns the
    assignments, in the same order.
    """
    given: dict[str, Any] = {
        "handoffs": [handoff.pk for handoff, _ in passes],
        "reps": [rep.pk for _, rep in passes],
        "priorities": [handoff.priority for handoff, _ in passes],
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(PASS, given)
        opened = {each.handoff_id: each for each in map(ASSIGNMENT.made, cursor.fetchall())}
    for handoff, rep in passes:
        handoff.state, handoff.owner, handoff.queue = Handoff.State.PASSED, rep, None
        handoff.passed_at, handoff.accepted_at = handoff.passed_at or at, None
        handoff.missing, handoff.review_reason, handoff.reroute_at = [], "", None
        opened[handoff.pk].handoff, opened[handoff.pk].rep = handoff, rep
    return [opened[handoff.pk] for handoff, _ in passes]
