"""Which policy would hold for a lead, and by when it would have what done. Nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from leads.condition_trace import ConditionTrace, Truth
from leads.countdown import instant_text
from leads.evidence import Evidence
from leads.fact_history import evidence_for
from leads.fact_sheet import Facts, band_facts
from leads.models import Handoff, Lead, Version
from leads.offered_facts import hand_raises
from sla.calendars import hours_for
from sla.handoff_clocks import BY_REPS_HOURS
from sla.models import Target
from sla.new_clocks import Terms, new_clock
from sla.policies import Promise, ReadyPolicy, facts_of, policies_of
from sla.stretches import NOTHING

BY_SCORE = "by-score"


@dataclass(frozen=True, slots=True)
class AskedPolicy:
    """A policy that was asked, and the first condition that does not hold; None: it decides."""

    label: str
    against: ConditionTrace | None


@dataclass(frozen=True, slots=True)
class Due:
    """By when something would be due, if what starts it happened now."""

    what: str
    by: str
    start: str


@dataclass(frozen=True, slots=True)
class TriedPolicies:
    """handoff: as which the lead was tried; None: as if something else opened one: opening."""

    handoff: Handoff | None
    opening: str
    asked: Sequence[AskedPolicy]
    chosen: ReadyPolicy | None
    due: Sequence[Due]


def openings() -> dict[str, str]:
    """Return what may open a handoff, in words: what does by itself, by its key, and the score."""
    return {**dict(hand_raises()), BY_SCORE: "Reached a band that opens one"}


def try_policies(
    version: Version, lead: Lead, at: datetime, *, zone: str, opening: str = ""
) -> TriedPolicies:
    """Return what `version` promises about `lead`, opened as its newest handoff was, else by its
    score. zone: of the reader. Raises InvalidConditions for a draft that can't be asked.

    opening: one of `openings`, as if that opened a handoff now; "": as said.
    """
    newest = lead.handoffs.select_related("owner").order_by("-opened_at", "-pk").first()
    newest = None if opening else newest
    opened = facts_of(newest) if newest else _facts_of_opening(opening or BY_SCORE, lead)
    evidence = evidence_for(lead, at, extra=opened)
    asked, chosen = _ask(policies_of(version), evidence)
    promises = chosen.promises.values() if chosen else ()
    due = [_due(each, lead, version, at, zone) for each in promises]
    return TriedPolicies(newest, opening or BY_SCORE, asked, chosen, due)


def _facts_of_opening(opening: str, lead: Lead) -> Facts:
    """Return what policies may ask of a handoff that `opening` opened, in the lead's band."""
    if opening == BY_SCORE:
        return {"handoff.path": Handoff.Path.SCORE.value, **band_facts(lead.band)}
    raised = {"handoff.path": Handoff.Path.HAND_RAISE.value, "handoff.hand_raise": opening}
    return {**raised, **band_facts(lead.band)}


def _ask(
    policies: Sequence[ReadyPolicy], evidence: Evidence
) -> tuple[list[AskedPolicy], ReadyPolicy | None]:
    """Ask the policies up to the first that holds; returns what was asked, and that one."""
    asked: list[AskedPolicy] = []
    for policy in policies:
        if policy.conditions.matches(evidence):
            return [*asked, AskedPolicy(policy.label, None)], policy
        groups = policy.conditions.trace(evidence).groups
        against = next(each for each in groups[0].conditions if each.truth != Truth.TRUE)
        asked.append(AskedPolicy(policy.label, against))
    return asked, None


def _due(promise: Promise, lead: Lead, version: Version, at: datetime, zone: str) -> Due:
    """Return when the clock that `promise` would start at `at` would be due."""
    rep = lead.owner if promise.kind in BY_REPS_HOURS else None
    terms = Terms(version, "", hours_for(rep, at))
    clock = new_clock(Handoff(lead=lead), promise, at, terms, used=NOTHING)
    what, start = Target.Kind(promise.kind).label, promise.starts.label.lower()
    return Due(what, instant_text(clock.due_at, zone), start)
