"""The text of a cell read as the value that its field wants. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

TRUE, FALSE = {"1", "true", "t", "yes", "y"}, {"0", "false", "f", "no", "n"}
WHOLE = re.compile(r"-?\d{1,18}\Z")
GROUPED = re.compile(r"\d{1,3}([,  ]\d{3})+(\.\d+)?\Z")

INTEGERS = {"employees"}
AMOUNTS = {"revenue", "deal.amount"}
TRUTHS = {"consent", "history.accepted"}
LISTS = {"tech_stack"}


@dataclass(frozen=True, slots=True)
class Dates:
    """How dates are written: the zone of those that name none, and another form than ISO 8601."""

    zone: ZoneInfo
    format: str = ""


class CellRefused(ValueError):
    """The cell's text is not what its field wants."""


def cell_value(text: str, field: str, dates: Dates) -> object:
    """Return what a cell says, as a JSON value for `field`. Raises CellRefused."""
    if field.endswith("_at"):
        return _instant(text, dates)
    if field in INTEGERS:
        return _integer(text)
    if field in AMOUNTS:
        return GROUPED.sub(lambda found: re.sub(r"[,  ]", "", found.group()), text)
    if field in TRUTHS:
        return _truth(text)
    if field in LISTS:
        return [each for part in re.split(r"[;,|]", text) if (each := part.strip())]
    return text


def _integer(text: str) -> int:
    plain = re.sub(r"[,  ]", "", text) if GROUPED.match(text) else text
    plain = plain.removesuffix(".0")
    if not WHOLE.match(plain):
        raise CellRefused(f"“{text[:40]}” is not a whole number.")
    return int(plain)


def _truth(text: str) -> bool:
    word = text.casefold()
    if word not in TRUE | FALSE:
        raise CellRefused(f"“{text[:40]}” is neither yes nor no.")
    return word in TRUE


def _instant(text: str, dates: Dates) -> str:
    """Read a date (its first instant) or a date and time; without a zone it is in `dates.zone`."""
    try:
        when = (
            datetime.strptime(text, dates.format)  # noqa: DTZ007 - its zone is set below
            if dates.format
            else datetime.fromisoformat(text)
        )
    except ValueError as error:
        raise CellRefused(f"“{text[:40]}” is not a date or time as it should be.") from error
    if when.utcoffset() is None:
        when = when.replace(tzinfo=dates.zone)
    return when.isoformat()
