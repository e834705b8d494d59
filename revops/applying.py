"""What applying the live criteria to the leads that are there already would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from feedback.criteria_check import evenly
from leads.bulk_evidence import evidence_in_bulk
from leads.conditions import Evidence
from leads.criteria import criteria_of
from leads.documents import live_version
from leads.lifecycle import WITH_SALES
from leads.models import Document, Handoff, Lead, Version
from leads.openings import opening
from leads.scoring_rules import Criteria
from leads.standing import Standing
from revops.pipeline import evidence_since, is_resting

SAMPLE = 2_000


@dataclass(frozen=True, slots=True)
class Preview:
    """What judging the leads by `version` would do, told from a sample of them.

    moves: how many go from one band to another, the most frequent first; "" is no band yet.
    """

    version: Version
    live: int
    looked_at: int
    opening: int
    moves: Sequence[tuple[str, str, int]]

    @property
    def changing(self) -> int:
        return sum(count for _, _, count in self.moves)

    @property
    def is_sample(self) -> bool:
        return self.looked_at < self.live

    def of_all(self, count: int) -> int:
        """Return about how many of all leads `count` of the sample stand for."""
        return round(count * self.live / self.looked_at) if self.looked_at else 0

    @property
    def changing_in_all(self) -> int:
        return self.of_all(self.changing)

    @property
    def opening_in_all(self) -> int:
        return self.of_all(self.opening)


def preview(at: datetime) -> Preview:
    """Return what applying the live criteria would do. Raises NothingLive if there are none."""
    version = live_version(Document.Kind.CRITERIA, at)
    criteria = criteria_of(version)
    ids = list(Lead.objects.live().order_by("pk").values_list("pk", flat=True))
    sample = evenly(ids, SAMPLE)
    leads = Lead.objects.select_related("owner").in_bulk(sample)
    in_hand = set(Handoff.objects.open().filter(lead__in=sample).values_list("lead_id", flat=True))
    moves: Counter[tuple[str, str]] = Counter()
    opens = 0
    for lead_id, evidence in evidence_in_bulk(sample, at):
        lead = leads[lead_id]
        band = Standing(evidence, criteria).band
        if band != lead.band:
            moves[lead.band, band] += 1
        opens += lead_id not in in_hand and _would_open(lead, evidence, criteria)
    ranked = [(before, after, count) for (before, after), count in moves.most_common()]
    return Preview(version, len(ids), len(sample), opens, ranked)


def _would_open(lead: Lead, evidence: Evidence, criteria: Criteria) -> bool:
    """Whether the pipeline would open a handoff for a lead that has none open."""
    facts, activities, at = evidence.facts, evidence.activities, evidence.at
    if opening(facts, activities, criteria, at, None) is None:
        return False
    if lead.stage_id in WITH_SALES and lead.owner is not None and lead.owner.is_active:
        return False
    found = opening(facts, activities, criteria, at, evidence_since(lead, at))
    return found is not None and not (found.path == Handoff.Path.SCORE and is_resting(lead, at))
