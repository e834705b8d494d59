"""Conditions as somebody types them: read from a form, changed, and made into what is stored.

What makes no sense yet is kept as it was typed, so that the checks can say what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from leads.condition_checks import MOST_DIGITS, condition_problems
from leads.facts import Fact, FactType
from leads.forms.typed_countries import as_stored, country_problems
from leads.operators import OPERATORS, Operator, Takes, choice_of, is_picked, operators_for

THOUSANDS = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")
NUMBER = re.compile(r"-?\d+(\.\d+)?")
PLACE = re.compile(r"\d{1,3}")


def typed_number(text: str) -> int | float | str:
    """Return the number that `text` writes (2000, 2,000 or 1.5), or else the text itself, as where
    there are more digits than are stored.
    """
    plain = text.strip()
    if THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    if not NUMBER.fullmatch(plain) or sum(map(str.isdecimal, plain)) > MOST_DIGITS:
        return text.strip()
    return float(plain) if "." in plain else int(plain)


def number_text(value: object) -> str:
    return "" if value is None or isinstance(value, bool) else str(value)


def typed_list(text: str) -> list[str]:
    """Return the texts in `text`: one a line, or else with commas between."""
    parts = text.splitlines() if "\n" in text.strip() else text.split(",")
    return [part.strip() for part in parts if part.strip()]


def typed_property(text: str) -> object:
    """Return a property's value: yes or no, a number, or text; "5" in quotes is text."""
    plain = text.strip()
    if len(plain) > 1 and plain[0] == plain[-1] == '"':
        return plain[1:-1]
    if plain in ("yes", "no"):
        return plain == "yes"
    return typed_number(plain)


def property_text(value: object) -> str:
    """Return what, when typed, is read as `value`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return f'"{text}"' if isinstance(value, str) and typed_property(text) != value else text


Pairs = tuple[tuple[str, str], ...]


def read_pairs(data: Any, prefix: str) -> Pairs:
    """Return the properties and values that a form names, without pairs left blank."""
    names, values = data.getlist(f"{prefix}-name"), data.getlist(f"{prefix}-is")
    pairs = zip(names, values, strict=False)
    return tuple((name.strip(), value) for name, value in pairs if name.strip() or value.strip())


def where_of(pairs: Pairs) -> dict[str, object]:
    return {name: typed_property(value) for name, value in pairs}


def pairs_of(where: Mapping[str, object]) -> Pairs:
    return tuple((name, property_text(value)) for name, value in where.items())


@dataclass(frozen=True, slots=True)
class TypedCondition:
    """One condition as it stands in the form; texts as typed, `chosen` the choices ticked."""

    fact: str = ""
    op: str = ""
    value: str = ""
    chosen: tuple[str, ...] = ()
    low: str = ""
    high: str = ""
    kind: str = ""
    days: str = ""
    where: Pairs = ()

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> TypedCondition:
        value = stored.get("value")
        several = value if isinstance(value, list | tuple) else []
        is_range = stored.get("op") == "between" and len(several) == 2
        return cls(
            fact=str(stored.get("fact") or ""),
            op=str(stored.get("op") or ""),
            value="\n".join(map(str, several)) if several else number_text(value),
            chosen=tuple(map(str, several)),
            low=number_text(several[0]) if is_range else "",
            high=number_text(several[1]) if is_range else "",
            kind=str(stored.get("kind") or ""),
            days=number_text(stored.get("days")),
            where=pairs_of(stored.get("where") or {}),
        )

    @classmethod
    def from_data(cls, data: Any, prefix: str) -> TypedCondition:
        plain = {
            name: data.get(f"{prefix}-{name}", "")
            for name in ("fact", "op", "value", "low", "high", "kind", "days")
        }
        chosen = tuple(data.getlist(f"{prefix}-chosen"))
        return cls(**plain, chosen=chosen, where=read_pairs(data, f"{prefix}-where"))

    def to_json(self, facts: Mapping[str, Fact]) -> dict[str, object]:
        """Return the condition as it would be stored."""
        stored: dict[str, object] = {"fact": self.fact}
        fact, operator = facts.get(self.fact), OPERATORS.get(self.op)
        if fact is None:
            return stored if self.fact else {}
        if fact.is_behaviour:
            stored |= self._behaviour()
        stored["op"] = self.op
        if operator and operator.takes is not Takes.NOTHING:
            stored["value"] = self._operand(fact, operator)
        return stored

    def _behaviour(self) -> dict[str, object]:
        asked: dict[str, object] = {"kind": self.kind}
        if self.where:
            asked["where"] = where_of(self.where)
        if self.days.strip():
            asked["days"] = typed_number(self.days)
        return asked

    def _operand(self, fact: Fact, operator: Operator) -> object:
        match operator.takes:
            case Takes.RANGE:
                return [_none_if_blank(self.low), _none_if_blank(self.high)]
            case Takes.MANY if is_picked(fact, operator):
                return list(self.chosen)
            case Takes.MANY:
                return [as_stored(fact, self.op, each) for each in typed_list(self.value)]
            case Takes.DAYS:
                return _none_if_blank(self.value)
        if fact.type is FactType.NUMBER:
            return _none_if_blank(self.value)
        return as_stored(fact, self.op, self.value.strip()) or None

    def with_choices_of(self, fact: Fact) -> TypedCondition:
        """Return the condition with those choices of its fact that its values are compared as."""
        chosen = tuple(dict.fromkeys(choice_of(fact, each) for each in self.chosen))
        return replace(self, value=choice_of(fact, self.value), chosen=chosen)

    def refreshed(self, facts: Mapping[str, Fact]) -> TypedCondition:
        """Return the condition with an operator that suits its fact."""
        fact = facts.get(self.fact)
        if fact is None:
            return self
        suited = [each.key for each in operators_for(fact)]
        if self.op in suited:
            return self
        usual = "at_least" if fact.type is FactType.NUMBER else suited[0]
        return replace(self, op=usual)


def _none_if_blank(text: str) -> object:
    return typed_number(text) if text.strip() else None


Groups = tuple[tuple[TypedCondition, ...], ...]


@dataclass(frozen=True, slots=True)
class TypedConditions:
    """Groups of which any may hold, each of conditions that must all hold, as typed."""

    groups: Groups = field(default=((TypedCondition(),),))

    @classmethod
    def from_json(cls, stored: Sequence[Sequence[Mapping[str, Any]]]) -> TypedConditions:
        groups = tuple(tuple(TypedCondition.from_json(each) for each in group) for group in stored)
        return cls(groups) if groups else cls()

    @classmethod
    def from_data(cls, data: Any, name: str) -> TypedConditions:
        places: dict[int, list[int]] = {}
        for group, condition in sorted(_places(data, name)):
            places.setdefault(group, []).append(condition)
        groups = tuple(
            tuple(TypedCondition.from_data(data, f"{name}-{group}-{each}") for each in conditions)
            for group, conditions in places.items()
        )
        return cls(groups)

    def to_json(self, facts: Mapping[str, Fact]) -> list[list[dict[str, object]]]:
        return [[each.to_json(facts) for each in group] for group in self.groups]

    def problems(self, place: tuple[int, int], facts: Mapping[str, Fact]) -> list[str]:
        """Return what is wrong with the condition at `place`, as sentences."""
        stored = self.groups[place[0]][place[1]].to_json(facts)
        found = [*condition_problems(stored, facts), *country_problems(stored)]
        return [sentence[0].upper() + sentence[1:] for sentence in found]

    def after(self, action: str, facts: Mapping[str, Fact]) -> TypedConditions:
        """Return the conditions after a press of a button: "add:1" a condition to group 1,
        "remove:0:2", "group" for one more; anything else only suits operators to their facts.
        """
        groups = [[each.refreshed(facts) for each in group] for group in self.groups]
        match action.split(":"):
            case ["group"]:
                groups.append([TypedCondition()])
            case ["add", place] if PLACE.fullmatch(place) and int(place) < len(groups):
                groups[int(place)].append(TypedCondition())
            case ["remove", place, which] if PLACE.fullmatch(place) and PLACE.fullmatch(which):
                for group in groups[int(place) : int(place) + 1]:
                    del group[int(which) : int(which) + 1]
        return TypedConditions(tuple(tuple(group) for group in groups if group))


def _places(data: Any, name: str) -> Iterator[tuple[int, int]]:
    pattern = re.compile(rf"{re.escape(name)}-(\d{{1,3}})-(\d{{1,3}})-fact")
    for key in data:
        if found := pattern.fullmatch(key):
            yield int(found[1]), int(found[2])
