"""How many leads a criterion touches, and which: what stands behind the numbers of its page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db.models import Count, F, FilteredRelation, JSONField, Q, QuerySet, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Coalesce, Mod
from django.db.models.lookups import Exact, IExact

from leads.bulk_evidence import evidence_in_bulk
from leads.conditions import Compiled
from leads.criteria import criteria_of
from leads.evidence import Evidence
from leads.models import Activity, Lead, Signal, Version
from leads.scoring_rules import Criteria
from leads.standing import Standing

FIRED_DAYS = 90
MOST_SURVEYED = 20_000
KEPT_SECONDS = 300


# Signals ------------------------------------------------------------------------------------------
def fired_on(signals: Sequence[Signal], at: datetime) -> dict[str, int]:
    """Return for each signal, by key, how many leads did it in 90 days."""
    counts = {
        f"signal_{place}": Count("person", distinct=True, filter=did(signal))
        for place, signal in enumerate(signals)
    }
    if not counts:
        return {}
    found = _lately(at).filter(person__in=Lead.objects.live().values("pk")).aggregate(**counts)
    return {signal.key: found[f"signal_{place}"] for place, signal in enumerate(signals)}


def that_fired(signal: Signal, at: datetime) -> QuerySet[Any]:
    """Return what fired `signal` in 90 days; `person` is the lead it counts for."""
    return _lately(at).filter(did(signal))


def did(signal: Signal) -> Q:
    """What an activity must be for `signal` to count it."""
    asked = Q(kind=signal.kind)
    for name, value in signal.where.items():
        if isinstance(value, str):
            asked &= Q(IExact(KeyTextTransform(name, "properties"), value))
        else:
            asked &= Q(Exact(KeyTransform(name, "properties"), Value(value, JSONField())))
    return asked


def _lately(at: datetime) -> QuerySet[Any]:
    """The activities of 90 days; what an account did without a name counts for all its leads."""
    return Activity.objects.filter(
        occurred_at__gt=at - timedelta(days=FIRED_DAYS), occurred_at__lte=at
    ).annotate(
        theirs=FilteredRelation("account__leads", condition=Q(lead=None)),
        person=Coalesce("lead_id", F("theirs__pk")),
    )


# All leads under a version ------------------------------------------------------------------------
class Standpoint(NamedTuple):
    """Where one lead stands under a version. holds: a bit for each rule of the survey."""

    lead_id: int
    fit: int
    readiness: int
    band: str
    holds: int


@dataclass(frozen=True, slots=True)
class Survey:
    """Every live lead under one version, or every so-manieth of them.

    rules: "table:key" of each rule with conditions, in the order of the bits of `holds`.
    """

    version_id: int
    at: datetime
    every: int
    rules: tuple[str, ...]
    leads: tuple[Standpoint, ...]

    @property
    def held_for(self) -> dict[str, int]:
        """For how many leads each rule is known to hold."""
        return {
            rule: sum(lead.holds >> place & 1 for lead in self.leads)
            for place, rule in enumerate(self.rules)
        }

    @property
    def in_band(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for lead in self.leads:
            counts[lead.band] = counts.get(lead.band, 0) + 1
        return counts

    def ids(self, is_meant: Callable[[Standpoint], bool]) -> list[int]:
        return [lead.lead_id for lead in self.leads if is_meant(lead)]

    def held_by(self, rule: str) -> list[int]:
        """Return the ids of the leads for which `rule` holds; none for a rule it does not know."""
        if rule not in self.rules:
            return []
        place = self.rules.index(rule)
        return self.ids(lambda lead: bool(lead.holds >> place & 1))


def surveys(versions: Sequence[Version], at: datetime) -> list[Survey]:
    """Return where all live leads stand under each version, in one pass over what is known.

    Kept for five minutes. Above 20,000 leads every second, third … of them is asked. Raises
    InvalidConditions if a version's conditions can't be used.
    """
    kept: dict[str, Survey] = cache.get_many([_name(version) for version in versions])
    fresh = [version for version in versions if _name(version) not in kept]
    if fresh:
        made = _survey({_name(version): criteria_of(version) for version in fresh}, fresh, at)
        cache.set_many(made, KEPT_SECONDS)
        kept |= made
    return [kept[_name(version)] for version in versions]


def _name(version: Version) -> str:
    return f"criteria-survey-{version.pk}-{version.revision}"


def _survey(
    criteria: Mapping[str, Criteria], versions: Sequence[Version], at: datetime
) -> dict[str, Survey]:
    lead_ids, every = _asked()
    rules = {name: _rules(each) for name, each in criteria.items()}
    found: dict[str, list[Standpoint]] = {name: [] for name in criteria}
    for lead_id, evidence in evidence_in_bulk(lead_ids, at):
        for name, each in criteria.items():
            found[name].append(_standpoint(lead_id, evidence, each, rules[name].values()))
    return {
        name: Survey(version.pk, at, every, tuple(rules[name]), tuple(found[name]))
        for name, version in zip(criteria, versions, strict=True)
    }


def _asked() -> tuple[list[int], int]:
    """Return the ids of the leads to ask, and how many each of them stands for."""
    live = Lead.objects.live().order_by("pk")
    every = max(1, ceil(live.count() / MOST_SURVEYED))
    if every > 1:
        live = live.annotate(rest=Mod("pk", Value(every))).filter(rest=0)
    return list(live.values_list("pk", flat=True)), every


def _rules(criteria: Criteria) -> dict[str, Compiled]:
    tables: dict[str, Sequence[tuple[Any, Compiled]]] = {
        "fit": criteria.fit,
        "disqualifiers": criteria.disqualifying,
        "modifiers": criteria.modifying,
    }
    return {
        f"{table}:{rule.key}": compiled
        for table, rules in tables.items()
        for rule, compiled in rules
    }


def _standpoint(
    lead_id: int, evidence: Evidence, criteria: Criteria, rules: Iterable[Compiled]
) -> Standpoint:
    standing = Standing(evidence, criteria)
    holds = sum(1 << place for place, rule in enumerate(rules) if rule.matches(evidence))
    return Standpoint(lead_id, standing.fit, standing.readiness, standing.band, holds)
