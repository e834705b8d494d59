"""The hours of a calendar as people read them: "Mon–Fri 09:00–12:30, 13:00–17:00"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby

from sla.opening_hours import WEEKDAYS

Pairs = Sequence[Sequence[str]]
CLOSED, NOTHING = "closed", "–"


def pairs_in_words(pairs: Pairs) -> str:
    """Return "09:00–12:30, 13:00–17:00", or "closed"."""
    return ", ".join("–".join(pair) for pair in pairs) or CLOSED


def week_in_words(hours: Mapping[str, Pairs]) -> str:
    """Return the week with days of the same hours together: "Mon–Fri 09:00–17:00; Sat closed"."""
    said = [(day.capitalize(), pairs_in_words(hours.get(day, []))) for day in WEEKDAYS]
    runs = [(words, [day for day, _ in run]) for words, run in groupby(said, lambda each: each[1])]
    return "; ".join(f"{_run(days)} {words}" for words, days in runs)


def days_in_words(days: Iterable[str]) -> str:
    """Return dates in order: "24 Dec 2026, 31 Dec 2026"."""
    return ", ".join(day_in_words(day) for day in sorted(days)) or NOTHING


def overrides_in_words(overrides: Mapping[str, Pairs]) -> str:
    """Return "24 Dec 2026 09:00–12:00; 2 Jan 2027 closed"."""
    told = (f"{day_in_words(day)} {pairs_in_words(overrides[day])}" for day in sorted(overrides))
    return "; ".join(told) or NOTHING


def day_in_words(day: str) -> str:
    read = date.fromisoformat(day)
    return f"{read.day} {read:%b %Y}"


def _run(days: Sequence[str]) -> str:
    if len(days) > 2:
        return f"{days[0]}–{days[-1]}"
    return ", ".join(days)
