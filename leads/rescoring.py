"""Scoring a lead by the live criteria, and keeping what came out."""

from __future__ import annotations

from datetime import datetime

from leads.criteria import criteria_of
from leads.documents import live_version
from leads.evidence import Evidence
from leads.models import Document, Handoff, Lead, ScoreSnapshot, Version
from leads.score_changes import next_change
from leads.scoring import Score, is_better_band, score_of
from leads.standing import Standing


def rescore(lead: Lead, evidence: Evidence) -> tuple[Score, Version]:
    """Score `lead` on `evidence` by the criteria live at its instant, and write the result to it.

    A change of band is kept as a snapshot. Returns the score and the version that gave it.
    """
    version = live_version(Document.Kind.CRITERIA, evidence.at)
    criteria = criteria_of(version)
    standing = Standing(evidence, criteria)
    result = score_of(standing)
    has_changed = lead.band != result.band
    lead.fit, lead.readiness, lead.band = result.fit, result.readiness, result.band
    lead.scored_at = evidence.at
    lead.band_changes_on = next_change(standing)
    lead.save(update_fields=["fit", "readiness", "band", "scored_at", "band_changes_on"])
    if has_changed:
        keep(lead, result, version, at=evidence.at)
    return result, version


def band_changed_at(lead: Lead) -> datetime | None:
    """Return since when `lead` has been in its band; None: it never was in another that we know."""
    changes = ScoreSnapshot.objects.filter(lead=lead, handoff=None).order_by("-at", "-id")
    return changes.values_list("at", flat=True).first()


def rose_at(lead: Lead) -> datetime | None:
    """Return when `lead` came into its band, if the one before was none or this is better."""
    changes = ScoreSnapshot.objects.filter(lead=lead, handoff=None).order_by("-at", "-id")[:2]
    bands, instants = [each.band for each in changes], [each.at for each in changes]
    has_risen = len(bands) == 1 or (len(bands) == 2 and is_better_band(*bands))
    return instants[0] if has_risen else None


def keep(
    lead: Lead, result: Score, version: Version, *, at: datetime, handoff: Handoff | None = None
) -> ScoreSnapshot:
    """Keep a score with everything it was made of."""
    return ScoreSnapshot.objects.create(
        lead=lead,
        version=version,
        at=at,
        fit=result.fit,
        readiness=result.readiness,
        band=result.band,
        breakdown=result.to_json(),
        handoff=handoff,
    )
