"""The facts about many leads as they were known at an instant, or at each: from snapshots."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection

NEWEST_FACTS = """
    SELECT DISTINCT ON (lead_id) lead_id, facts::text
    FROM leads_factsnapshot
    WHERE lead_id = ANY(%s) AND known_from <= %s
    ORDER BY lead_id, known_from DESC, id DESC
"""
# What was known of who is part of a lead by now: of the person, before anything was of that lead.
NEWEST_FACTS_OF_MERGED = """
    SELECT DISTINCT ON (merged_into_id) merged_into_id, facts::text
    FROM leads_factsnapshot snapshot JOIN leads_lead gone ON gone.id = lead_id
    WHERE merged_into_id = ANY(%s) AND known_from <= %s
    ORDER BY merged_into_id, known_from DESC, snapshot.id DESC
"""
ALL_FACTS_OF_MERGED = """
    SELECT merged_into_id, extract(epoch FROM known_from)::float8, facts::text
    FROM leads_factsnapshot snapshot JOIN leads_lead gone ON gone.id = lead_id
    WHERE merged_into_id = ANY(%s) AND known_from <= %s
    ORDER BY known_from, snapshot.id
"""
ALL_FACTS = """
    SELECT lead_id, extract(epoch FROM known_from)::float8, facts::text
    FROM leads_factsnapshot
    WHERE lead_id = ANY(%s) AND known_from <= %s
    ORDER BY known_from, id
"""


class Known(NamedTuple):
    """The facts about a lead, known from an instant on until the next of these."""

    known_from: datetime
    facts: Mapping[str, object]


def newest_facts(ids: Sequence[int], at: datetime) -> dict[int, dict[str, object]]:
    """Return the facts about each lead as they were known at `at`, where none was yet those about
    who was merged into it; no entry where there is neither.
    """
    found = newest_own_facts(ids, at)
    if unknown := [lead_id for lead_id in ids if lead_id not in found]:
        found |= _read(rows_of(NEWEST_FACTS_OF_MERGED, [unknown, at]))
    return found


def newest_own_facts(ids: Sequence[int], at: datetime) -> dict[int, dict[str, object]]:
    """Return the facts that were recorded of each lead itself; no entry where none was."""
    return _read(rows_of(NEWEST_FACTS, [list(ids), at]))


def _read(rows: Sequence[tuple[int, str]]) -> dict[int, dict[str, object]]:
    return {lead_id: json.loads(facts) for lead_id, facts in rows}


def all_facts(ids: Sequence[int], until: datetime) -> dict[int, list[Known]]:
    """Return all that was known of each lead up to `until`, oldest first; before anything was, what
    was known of who was merged into it.
    """
    known: dict[int, list[Known]] = {lead_id: [] for lead_id in ids}
    for lead_id, each in _known(ALL_FACTS, ids, until):
        known[lead_id].append(each)
    first = {lead_id: found[0].known_from for lead_id, found in known.items() if found}
    merged: dict[int, list[Known]] = {}
    for lead_id, each in _known(ALL_FACTS_OF_MERGED, ids, until):
        if lead_id not in first or each.known_from < first[lead_id]:
            merged.setdefault(lead_id, []).append(each)
    return {lead_id: [*merged.get(lead_id, ()), *found] for lead_id, found in known.items()}


def _known(sql: str, ids: Sequence[int], until: datetime) -> Iterator[tuple[int, Known]]:
    for lead_id, seconds, facts in rows_of(sql, [list(ids), until]):
        yield lead_id, Known(datetime.fromtimestamp(seconds, UTC), json.loads(facts))


def rows_of(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return what SQL of our own finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
