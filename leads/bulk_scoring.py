"""Scoring many leads at once, a chunk at a time: what new criteria are applied by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from leads.bulk_evidence import evidence_in_bulk
from leads.criteria import criteria_of
from leads.evidence import Evidence
from leads.models import ScoreSnapshot, Version
from leads.score_changes import next_change
from leads.scoring import Criteria, score_of
from leads.standing import Standing

# As SQL, since it is asked for every chunk: the ORM takes longer than the database.
LOCK = "SELECT id, band FROM leads_lead WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
# A score that is newer stays: its evidence is.
WRITE = """
    UPDATE leads_lead lead
    SET fit = new.fit, readiness = new.readiness, band = new.band, scored_at = %s,
        band_changes_on = new.band_changes_on
    FROM unnest(%s::bigint[], %s::int[], %s::int[], %s::text[], %s::date[])
        AS new(id, fit, readiness, band, band_changes_on)
    WHERE lead.id = new.id AND (lead.scored_at IS NULL OR lead.scored_at <= %s)
    RETURNING lead.id
"""


@dataclass(frozen=True, slots=True)
class Scored:
    """A lead's score, and the evidence that it was made of."""

    lead_id: int
    evidence: Evidence
    standing: Standing
    band_changes_on: date | None


@transaction.atomic
def rescore_in_bulk(lead_ids: Sequence[int], version: Version, at: datetime) -> list[Scored]:
    """Score the leads of `lead_ids` by `version` on what was known at `at`, and write it to them.

    Changes of band are kept as snapshots. Scores that somebody else made after `at` stay. A second
    run changes nothing. Returns what was scored, in that order; pass some hundred ids at a time.
    """
    criteria = criteria_of(version)
    before = _locked_bands(lead_ids)
    scored = [_scored(*each, criteria) for each in evidence_in_bulk(lead_ids, at)]
    written = _write(scored, at)
    changed = [
        each
        for each in scored
        if each.lead_id in written and each.standing.band != before[each.lead_id]
    ]
    ScoreSnapshot.objects.bulk_create(_snapshot(each, version) for each in changed)
    return scored


def _locked_bands(lead_ids: Sequence[int]) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [list(lead_ids)])
        return dict(cursor.fetchall())


def _scored(lead_id: int, evidence: Evidence, criteria: Criteria) -> Scored:
    standing = Standing(evidence, criteria)
    return Scored(lead_id, evidence, standing, next_change(standing))


def _write(scored: Sequence[Scored], at: datetime) -> set[int]:
    """Write scores to their leads; returns the ids of those that took it."""
    columns: list[list[Any]] = [
        [each.lead_id for each in scored],
        [each.standing.fit for each in scored],
        [each.standing.readiness for each in scored],
        [each.standing.band for each in scored],
        [each.band_changes_on for each in scored],
    ]
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [at, *columns, at])
        return {lead_id for (lead_id,) in cursor.fetchall()}


def _snapshot(scored: Scored, version: Version) -> ScoreSnapshot:
    result = score_of(scored.standing)
    return ScoreSnapshot(
        lead_id=scored.lead_id,
        version=version,
        at=scored.evidence.at,
        fit=result.fit,
        readiness=result.readiness,
        band=result.band,
        breakdown=result.to_json(),
    )
