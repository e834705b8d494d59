"""How conditions were answered: true, false or unknown, with what was found."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple


class Truth(StrEnum):
    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


# What JSON has a form for, of what facts and behaviour are.
PLAIN = (str, int, float, bool, list, type(None))

TRUTH: Mapping[bool | None, Truth] = {
    True: Truth.TRUE,
    False: Truth.FALSE,
    None: Truth.UNKNOWN,
}


def all_of(truths: Sequence[Truth]) -> Truth:
    """False if any is false, else unknown if any is unknown, else true."""
    if Truth.FALSE in truths:
        return Truth.FALSE
    return Truth.UNKNOWN if Truth.UNKNOWN in truths else Truth.TRUE


def any_of(truths: Sequence[Truth]) -> Truth:
    """True if any is true, else unknown if any is unknown, else false."""
    if Truth.TRUE in truths:
        return Truth.TRUE
    return Truth.UNKNOWN if Truth.UNKNOWN in truths else Truth.FALSE


class ConditionTrace(NamedTuple):
    """One condition as it was answered; `actual` is the value found, None if there was none."""

    text: str
    fact: str
    actual: object
    actual_text: str
    truth: Truth

    def to_json(self) -> dict[str, object]:
        """Return it as plain values; what JSON has no form for as text."""
        found = self.actual if isinstance(self.actual, PLAIN) else str(self.actual)
        return {
            "text": self.text,
            "fact": self.fact,
            "found": found,
            "actual": self.actual_text,
            "truth": self.truth,
        }


class GroupTrace(NamedTuple):
    conditions: tuple[ConditionTrace, ...]
    truth: Truth


class Trace(NamedTuple):
    groups: tuple[GroupTrace, ...]
    truth: Truth

    def to_json(self) -> dict[str, object]:
        """Return the trace as plain values, for storing with a decision."""
        return {
            "truth": self.truth,
            "groups": [
                {
                    "truth": group.truth,
                    "conditions": [each.to_json() for each in group.conditions],
                }
                for group in self.groups
            ],
        }
