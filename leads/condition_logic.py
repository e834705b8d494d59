"""What follows from conditions alone, whoever is asked: which imply others, which exclude them.

Sound, not complete: every answer "yes" is certain, and "no" may mean that it can't be told. Pure.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from leads.conditions import Compiled, Condition, Conditions
from leads.facts import FactType
from leads.operators import KNOWNNESS, NORMALISE, Takes, make_test

# Where the operand of the first, put to the test of the second, decides whether it follows.
FOLLOWS_BY_TEST = frozenset(
    {
        ("contains", "contains"),
        ("starts_with", "starts_with"),
        ("starts_with", "contains"),
        ("domain_is", "domain_is"),
        ("contains_all", "contains_all"),
        ("contains_all", "contains_any"),
    }
)
# Two of one of these exclude each other unless one follows from the other.
NESTED_OR_APART = frozenset({"starts_with", "domain_is"})
COUNTS = frozenset({"activity.count", "activity.distinct_days"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition and what it asks about: the fact; for behaviour also what is counted."""

    about: str
    condition: Condition

    @property
    def operator(self) -> str:
        return self.condition.operator.key


Group = Sequence[Asked]


def groups_of(conditions: Conditions, compiled: Compiled) -> list[Group]:
    """Return the groups of `conditions`, of which `compiled` was made."""
    return [
        [Asked(_about(raw), ready) for raw, ready in zip(stored, group, strict=True)]
        for stored, group in zip(conditions, compiled.groups, strict=True)
    ]


def can_hold(group: Group) -> bool:
    """Whether it is not certain that the conditions of `group` exclude one another."""
    return not any(_is_never(each, group) for each in group) and not any(
        _exclude(first, second)
        for place, first in enumerate(group)
        for second in group[place + 1 :]
    )


def imply(first: Sequence[Group], second: Sequence[Group]) -> bool:
    """Whether `second` surely holds wherever `first` does. No groups hold always; what never
    holds is taken to imply nothing.
    """
    possible = [group for group in first if can_hold(group)]
    if not second:
        return True
    return bool(possible) and all(
        any(group_implies(one, other) for other in second) for one in possible
    )


def exclude(first: Sequence[Group], second: Sequence[Group]) -> bool:
    """Whether `first` and `second` can surely never hold of one lead at once."""
    return (
        bool(first)
        and bool(second)
        and not any(can_hold([*one, *other]) for one in first for other in second)
    )


def group_implies(first: Group, second: Group) -> bool:
    return all(any(_implies(one, other) for one in first) for other in second)


def _about(raw: Mapping[str, Any]) -> str:
    where = {name: _folded(value) for name, value in (raw.get("where") or {}).items()}
    return json.dumps([raw["fact"], raw.get("kind"), where, raw.get("days")], sort_keys=True)


def _folded(value: object) -> object:
    return value.strip().casefold() if isinstance(value, str) else value


def _implies(first: Asked, second: Asked) -> bool:
    if first.about != second.about:
        return False
    if second.operator == "is_known":
        return first.operator != "is_unknown"
    if KNOWNNESS & {first.operator, second.operator}:
        return first.operator == second.operator
    return _follows(first.condition, second.condition)


def _follows(first: Condition, second: Condition) -> bool:
    one, other = first.operator.key, second.operator.key
    if one == other and first.value == second.value:
        return True
    if first.operator.is_relative or second.operator.is_relative:
        return one == other and _number(first.value) <= _number(second.value)
    values, span, wanted = _values(first), _span(first), _span(second)
    if values is not None:
        return all(_passes(second, value) for value in values)
    if span and wanted:
        return bool(wanted[0] <= span[0] and span[1] <= wanted[1])
    if (left_out := _left_out(first)) and (wanted_out := _left_out(second)):
        return wanted_out <= left_out
    if one == other == "contains_any":
        return bool(_operand(first) <= _operand(second))
    return (one, other) in FOLLOWS_BY_TEST and _passes(second, _operand(first))


def _exclude(first: Asked, second: Asked) -> bool:
    if first.about != second.about:
        return False
    if KNOWNNESS & {first.operator, second.operator}:
        return "is_unknown" in (first.operator, second.operator) and (
            first.operator != second.operator
        )
    one, other = first.condition, second.condition
    if (span := _span(one)) and (another := _span(other)):
        return bool(max(span[0], another[0]) > min(span[1], another[1]))
    if first.operator == second.operator and first.operator in NESTED_OR_APART:
        return not _follows(one, other) and not _follows(other, one)
    return _holds_what_is_barred(one, other) or _holds_what_is_barred(other, one)


def _holds_what_is_barred(wanted: Condition, barred: Condition) -> bool:
    """Whether a list must hold (one of) what it must not hold."""
    if barred.operator.key != "contains_none":
        return False
    if wanted.operator.key == "contains_any":
        return bool(_operand(wanted) <= _operand(barred))
    return wanted.operator.key == "contains_all" and bool(_operand(wanted) & _operand(barred))


def _is_never(asked: Asked, group: Group) -> bool:
    """Whether no value lets `asked` hold together with the rest of its group."""
    if asked.condition.fact.name in COUNTS and asked.operator == "is_unknown":
        return True
    values = _values(asked.condition)
    if values is None:
        return False
    others = [
        each.condition
        for each in group
        if each.about == asked.about
        and each.operator not in KNOWNNESS
        and not each.condition.operator.is_relative
    ]
    return not any(all(_passes(other, value) for other in others) for value in values)


def _values(condition: Condition) -> frozenset[Any] | None:
    """Return the only values by which `condition` holds; None if there is no end of them."""
    fact, operator = condition.fact, condition.operator.key
    if operator == "is":
        return frozenset([_operand(condition)])
    if operator == "is_any_of":
        return frozenset(_operand(condition))
    if operator in ("is_true", "is_false"):
        return frozenset([operator == "is_true"])
    if fact.type is FactType.CHOICE and operator in ("at_least", "at_most"):
        return frozenset(value for value, _ in fact.choices if _passes(condition, value))
    return None


def _span(condition: Condition) -> tuple[Any, Any] | None:
    """Return the lowest and the highest number or day by which `condition` holds."""
    if condition.fact.type not in (FactType.NUMBER, FactType.DATE):
        return None
    if condition.operator.takes is Takes.RANGE:
        low, high = _pair(condition.value)
        return low, high
    if condition.operator.takes is not Takes.ONE:
        return None
    value = _operand(condition)
    return {
        "is": (value, value),
        "at_least": (value, inf),
        "at_most": (-inf, value),
        "before": (-inf, value - 1),
        "after": (value + 1, inf),
    }.get(condition.operator.key)


def _left_out(condition: Condition) -> frozenset[Any] | None:
    """Return the values, or members of a list, whose absence is all that is asked."""
    match condition.operator.key:
        case "is_not":
            return frozenset([_operand(condition)])
        case "is_none_of" | "contains_none":
            return frozenset(_operand(condition))
    return None


def _operand(condition: Condition) -> Any:
    """Return the value beside the operator as tests compare it."""
    normalise = NORMALISE[condition.fact.type]
    if condition.operator.takes is Takes.MANY and condition.fact.type is not FactType.LIST:
        return frozenset(map(normalise, _items(condition.value)))
    return normalise(condition.value)


def _passes(condition: Condition, value: Any) -> bool:
    return make_test(condition.fact, condition.operator, condition.value)(value, 0) is True


def _items(value: object) -> Iterable[object]:
    return value if isinstance(value, list | tuple) else ()


def _pair(value: object) -> Iterator[Any]:
    return iter(_items(value))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else inf
