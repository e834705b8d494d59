"""What a version would change: for one lead, line by line, and for all leads, as a distribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from leads.criteria import criteria_of
from leads.criteria_charts import Histogram, histogram
from leads.criteria_counts import Standpoint, Survey, surveys
from leads.fact_history import evidence_for
from leads.models import BANDS, Lead, User, Version
from leads.openings import opening_of
from leads.row_views import anchor_of
from leads.score_breakdown import Line, Score
from leads.score_changes import Flip, flips_of
from leads.scoring import score_of
from leads.scoring_rules import Criteria
from leads.standing import Standing

LEADS_OFFERED = 8


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """What one rule gives under either version; `activities` counts those under the later one."""

    label: str
    before: int
    after: int
    activities: int = 0

    @property
    def change(self) -> int:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class ComparedLedger:
    """Fit or readiness under both: the lines that differ, and the rest in one sum."""

    label: str
    lines: Sequence[ComparedLine]
    others: int
    others_sum: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A lead by both. opened, opens: whether what is known of it opens a handoff by either."""

    lead: Lead
    before: Score
    after: Score
    opened: bool
    opens: bool
    ledgers: Sequence[ComparedLedger]
    flips: Sequence[Flip]


def compare(lead: Lead, live: Version, version: Version, at: datetime) -> Comparison:
    """Return the score of `lead` as it is known at `at`, by what is live and by `version`."""
    evidence = evidence_for(lead, at)
    old, new = criteria_of(live), criteria_of(version)
    was, now = Standing(evidence, old), Standing(evidence, new)
    before, after = score_of(was), score_of(now)
    return Comparison(
        lead=lead,
        before=before,
        after=after,
        opened=opening_of(was, None) is not None,
        opens=opening_of(now, None) is not None,
        ledgers=[
            _ledger("Fit", before, after, before.fit, after.fit),
            _ledger("Readiness", before, after, before.readiness, after.readiness),
        ],
        flips=flips_of(now),
    )


def _ledger(label: str, before: Score, after: Score, was: int, now: int) -> ComparedLedger:
    old, new = (_lines(each, label.lower()) for each in (before, after))
    lines = [_compared(old.get(key), new.get(key)) for key in {**old, **new}]
    same = [line for line in lines if not line.change and line.after]
    return ComparedLedger(
        label=label,
        lines=[line for line in lines if line.change],
        others=len(same),
        others_sum=sum(line.after for line in same),
        before=was,
        after=now,
    )


def _lines(result: Score, section: str) -> Mapping[tuple[str, str], Line]:
    return {(e.source, e.key): e for e in result.breakdown if e.section == section}


def _compared(before: Line | None, after: Line | None) -> ComparedLine:
    line = after or before
    assert line is not None
    return ComparedLine(
        label=line.label,
        before=before.points if before else 0,
        after=after.points if after else 0,
        activities=line.activities,
    )


def offered(user: User, words: str) -> list[Lead]:
    """Return leads one may choose from: those that `words` find, or else the newest."""
    visible = Lead.objects.visible_to(user).live().select_related("source")
    found = visible.searched(words) if words else visible.order_by("-entered_at", "-pk")
    return list(found[:LEADS_OFFERED])


# All leads ----------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class BandMove:
    """How many leads are in a band by what is live, and by the version."""

    band: str
    before: int
    after: int

    @property
    def change(self) -> int:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Distribution:
    """Where all leads stand under what is live (`before`) and under a version (`after`)."""

    before: Survey
    after: Survey
    charts: Sequence[tuple[str, str, Histogram]]
    bands: Sequence[BandMove]
    names: Mapping[str, str]

    @property
    def is_same(self) -> bool:
        """Whether it is the live version that is looked at."""
        return self.before.version_id == self.after.version_id

    @property
    def held(self) -> list[tuple[str, str, str, int]]:
        """Each rule of the version: its id on the page, the rule, its name, and for how many leads
        it holds.
        """
        return [
            (anchor_of(*rule.split(":")), rule, self.names[rule], count)
            for rule, count in self.after.held_for.items()
        ]

    @property
    def moved(self) -> int:
        """How many leads are in another band."""
        was = {lead.lead_id: lead.band for lead in self.before.leads}
        return sum(was.get(lead.lead_id) != lead.band for lead in self.after.leads)


def distribution(live: Version, version: Version, at: datetime) -> Distribution:
    """Return where all leads stand. Raises InvalidConditions as `surveys` does."""
    both = [live, version] if live != version else [version]
    found = surveys(both, at)
    before, after = found[0], found[-1]
    old, new = criteria_of(live).bands, criteria_of(version).bands
    fit = histogram(
        _fits(before.leads), _fits(after.leads), (new.fit_b, new.fit_a), (old.fit_b, old.fit_a)
    )
    readiness = histogram(
        _readinesses(before.leads),
        _readinesses(after.leads),
        (new.readiness_2, new.readiness_1),
        (old.readiness_2, old.readiness_1),
    )
    was, now = before.in_band, after.in_band
    return Distribution(
        before,
        after,
        charts=[("Fit", "fit-points", fit), ("Readiness", "readiness-points", readiness)],
        bands=[BandMove(band, was.get(band, 0), now.get(band, 0)) for band in BANDS],
        names=_names(criteria_of(version)),
    )


def _names(criteria: Criteria) -> dict[str, str]:
    """Return what each rule with conditions is called, as a survey names it: "fit:size-core"."""
    return {
        **{f"fit:{rule.key}": rule.label for rule, _ in criteria.fit},
        **{f"disqualifiers:{rule.key}": rule.label for rule, _ in criteria.disqualifying},
        **{f"modifiers:{rule.key}": rule.label for rule, _ in criteria.modifying},
    }


def _fits(leads: Sequence[Standpoint]) -> list[int]:
    return [lead.fit for lead in leads]


def _readinesses(leads: Sequence[Standpoint]) -> list[int]:
    return [lead.readiness for lead in leads]
