"""The live routing table in words, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from leads.conditions import describe
from leads.custom_facts import all_declared_facts
from leads.documents import live_version
from leads.facts import Fact
from leads.models import Document, Publication
from routing.models import RoutingRule, Territory

OWNER_WORDS = {
    RoutingRule.Outcome.OPPORTUNITY_OWNER: "Owner of the open deal",
    RoutingRule.Outcome.ACCOUNT_OWNER: "Owner of the account",
    RoutingRule.Outcome.TERRITORY: "Whose territory it is",
}


@dataclass(frozen=True, slots=True)
class MapRow:
    """One rule in words. kind: what stands in "goes to", for its mark: person, rota or queue."""

    label: str
    conditions: str
    goes_to: str
    kind: str
    priority: int
    is_fallback: bool


def live_map(at: datetime) -> tuple[Publication, list[MapRow]]:
    """Return what is live at `at` and since when, with its rows. Raises NothingLive."""
    version = live_version(Document.Kind.ROUTING, at)
    publication = version.publications.filter(at__lte=at).select_related("by", "version").latest()
    rules = RoutingRule.objects.filter(version=version).select_related("rota", "rep", "queue")
    attributes = all_declared_facts()
    return publication, [_row(rule, attributes) for rule in rules]


def _row(rule: RoutingRule, attributes: Mapping[str, Fact]) -> MapRow:
    named = rule.rota or rule.rep or rule.queue
    asked = describe(rule.conditions, extra_facts=attributes)
    return MapRow(
        label=rule.label,
        conditions=asked if rule.conditions else "Everything else",
        goes_to=str(named) if named else OWNER_WORDS[RoutingRule.Outcome(rule.outcome)],
        kind=rule.outcome if named else "owner",
        priority=rule.priority,
        is_fallback=not rule.conditions,
    )


@dataclass(frozen=True, slots=True)
class TerritoryRow:
    name: str
    where: str
    whose: str


def territory_rows() -> list[TerritoryRow]:
    """Return the territories in order of precedence, in words."""
    territories = Territory.objects.select_related("rep", "rota")
    return [
        TerritoryRow(each.name, _where(each), str(each.rep or each.rota)) for each in territories
    ]


def _where(territory: Territory) -> str:
    limits = [territory.countries, territory.states, territory.industries]
    words = [", ".join(each) for each in limits if each]
    low, high = territory.employees_from, territory.employees_to
    if low is not None and high is not None:
        words.append(f"{low:,} to {high:,} employees")
    elif low is not None:
        words.append(f"from {low:,} employees")
    elif high is not None:
        words.append(f"up to {high:,} employees")
    return "; ".join(words)
