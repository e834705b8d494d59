"""Times of day and dates as people type them, made into what a calendar stores.

What may mean two things is refused, with how to write it.
"""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from sla.calendar_words import CLOSED

MIDDAY = 12
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
SHORT = {name[:3]: place for place, name in enumerate(MONTHS, 1)} | {"sept": 9}

TYPED = re.ASCII | re.IGNORECASE
# 9, 9:30, 09.30, 09:30:15.5, 9am and 9.30 p.m.
CLOCK = r"(\d{1,2})(?:[:.](\d\d)((?::\d\d(?:\.\d{1,6})?)?))?(?: ?([ap])\.?m\.?)?"
INTERVAL = re.compile(rf"{CLOCK} ?(?:-|–|—|to) ?{CLOCK}", TYPED)

# The date stands alone: 31.12.20261 and 12/31/2026/1 are none.
END = r"(?![\w./])"
YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){END}", TYPED)
DOTTED = re.compile(rf"(\d{{1,2}})\. ?(\d{{1,2}})\. ?(\d{{4}}){END}", TYPED)
YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/])(\d{{1,2}})\2(\d{{4}}){END}", TYPED)
DAY_NAMED = re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th|\.)?[ -]([a-z]+)\.?,?[ -](\d{{4}}){END}", TYPED)
MONTH_NAMED = re.compile(rf"([a-z]+)\.? (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}}){END}", TYPED)


class Clock(NamedTuple):
    """A time of day as it was typed. half: “a” or “p” for am and pm, else blank."""

    hour: str
    minute: str
    seconds: str
    half: str

    def __str__(self) -> str:
        hour = int(self.hour)
        if self.half:
            hour = hour % MIDDAY + (MIDDAY if self.half == "p" else 0)
        return f"{hour:02}:{self.minute or '00'}{self.seconds}"

    @property
    def may_be_either_half(self) -> bool:
        return not self.half and 1 <= int(self.hour) <= MIDDAY

    @property
    def is_written_out(self) -> bool:
        return len(self.hour) == 2 and bool(self.minute)

    @property
    def twelve_hours_later(self) -> Clock:
        return self._replace(hour=str(int(self.hour) + MIDDAY))


Pair = tuple[Clock, Clock]


def read_pairs(text: str) -> list[list[str]]:
    """Return the intervals that somebody typed; "" and "closed" are none.

    "9-12:30, 13–17", "09:00–12:30; 13:00 to 17:00" and "9am–12.30pm, 1 pm – 5 pm" are the same.
    Raises ValueError with a sentence for what is no interval, or may be two; whether there is such
    a time is not looked at.
    """
    parts = [" ".join(part.split()) for part in re.split(r"[,;]", text)]
    parts = [part for part in parts if part and part.lower() != CLOSED]
    pairs = [_read_pair(part) for part in parts]
    for (before, earlier), (part, later) in pairwise(zip(parts, pairs, strict=True)):
        _check_order(before, earlier, part, later)
    return [_stored(*each) for each in pairs]


def _read_pair(text: str) -> Pair:
    found = INTERVAL.fullmatch(text.lower())
    if not found:
        raise ValueError(f"“{text}” is no interval such as 09:00–17:00 or 9am–5pm.")
    parts = found.groups(default="")
    opens, closes = Clock(*parts[:4]), Clock(*parts[4:])
    if problem := _two_meanings(opens, closes):
        raise ValueError(f"“{text}” {problem}")
    return opens, closes


def _check_order(before: str, earlier: Pair, text: str, later: Pair) -> None:
    """Raise ValueError if `text` may be of the afternoon: 1-5 after 9-12."""
    opens, closes = later
    is_open_question = all(each.may_be_either_half for each in (earlier[0], *later))
    is_written_out = opens.is_written_out and closes.is_written_out
    if is_open_question and not is_written_out and str(opens) < str(earlier[0]):
        afternoon = f"{opens.twelve_hours_later}–{closes.twelve_hours_later}"
        raise ValueError(
            f"“{text}” may be before “{before}” or after: write {opens}–{closes} or {afternoon}."
        )


def _stored(opens: Clock, closes: Clock) -> list[str]:
    # Twelve at night closes the day that ends then.
    is_midnight = closes.half and str(closes) == "00:00"
    return [str(opens), "24:00" if is_midnight else str(closes)]


def _two_meanings(opens: Clock, closes: Clock) -> str:
    """Return what leaves open which half of the day is meant, or names none; "": nothing."""
    if any(each.half and not 1 <= int(each.hour) <= MIDDAY for each in (opens, closes)):
        return "has an hour that is neither am nor pm: write 09:00–17:00 or 9am–5pm."
    if (opens.half or closes.half) and (opens.may_be_either_half or closes.may_be_either_half):
        return "says am or pm of one time alone: write 9am–5pm or 09:00–17:00."
    may_be_later = opens.may_be_either_half and closes.may_be_either_half
    is_written_out = opens.is_written_out and closes.is_written_out
    if may_be_later and not is_written_out and str(closes) < str(opens):
        later = closes.twelve_hours_later
        return f"may end that day or the next: write {opens}–{later} or {opens}–{closes}."
    return ""


def read_day(text: str) -> tuple[date, str] | None:
    """Return the date that `text` begins with and what follows it; None: there is none.

    2026-12-31, 31.12.2026, 12/31/2026, 31 Dec 2026 and Dec 31, 2026 are the same. Raises ValueError
    with a sentence for a date that does not exist, or that may be two.
    """
    if found := YEAR_FIRST.match(text):
        day = _day(found[0], found[1], found[3], found[4])
    elif found := DOTTED.match(text):
        day = _day(found[0], found[3], found[2], found[1])
    elif found := YEAR_LAST.match(text):
        day = _year_last(found[0], found[1], found[3], found[4])
    elif (found := DAY_NAMED.match(text)) and (month := _month(found[2])):
        day = _day(found[0], found[3], month, found[1])
    elif (found := MONTH_NAMED.match(text)) and (month := _month(found[1])):
        day = _day(found[0], found[3], month, found[2])
    else:
        return None
    return day, text[found.end() :]


def _year_last(text: str, first: str, second: str, year: str) -> date:
    """Return the date with slashes or dashes whose year comes last: some write the month before the
    day and some the day before the month.
    """
    if int(first) > MIDDAY:
        return _day(text, year, second, first)
    month_first = _day(text, year, first, second)
    if first == second or int(second) > MIDDAY:
        return month_first
    day_first = _day(text, year, second, first)
    meant = " or ".join(f"{each.day} {each:%B}" for each in (day_first, month_first))
    raise ValueError(f"“{text}” may be {meant}: write {day_first} or {month_first}.")


def _month(name: str) -> int:
    """Return the number of a month by its English name, whole or short; 0: it is none."""
    lower = name.lower()
    return MONTHS.index(lower) + 1 if lower in MONTHS else SHORT.get(lower, 0)


def _day(text: str, year: str, month: str | int, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise ValueError(f"“{text}” is not a date such as 2026-12-25.") from error
