"""Scoring many leads at once, a chunk at a time: what new criteria are applied by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction

from leads.bulk_evidence import evidence_of
from leads.criteria import criteria_of
from leads.evidence import Evidence
from leads.models import Version
from leads.score_changes import next_change
from leads.scoring import Criteria, score_of
from leads.standing import Standing
from leads.uncollected import uncollected

# As SQL, since it is asked for every chunk: the ORM takes longer than the database. Rows go as
# JSON in one text: psycopg takes longer over arrays, and much longer over arrays of JSON.
LOCK = (
    "SELECT id, account_id, band FROM leads_lead WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
)
# A score that is newer stays: its evidence is.
WRITE = """
    UPDATE leads_lead lead
    SET fit = new.fit, readiness = new.readiness, band = new.band, scored_at = %s,
        band_changes_on = new.band_changes_on
    FROM json_to_recordset(%s)
        AS new(id bigint, fit int, readiness int, band text, band_changes_on date)
    WHERE lead.id = new.id AND (lead.scored_at IS NULL OR lead.scored_at <= %s)
    RETURNING lead.id
"""
KEEP = """
    INSERT INTO leads_scoresnapshot
        (lead_id, version_id, at, recorded_at, fit, readiness, band, breakdown)
    SELECT lead_id, %s, %s, clock_timestamp(), fit, readiness, band, breakdown
    FROM json_to_recordset(%s)
        AS new(lead_id bigint, fit int, readiness int, band text, breakdown jsonb)
"""


@dataclass(frozen=True, slots=True)
class Scored:
    """A lead's score, and the evidence that it was made of."""

    lead_id: int
    evidence: Evidence
    standing: Standing
    band_changes_on: date | None


@transaction.atomic
@uncollected()
def rescore_in_bulk(lead_ids: Sequence[int], version: Version, at: datetime) -> list[Scored]:
    """Score the leads of `lead_ids` by `version` on what was known at `at`, and write it to them.

    Changes of band are kept as snapshots. Scores that somebody else made after `at` stay. A second
    run changes nothing. Returns what was scored, in that order; pass some hundred ids at a time.
    """
    criteria = criteria_of(version)
    accounts, bands = _locked(lead_ids)
    scored = [_scored(*each, criteria) for each in evidence_of(accounts, at)]
    written = _write(scored, at)
    changed = [
        each
        for each in scored
        if each.lead_id in written and each.standing.band != bands[each.lead_id]
    ]
    if changed:
        _keep(changed, version, at)
    return scored


def _locked(lead_ids: Sequence[int]) -> tuple[dict[int, int | None], dict[int, str]]:
    """Lock leads. Returns their accounts, in the order of `lead_ids`, and their bands, by id."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [list(lead_ids)])
        found = {lead_id: (account_id, band) for lead_id, account_id, band in cursor.fetchall()}
    accounts = {lead_id: found[lead_id][0] for lead_id in lead_ids if lead_id in found}
    return accounts, {lead_id: band for lead_id, (_, band) in found.items()}


def _scored(lead_id: int, evidence: Evidence, criteria: Criteria) -> Scored:
    standing = Standing(evidence, criteria)
    return Scored(lead_id, evidence, standing, next_change(standing))


def _write(scored: Sequence[Scored], at: datetime) -> set[int]:
    """Write scores to their leads; returns the ids of those that took it."""
    rows = [
        {
            "id": each.lead_id,
            "fit": each.standing.fit,
            "readiness": each.standing.readiness,
            "band": each.standing.band,
            "band_changes_on": each.band_changes_on and each.band_changes_on.isoformat(),
        }
        for each in scored
    ]
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [at, json.dumps(rows), at])
        return {lead_id for (lead_id,) in cursor.fetchall()}


def _keep(scored: Sequence[Scored], version: Version, at: datetime) -> None:
    """Keep scores with everything they were made of."""
    results = ((each.lead_id, score_of(each.standing)) for each in scored)
    rows = [
        {
            "lead_id": lead_id,
            "fit": result.fit,
            "readiness": result.readiness,
            "band": result.band,
            "breakdown": result.to_json(),
        }
        for lead_id, result in results
    ]
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [version.pk, at, json.dumps(rows)])
