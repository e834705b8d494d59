"""Is a list of conditions fit to be saved? Says what is wrong in a marketer's words."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from leads.decay import LONGEST_WINDOW_DAYS
from leads.facts import ACTIVITY_KINDS, Fact, FactType
from leads.operators import (
    NORMALISE,
    OPERATORS,
    Operator,
    Takes,
    choice_of,
    is_picked,
    operators_for,
)

# What PostgreSQL keeps in no text: NUL, and halves of a character.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
MOST_DIGITS = 18
KEYS = frozenset({"fact", "op", "value"})
BEHAVIOUR_KEYS = KEYS | {"kind", "where", "days"}


def problems(conditions: object, facts: Mapping[str, Fact], *, allow_always: bool) -> list[str]:
    """Return what is wrong with `conditions`, each as a sentence; nothing if they may be saved."""
    if not isinstance(conditions, list | tuple):
        return ["Conditions must be a list of groups, each a list of conditions."]
    if not conditions and not allow_always:
        return ["Add at least one condition: only a fallback rule may apply to everybody."]
    return [
        sentence
        for place, group in enumerate(conditions, 1)
        for sentence in _group(group, facts, f"Group {place}" if len(conditions) > 1 else "")
    ]


def _group(group: object, facts: Mapping[str, Fact], name: str) -> Iterator[str]:
    if not isinstance(group, list | tuple):
        yield f"{name or 'The group'} must be a list of conditions."
    elif not group:
        yield f"{name or 'The group'} is empty: add a condition or remove the group."
    else:
        for place, condition in enumerate(group, 1):
            prefix = f"{name}, condition {place}" if name else f"Condition {place}"
            yield from (
                f"{prefix}: {sentence}" for sentence in condition_problems(condition, facts)
            )


def condition_problems(condition: object, facts: Mapping[str, Fact]) -> Iterator[str]:
    """Yield what is wrong with one condition, each as a sentence without its place."""
    if not isinstance(condition, Mapping) or not condition.get("fact"):
        yield "it is blank; choose what to ask about."
        return
    fact = facts.get(str(condition["fact"]))
    if fact is None:
        yield f"the fact “{condition['fact']}” does not exist or no longer exists; choose another."
        return
    if fact.is_off:
        yield f"{fact.label} was switched off; choose another, or switch it on again in Set-up."
        return
    if not is_storable(_texts(condition)):
        yield "it holds a character that can't be stored; type it anew."
        return
    yield from _stray_keys(condition, fact)
    if fact.is_behaviour:
        yield from _behaviour(condition)
    operator = OPERATORS.get(str(condition.get("op") or ""))
    if operator is None or operator not in operators_for(fact):
        yield _wrong_operator(fact, operator, condition.get("op"))
    else:
        asked = replace(fact, listed=is_picked(fact, operator))
        yield from _value(asked, operator, condition.get("value"))


def is_storable(texts: Iterable[object]) -> bool:
    return not any(isinstance(text, str) and UNSTORABLE.search(text) for text in texts)


def _texts(condition: Mapping[str, object]) -> Iterator[object]:
    """Yield what somebody typed freely in a condition."""
    value, where = condition.get("value"), condition.get("where")
    yield from value if isinstance(value, list | tuple) else [value]
    for name, wanted in where.items() if isinstance(where, Mapping) else ():
        yield from (name, wanted)


def _stray_keys(condition: Mapping[str, object], fact: Fact) -> Iterator[str]:
    known = BEHAVIOUR_KEYS if fact.is_behaviour else KEYS
    for key in condition:
        if key not in known:
            yield f"{fact.label} does not go with “{key}”."


def _wrong_operator(fact: Fact, operator: Operator | None, given: object) -> str:
    choices = ", ".join(each.label for each in operators_for(fact))
    if not given:
        return f"choose how to compare {fact.label}: {choices}."
    return f"{fact.label} can't be asked “{operator.label if operator else given}”; use {choices}."


def _behaviour(condition: Mapping[str, object]) -> Iterator[str]:
    kind, where, days = condition.get("kind"), condition.get("where"), condition.get("days")
    if not kind:
        yield "choose which activity to count."
    elif not isinstance(kind, str) or kind not in ACTIVITY_KINDS:
        yield f"the activity “{kind}” does not exist."
    if where is not None and not _is_filter(where):
        yield "each filter needs a property's name and a text, number or yes/no to equal."
    if days is not None and not _is_window(days):
        yield f"the window must be a whole number of days, 1 to {LONGEST_WINDOW_DAYS:,}."


def _is_filter(where: object) -> bool:
    return isinstance(where, Mapping) and all(
        isinstance(name, str)
        and name
        and isinstance(value, str | int | float | bool)
        and value != ""
        for name, value in where.items()
    )


def _is_window(days: object) -> bool:
    is_whole = isinstance(days, int) and not isinstance(days, bool)
    return is_whole and 1 <= days <= LONGEST_WINDOW_DAYS  # type: ignore[operator]


def _value(fact: Fact, operator: Operator, value: object) -> Iterator[str]:
    match operator.takes:
        case Takes.NOTHING:
            if value is not None:
                yield f"“{operator.label}” takes no value."
        case Takes.ONE:
            yield from _one(fact, value)
            yield from _domain(operator, value)
        case Takes.MANY:
            yield from _many(fact, value)
        case Takes.RANGE:
            yield from _range(fact, value)
        case Takes.DAYS:
            if not _is_window(value):
                yield f"give a whole number of days, 1 to {LONGEST_WINDOW_DAYS:,}."


def _one(fact: Fact, value: object) -> Iterator[str]:
    if value is None or value == "":
        yield f"{fact.label} needs a value to compare with."
    elif not _is_of_type(fact, value):
        yield f"{fact.label} needs {_wanted(fact, value)}, not “{_shortened(value)}”."
    elif fact.unit == "%" and not 0 <= value <= 100:  # type: ignore[operator]
        yield f"{fact.label} is a percentage, so it lies between 0 and 100, not at {value}."
    elif fact.is_behaviour and value < 0:  # type: ignore[operator]
        yield f"{fact.label} is never below 0."


def _is_of_type(fact: Fact, value: object) -> bool:
    if fact.listed:
        return isinstance(value, str) and choice_of(fact, value) in fact.choice_values
    is_short = not isinstance(value, int | float) or abs(value) < 10**MOST_DIGITS
    return is_short and NORMALISE[fact.type](value) is not None


def _shortened(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _wanted(fact: Fact, value: object) -> str:
    if fact.listed:
        return f"one of {', '.join(label for _, label in fact.choices)}"
    if fact.type is FactType.NUMBER and len(str(value)) > MOST_DIGITS:
        return f"a number of at most {MOST_DIGITS} digits"
    return {
        FactType.NUMBER: "a number",
        FactType.DATE: "a date such as 2026-01-31",
    }.get(fact.type, "a text")


def _domain(operator: Operator, value: object) -> Iterator[str]:
    if operator.key != "domain_is" or not isinstance(value, str) or not value:
        return
    if "." not in value.strip(".") or any(mark in value for mark in " @/:"):
        yield f"“{value}” is not a domain; write it like example.com."


def _many(fact: Fact, value: object) -> Iterator[str]:
    if not isinstance(value, list | tuple) or not value:
        yield f"{fact.label} needs at least one value to compare with."
        return
    for each in value:
        if fact.type is FactType.LIST:
            if not isinstance(each, str) or not each.strip():
                yield f"{fact.label} needs a text, not “{each}”."
        else:
            yield from _one(fact, each)


def _range(fact: Fact, value: object) -> Iterator[str]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        yield f"{fact.label} needs two numbers, from and to."
        return
    found = [*_one(fact, value[0]), *_one(fact, value[1])]
    yield from found
    if not found and value[0] > value[1]:
        yield f"the range is upside down: {value[0]:,} is more than {value[1]:,}."
