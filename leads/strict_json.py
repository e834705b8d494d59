"""A JSON reader that refuses what the standard lets through or leaves open. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import NoReturn

DEEPEST = 10
MOST_KEYS = 200
LONGEST_TEXT = 10_000
LARGEST_INTEGER = 2**53


class BadJson(ValueError):
    """The body can't be read. The message is a sentence for the sender."""


def read_object(body: bytes) -> dict[str, object]:
    """Return the JSON object in `body`.

    Refuses, with BadJson: what is not UTF-8, a key given twice, NaN and infinities, numbers past
    2^53, NUL, half a surrogate pair, nesting deeper than 10, more than 200 keys in one object,
    texts over 10,000 characters.
    """
    try:
        value = json.loads(
            body.decode(),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_integer,
            parse_float=_number,
        )
    except UnicodeDecodeError as error:
        raise BadJson("The body is not UTF-8 text.") from error
    except json.JSONDecodeError as error:
        raise BadJson(f"This is not JSON: {error.msg} at character {error.pos}.") from error
    except RecursionError as error:
        raise BadJson(f"The body is nested deeper than {DEEPEST} levels.") from error
    if not isinstance(value, dict):
        raise BadJson("The body must be a JSON object.")
    _check(value, depth=1)
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(pairs) > MOST_KEYS:
        raise BadJson(f"An object has more than {MOST_KEYS} keys.")
    named = dict(pairs)
    if len(named) < len(pairs):
        raise BadJson("An object has the same key twice.")
    return named


def _no_constant(name: str) -> NoReturn:
    raise BadJson(f"{name} is not JSON.")


def _integer(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > LARGEST_INTEGER:
        raise BadJson("A number is too large.")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise BadJson("A number is too large.")
    return number


def _check(value: object, *, depth: int) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        _check_all([*value, *value.values()], depth=depth)
    elif isinstance(value, list):
        _check_all(value, depth=depth)


def _check_all(values: Iterable[object], *, depth: int) -> None:
    if depth > DEEPEST:
        raise BadJson(f"The body is nested deeper than {DEEPEST} levels.")
    for value in values:
        _check(value, depth=depth + 1)


def _check_text(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise BadJson(f"A text is longer than {LONGEST_TEXT:,} characters.")
    if "\0" in text:
        raise BadJson("A text has a NUL character in it.")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise BadJson("A text has half a surrogate pair in it.")
