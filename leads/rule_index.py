"""Many rules asked at once: which hold, which is first, what their points sum to.

Every group of conditions is a bit. Each fact is looked up once, and says which bits survive its
value; what survives all facts holds. The answers are those of `Compiled.matches`, rule by rule.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from leads.conditions import Compiled, Condition, Evidence
from leads.facts import FactType
from leads.operators import Takes

# A text such as a company's name has no end of values; past this many the memory starts anew.
REMEMBERED_VALUES = 1_024


class FactColumn:
    """All conditions on one fact. Remembers, per value, the bits that survive it."""

    def __init__(self, conditions: Sequence[tuple[int, Condition]], everything: int) -> None:
        self._conditions = conditions
        self._everything = everything
        self._name = conditions[0][1].fact.name
        self._read = conditions[0][1].read
        self._cuts = sorted({cut for _, each in conditions for cut in _cuts(each)})
        self._is_number = conditions[0][1].fact.type is FactType.NUMBER
        self._survivors: dict[Hashable, int] = {}

    def survivors(self, evidence: Evidence) -> int:
        value: Any = evidence.facts.get(self._name)
        if value is not None and value.__class__ not in (str, bool):
            value = self._key(evidence)
        found = self._survivors.get(value)
        return self._ask(value, evidence) if found is None else found

    def _key(self, evidence: Evidence) -> Any:
        """Return what stands for a number or a list: the same key always gets the same answers.

        Numbers: even between two cuts, odd on one; below zero, to be told from true and false.
        """
        value: Any = self._read(evidence)
        if value is None or not self._is_number:
            return value
        return ~(bisect_left(self._cuts, value) + bisect_right(self._cuts, value))

    def _ask(self, key: Hashable, evidence: Evidence) -> int:
        survivors = self._everything
        for place, condition in self._conditions:
            if not condition.check(evidence):
                survivors &= ~(1 << place)
        if len(self._survivors) >= REMEMBERED_VALUES:
            self._survivors.clear()
        self._survivors[key] = survivors
        return survivors


def _cuts(condition: Condition) -> list[int | float | Decimal]:
    """Return the numbers at which the answer of a condition on a number may turn."""
    value: Any = condition.value
    if condition.fact.type is not FactType.NUMBER or condition.operator.takes is Takes.NOTHING:
        return []
    return list(value) if condition.operator.takes is Takes.RANGE else [value]


class RuleIndex:
    """Rules in order, compiled together."""

    def __init__(self, rules: Sequence[Compiled]) -> None:
        groups = [
            (rule, group) for rule, each in enumerate(rules) for group in (each.groups or ((),))
        ]
        self.rule_of = [rule for rule, _ in groups]
        self._everything = (1 << len(groups)) - 1
        self._asked_last = {
            place: late
            for place, (_, group) in enumerate(groups)
            if (late := [each for each in group if each.changes_with_time])
        }
        self._asked_last_bits = sum(1 << place for place in self._asked_last)
        self._columns = [
            FactColumn(conditions, self._everything)
            for conditions in _by_fact([group for _, group in groups]).values()
        ]

    def first_match(self, evidence: Evidence) -> int | None:
        """Return the place of the first rule that holds, None if none does."""
        for place in _bits(self._survivors(evidence)):
            if self._holds_in_time(place, evidence):
                return self.rule_of[place]
        return None

    def matching(self, evidence: Evidence) -> list[int]:
        """Return the places of all rules that hold, in order."""
        groups = _bits(self.holding_groups(evidence))
        return list(dict.fromkeys(self.rule_of[place] for place in groups))

    def holding_groups(self, evidence: Evidence) -> int:
        """Return the groups that hold, as bits in the order of the rules."""
        found = self._survivors(evidence)
        for place in _bits(found & self._asked_last_bits):
            if not self._holds_in_time(place, evidence):
                found ^= 1 << place
        return found

    def _survivors(self, evidence: Evidence) -> int:
        found = self._everything
        for column in self._columns:
            found &= column.survivors(evidence)
            if not found:
                break
        return found

    def _holds_in_time(self, place: int, evidence: Evidence) -> bool:
        late = self._asked_last.get(place, ())
        return all(condition.check(evidence) for condition in late)


class PointsIndex:
    """Additive rules, each with its points."""

    def __init__(self, rules: Sequence[tuple[int, Compiled]]) -> None:
        self._index = RuleIndex([compiled for _, compiled in rules])
        self._bits_of_points: dict[int, int] = {}
        self._of_several_groups: list[tuple[int, int]] = []
        bits_of_rule: dict[int, int] = {}
        for place, rule in enumerate(self._index.rule_of):
            bits_of_rule[rule] = bits_of_rule.get(rule, 0) | 1 << place
        for rule, bits in bits_of_rule.items():
            points = rules[rule][0]
            if bits.bit_count() > 1:
                self._of_several_groups.append((bits, points))
            else:
                self._bits_of_points[points] = self._bits_of_points.get(points, 0) | bits

    def total(self, evidence: Evidence) -> int:
        """Return the sum of the points of the rules that hold."""
        held = self._index.holding_groups(evidence)
        total = 0
        for points, bits in self._bits_of_points.items():
            total += points * (held & bits).bit_count()
        for bits, points in self._of_several_groups:
            if held & bits:
                total += points
        return total


def _by_fact(
    groups: Sequence[Sequence[Condition]],
) -> dict[str, list[tuple[int, Condition]]]:
    """Return the conditions that depend on a fact's value alone, by fact, with their group."""
    found: dict[str, list[tuple[int, Condition]]] = {}
    for place, group in enumerate(groups):
        for condition in group:
            if not condition.changes_with_time:
                found.setdefault(condition.fact.name, []).append((place, condition))
    return found


def _bits(found: int) -> Iterator[int]:
    """Yield the places of the bits that are set, lowest first."""
    while found:
        lowest = found & -found
        yield lowest.bit_length() - 1
        found ^= lowest
