"""The operators of the rule language: which type each takes, and what makes it true.

Every test gets values already normalised by `NORMALISE`: text case-folded, lists as sets, dates
as day ordinals. What can't be normalised is unknown, never "no match".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from leads.facts import Fact, FactType

# The value found, then the UTC day (ordinal) it is asked on. None is unknown.
Test = Callable[[Any, int], bool | None]

TEXT, NUMBER, BOOLEAN = FactType.TEXT, FactType.NUMBER, FactType.BOOLEAN
CHOICE, LIST, DATE = FactType.CHOICE, FactType.LIST, FactType.DATE
NUMERIC = (int, float, Decimal)


class Takes(StrEnum):
    """The shape of the value that stands beside an operator."""

    NOTHING = "nothing"
    ONE = "one"
    MANY = "many"
    RANGE = "range"
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class Operator:
    key: str
    label: str
    types: frozenset[FactType]
    takes: Takes = Takes.ONE

    @property
    def is_relative(self) -> bool:
        """Whether its answer may change from one day to the next."""
        return self.takes is Takes.DAYS


def _operator(
    key: str, label: str, *types: FactType, takes: Takes = Takes.ONE
) -> tuple[str, Operator]:
    return key, Operator(key, label, frozenset(types), takes)


OPERATORS: Mapping[str, Operator] = dict(
    (
        _operator("is", "is", TEXT, NUMBER, CHOICE),
        _operator("is_not", "is not", TEXT, CHOICE),
        _operator("is_any_of", "is any of", TEXT, CHOICE, takes=Takes.MANY),
        _operator("is_none_of", "is none of", TEXT, CHOICE, takes=Takes.MANY),
        _operator("contains", "contains", TEXT),
        _operator("starts_with", "starts with", TEXT),
        _operator("domain_is", "is in the domain", TEXT),
        _operator("at_least", "is at least", NUMBER, CHOICE),
        _operator("at_most", "is at most", NUMBER, CHOICE),
        _operator("between", "is between", NUMBER, takes=Takes.RANGE),
        _operator("is_true", "is true", BOOLEAN, takes=Takes.NOTHING),
        _operator("is_false", "is false", BOOLEAN, takes=Takes.NOTHING),
        _operator("contains_any", "contains any of", LIST, takes=Takes.MANY),
        _operator("contains_all", "contains all of", LIST, takes=Takes.MANY),
        _operator("contains_none", "contains none of", LIST, takes=Takes.MANY),
        _operator("before", "is before", DATE),
        _operator("after", "is after", DATE),
        _operator("within_days", "is in the last", DATE, takes=Takes.DAYS),
        _operator("within_next_days", "is in the next", DATE, takes=Takes.DAYS),
        _operator("is_known", "is known", *FactType, takes=Takes.NOTHING),
        _operator("is_unknown", "is unknown", *FactType, takes=Takes.NOTHING),
    )
)
KNOWNNESS = frozenset({"is_known", "is_unknown"})
ORDERED_ONLY = frozenset({"at_least", "at_most"})
EQUALITY = frozenset({"is", "is_not", "is_any_of", "is_none_of"})


def operators_for(fact: Fact) -> list[Operator]:
    """Return the operators `fact` may stand with, in the order a menu shows them."""
    return [each for each in OPERATORS.values() if _suits(each, fact)]


def is_picked(fact: Fact, operator: Operator) -> bool:
    """Whether the value beside `operator` is one of the fact's choices, and not typed freely."""
    return fact.type is CHOICE or (fact.listed and operator.key in EQUALITY)


def choice_of(fact: Fact, text: str) -> str:
    """Return the choice that `text` is compared as, else `text`: a TEXT may be written anyhow."""
    if fact.type is not TEXT:
        return text
    return next((value for value, _ in fact.choices if _text(value) == _text(text)), text)


def _suits(operator: Operator, fact: Fact) -> bool:
    if fact.type is CHOICE and operator.key in ORDERED_ONLY:
        return fact.ordered
    return fact.type in operator.types


def _text(value: object) -> str | None:
    return (value.strip().casefold() or None) if isinstance(value, str) else None


def _choice(value: object) -> str | None:
    return (value or None) if isinstance(value, str) else None


def _number(value: object) -> int | float | Decimal | None:
    if not isinstance(value, NUMERIC) or isinstance(value, bool):
        return None
    return value if value == value else None  # NaN equals nothing, not even itself


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _list(value: object) -> frozenset[str] | None:
    if isinstance(value, list | tuple | set | frozenset):
        return frozenset(str(each).strip().casefold() for each in value)
    return None


def _day(value: object) -> int | None:
    """Return the day ordinal of a date, an instant (its UTC day) or an ISO string of either."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC)
    return value.toordinal() if isinstance(value, date) else None


NORMALISE: Mapping[FactType, Callable[[object], Any]] = {
    TEXT: _text,
    NUMBER: _number,
    BOOLEAN: _boolean,
    CHOICE: _choice,
    LIST: _list,
    DATE: _day,
}


def domain_of(text: str) -> str:
    """Return the host in an address, a web address or a bare domain, lower case."""
    host = text.strip().casefold().rsplit("@", 1)[-1].split("://", 1)[-1]
    return host.split("/", 1)[0].split(":", 1)[0].rstrip(".")


def _domain_is(wanted: str) -> Test:
    domain = domain_of(wanted)
    dotted = f".{domain}"

    def test(value: str, day: int) -> bool:
        host = domain_of(value)
        return host == domain or host.endswith(dotted)

    return test


def _ranked(fact: Fact, wanted: str, *, lowest: bool) -> Test:
    """At least (`lowest`) or at most `wanted` by the order of the choices; else unknown."""
    rank = {value: place for place, (value, _) in enumerate(fact.choices)}
    bound = rank[wanted]

    def test(value: str, day: int) -> bool | None:
        place = rank.get(value)
        if place is None:
            return None
        return place >= bound if lowest else place <= bound

    return test


def _at_least(fact: Fact, wanted: Any) -> Test:
    if fact.type is CHOICE:
        return _ranked(fact, wanted, lowest=True)
    return lambda value, day: bool(value >= wanted)


def _at_most(fact: Fact, wanted: Any) -> Test:
    if fact.type is CHOICE:
        return _ranked(fact, wanted, lowest=False)
    return lambda value, day: bool(value <= wanted)


TESTS: Mapping[str, Callable[[Fact, Any], Test]] = {
    "is": lambda fact, wanted: lambda value, day: bool(value == wanted),
    "is_not": lambda fact, wanted: lambda value, day: bool(value != wanted),
    "is_any_of": lambda fact, wanted: lambda value, day: value in wanted,
    "is_none_of": lambda fact, wanted: lambda value, day: value not in wanted,
    "contains": lambda fact, wanted: lambda value, day: wanted in value,
    "starts_with": lambda fact, wanted: lambda value, day: value.startswith(wanted),
    "domain_is": lambda fact, wanted: _domain_is(wanted),
    "at_least": _at_least,
    "at_most": _at_most,
    "between": lambda fact, wanted: lambda value, day: wanted[0] <= value <= wanted[1],
    "is_true": lambda fact, wanted: lambda value, day: bool(value),
    "is_false": lambda fact, wanted: lambda value, day: not value,
    "contains_any": lambda fact, wanted: lambda value, day: not wanted.isdisjoint(value),
    "contains_all": lambda fact, wanted: lambda value, day: wanted <= value,
    "contains_none": lambda fact, wanted: lambda value, day: wanted.isdisjoint(value),
    "before": lambda fact, wanted: lambda value, day: value < wanted,
    "after": lambda fact, wanted: lambda value, day: value > wanted,
    "within_days": lambda fact, wanted: lambda value, day: 0 <= day - value <= wanted,
    "within_next_days": lambda fact, wanted: lambda value, day: 0 <= value - day <= wanted,
}


def make_test(fact: Fact, operator: Operator, value: object) -> Test:
    """Return the test for a valid condition; `value` is as stored, not normalised."""
    return TESTS[operator.key](fact, _operand(fact, operator, value))


def _operand(fact: Fact, operator: Operator, value: object) -> Any:
    normalise = NORMALISE[fact.type]
    if operator.takes is Takes.ONE:
        return normalise(value)
    if operator.takes is Takes.MANY and isinstance(value, list | tuple):
        return normalise(value) if fact.type is LIST else frozenset(map(normalise, value))
    return value
