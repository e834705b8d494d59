"""Lengths of time as people type them: "5 min", "1.5 h", "1h30", of wall time also "2 days"."""

from __future__ import annotations

import re
from datetime import timedelta

from django.core.exceptions import ValidationError

from sla.lengths import DAY, HOUR, MINUTE, length_text

NUMBER = r"(\d{1,6}(?:[.,]\d{1,3})?)"
PART = re.compile(rf"{NUMBER}\s*(days?|d|hours?|hrs?|h|minutes?|mins?|m)", re.ASCII)
# What follows hours without a unit are minutes: 1h30.
ALONE = re.compile(r"(?<=h)\s*(\d{1,2})$", re.ASCII)
# A thousand to some, to others one with three decimals.
TWO_NUMBERS = re.compile(r"\b([1-9]\d{0,2})[.,](\d{3})(?!\d)", re.ASCII)
SECONDS = re.compile(rf"{NUMBER}\s*(seconds?|secs?|s)\b", re.ASCII)
UNITS = {"d": DAY, "h": HOUR, "m": MINUTE}
EXAMPLES = "5 min, 1.5 h or 1 h 30 min"
EXAMPLES_BY_THE_WALL = "5 min, 1.5 h or 2 days"


def read_length(text: str, *, most: timedelta, in_days: bool) -> timedelta:
    """Return how long `text` says, in whole minutes. in_days: whether days may be named. Raises
    ValidationError with a sentence.
    """
    written = ALONE.sub(r" \1 min", text.strip().lower())
    if two := TWO_NUMBERS.search(written):
        numbers = f"{two[1]}{two[2]} or {two[1]}.{two[2]}".rstrip("0").rstrip(".")
        raise ValidationError(f"“{text}” may be {numbers}: write one of these.")
    if SECONDS.search(written):
        raise ValidationError(f"“{text}”: a promise is in whole minutes, such as 2 min.")
    parts = [(number, UNITS[unit[0]]) for number, unit in PART.findall(written)]
    units = [unit for _, unit in parts]
    if PART.sub("", written).strip(" ,") or not _falls(units):
        examples = EXAMPLES_BY_THE_WALL if in_days else EXAMPLES
        raise ValidationError(f"“{text}” is no length of time such as {examples}.")
    if DAY in units and not in_days:
        raise ValidationError("In working time, say hours: a day of work is no 24 of them.")
    length = sum((float(each.replace(",", ".")) * unit for each, unit in parts), timedelta())
    if length % MINUTE:
        raise ValidationError(f"“{text}” is no whole number of minutes.")
    if length > most:
        raise ValidationError(
            f"“{text}” is too long: the most is {length_text(most, in_days=in_days)}."
        )
    return length


def _falls(units: list[timedelta]) -> bool:
    """Tell whether there are units, each smaller than the one before."""
    return bool(units) and units == sorted(set(units), reverse=True)
