"""What judging a lead that has no open handoff leads to, before anything is written. Pure.

The pipeline acts on it, and what previews the pipeline counts it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leads.lifecycle import has_sales
from leads.models import Handoff, Lead, Stage
from leads.openings import Opening, opening_after_rest, opening_of
from leads.standing import Standing

OPEN_FOR_JUDGEMENT = (Stage.Key.ML, Stage.Key.MQL)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows for a lead.

    disqualified_by: keys of the disqualifiers that move it out of the funnel; empty if none do.
    found:           what there is to hand over or to tell; None if there is nothing.
    is_with_sales:   sales has it, so that its owner is told of what was found and nothing opens.
    """

    disqualified_by: tuple[str, ...]
    found: Opening | None
    is_with_sales: bool

    @property
    def opens(self) -> bool:
        return self.found is not None and not self.is_with_sales


def verdict_on(lead: Lead, standing: Standing, closed_at: datetime | None) -> Verdict:
    """Return what follows for `lead` from where it stands, at the instant of its evidence.

    closed_at: when its last handoff closed; None if it never had one.
    """
    return Verdict(
        disqualified_by=_disqualified_by(standing) if lead.stage_id in OPEN_FOR_JUDGEMENT else (),
        found=_found(lead, standing, closed_at),
        is_with_sales=has_sales(lead),
    )


def _disqualified_by(standing: Standing) -> tuple[str, ...]:
    disqualifying = standing.criteria.disqualifying
    return tuple(rule.key for rule, each in disqualifying if each.matches(standing.evidence))


def _found(lead: Lead, standing: Standing, closed_at: datetime | None) -> Opening | None:
    """Return what there is to hand over. A lead that rests is opened by a hand-raise alone; once
    its rest is over, by that too.
    """
    since = evidence_since(lead, closed_at)
    if lead.nurture_until and not is_resting(lead, standing.evidence.at):
        return opening_after_rest(standing, since)
    found = opening_of(standing, since)
    is_by_score = found is not None and found.path == Handoff.Path.SCORE
    return None if is_by_score and is_resting(lead, standing.evidence.at) else found


def evidence_since(lead: Lead, closed_at: datetime | None) -> datetime | None:
    """Return the instant after which something must have happened to open a handoff; None: any.

    That is when the last handoff closed; for a lead that was imported with its past, the import.
    """
    known = [closed_at, lead.recorded_at if lead.is_historical else None]
    return max((instant for instant in known if instant), default=None)


def is_resting(lead: Lead, at: datetime) -> bool:
    """Whether a lead was sent back to nurture till a day that has not come yet."""
    return lead.wakes_at is not None and lead.wakes_at > at
