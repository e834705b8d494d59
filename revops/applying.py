"""What applying the live criteria to the leads that are there already would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from leads.bulk_evidence import evenly, evidence_in_bulk
from leads.criteria import criteria_of
from leads.documents import live_version
from leads.models import Document, Handoff, Lead, Version
from leads.standing import Standing
from revops.verdicts import verdict_on

SAMPLE = 2_000


@dataclass(frozen=True, slots=True)
class Preview:
    """What judging the leads by `version` would do, told from a sample of them.

    opening, disqualifying: how many leads get a handoff, and how many leave the funnel.
    moves: how many go from one band to another, the most frequent first; "" is no band yet.
    """

    version: Version
    live: int
    looked_at: int
    opening: int
    disqualifying: int
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

    @property
    def disqualifying_in_all(self) -> int:
        return self.of_all(self.disqualifying)

    @property
    def changes_anything(self) -> bool:
        return bool(self.moves or self.opening or self.disqualifying)


def preview(at: datetime) -> Preview:
    """Return what applying the live criteria would do. Raises NothingLive if there are none."""
    version = live_version(Document.Kind.CRITERIA, at)
    criteria = criteria_of(version)
    ids = list(Lead.objects.live().order_by("pk").values_list("pk", flat=True))
    sample = evenly(ids, SAMPLE)
    leads = Lead.objects.select_related("owner").in_bulk(sample)
    in_hand, closed_at = _in_hand(sample), _last_closed(sample)
    moves: Counter[tuple[str, str]] = Counter()
    opens = disqualifies = 0
    for lead_id, evidence in evidence_in_bulk(sample, at):
        lead, standing = leads[lead_id], Standing(evidence, criteria)
        if standing.band != lead.band:
            moves[lead.band, standing.band] += 1
        if lead_id not in in_hand:
            verdict = verdict_on(lead, standing, closed_at.get(lead_id))
            opens += verdict.opens
            disqualifies += bool(verdict.disqualified_by)
    ranked = [(before, after, count) for (before, after), count in moves.most_common()]
    return Preview(version, len(ids), len(sample), opens, disqualifies, ranked)


def _in_hand(lead_ids: Sequence[int]) -> set[int]:
    """Return the leads of `lead_ids` that have an open handoff."""
    return set(Handoff.objects.open().filter(lead__in=lead_ids).values_list("lead_id", flat=True))


def _last_closed(lead_ids: Sequence[int]) -> dict[int, datetime | None]:
    """Return when the last handoff of each lead closed; leads without one are left out."""
    ended = Handoff.objects.filter(lead__in=lead_ids).values("lead_id")
    return dict(ended.annotate(last=Max("closed_at")).values_list("lead_id", "last"))
