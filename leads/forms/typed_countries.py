"""Countries in conditions: typed by code or English name, stored as codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from leads.countries import COUNTRIES, country_code
from leads.facts import FACTS, Fact
from leads.operators import EQUALITY

COUNTRY_FACTS = frozenset({"person.country", "account.country"})


def is_country(fact: Fact, op: str) -> bool:
    """Whether what is typed beside `op` must be a country, and not a part of its code."""
    return fact.name in COUNTRY_FACTS and op in EQUALITY


def as_stored(fact: Fact, op: str, text: str) -> str:
    """Return the code of the country that `text` names; any other text as it is."""
    return (is_country(fact, op) and country_code(text)) or text


def country_problems(condition: Mapping[str, object]) -> Iterator[str]:
    """Yield a sentence for each value of a condition that is to be a country and is none."""
    fact, value = FACTS.get(str(condition.get("fact"))), condition.get("value")
    if fact is None or not is_country(fact, str(condition.get("op"))):
        return
    for each in value if isinstance(value, list) else [value]:
        if each and each not in COUNTRIES:
            yield (
                f"there is no country “{each}”. Write it as two letters, like DE, or by its"
                " English name."
            )
