"""A version of the routing table in words, row by row, as a map that can be read and printed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leads.csv_cells import inert
from leads.version_words import Vocabulary, conditions_in_words
from routing.models import RoutingRule, Territory
from routing.needs import language_name

OWNER_WORDS = {
    RoutingRule.Outcome.OPPORTUNITY_OWNER: "Owner of the open deal",
    RoutingRule.Outcome.ACCOUNT_OWNER: "Owner of the account",
    RoutingRule.Outcome.TERRITORY: "Whose territory it is",
}
BYTE_ORDER_MARK = "\ufeff"
COLUMNS = ("Row", "Name", "When", "Goes to", "Only reps who", "Out of hours", "Priority")


def when(rule: RoutingRule, own: Vocabulary) -> str:
    return conditions_in_words(rule.conditions, own) if rule.conditions else "Everything else"


def goes_to(rule: RoutingRule) -> str:
    """Return whom a rule, read with what it names, leads to."""
    named = rule.rota or rule.rep or rule.queue
    return str(named) if named else OWNER_WORDS[RoutingRule.Outcome(rule.outcome)]


def needed(rule: RoutingRule) -> str:
    """Return what a rep must be able to do: "has Payments and speaks German"; "" if nothing."""
    spoken = " and ".join(map(language_name, rule.languages))
    skilled = f"has {', '.join(rule.skills)}" if rule.skills else ""
    return " and ".join(each for each in (skilled, f"speaks {spoken}" if spoken else "") if each)


def map_as_csv(rules: Iterable[RoutingRule], own: Vocabulary) -> str:
    """Return the map as CSV that a spreadsheet opens without running anything in it."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(COLUMNS)
    for place, rule in enumerate(rules, 1):
        writer.writerow(map(inert, _cells(place, rule, own)))
    return BYTE_ORDER_MARK + lines.getvalue()


def _cells(place: int, rule: RoutingRule, own: Vocabulary) -> Sequence[str]:
    return (
        str(place),
        rule.label,
        when(rule, own),
        goes_to(rule),
        needed(rule),
        rule.get_off_hours_display(),
        str(rule.priority),
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
        TerritoryRow(each.name, where(each), str(each.rep or each.rota)) for each in territories
    ]


def where(territory: Territory) -> str:
    """Return what a territory asks, in words: "DE, AT; from 200 employees"."""
    limits = [territory.countries, territory.states, territory.industries, territory.domains]
    words = [", ".join(each) for each in limits if each]
    low, high = territory.employees_from, territory.employees_to
    if low is not None and high is not None:
        words.append(f"{low:,} to {high:,} employees")
    elif low is not None:
        words.append(f"from {low:,} employees")
    elif high is not None:
        words.append(f"up to {high:,} employees")
    return "; ".join(words)
