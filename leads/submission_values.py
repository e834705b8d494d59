"""The kinds of value that a submission holds: lines, instants, amounts, each with its check."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)

from leads.countries import country_code
from leads.facts import ACTIVITY_KINDS
from leads.normalising import normal_email, website_domain

# How far a sender's clock may be ahead of ours.
CLOCK_SKEW = timedelta(minutes=5)
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
LARGEST_INTEGER = 2**31 - 1
LARGEST_AMOUNT = Decimal("999999999999.99")
LONGEST_VALUE = 1000
MOST_VALUES = 50
PROPERTY_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}\Z")
# As short as a number can be that is dialled, such as 112.
FEWEST_DIGITS = 3
ATTRIBUTE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")

Scalar = str | int | float | bool | None


def clean_text(text: str) -> str:
    """Return `text` trimmed; refuse what a database or a page can't hold."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    for character in plain:
        category = unicodedata.category(character)
        if category == "Cs" or (category == "Cc" and character not in "\n\t"):
            raise ValueError("There is a control character or half a character in this text.")
    return plain.strip()


def one_line(text: str) -> str:
    line = clean_text(text)
    if "\n" in line or "\t" in line:
        raise ValueError("This must be on one line, without tabs.")
    return line


def instant(value: object) -> datetime:
    """Return an instant, given as ISO 8601 text with its zone or an aware datetime, in UTC."""
    try:
        when = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        when = None
    if not isinstance(when, datetime) or (isinstance(value, str) and len(value) <= len("20260310")):
        raise ValueError("Write an instant like 2026-03-10T09:30:00+01:00.")
    if when.utcoffset() is None:
        raise ValueError("An instant needs its zone, like +01:00 or Z.")
    if not EARLIEST <= when.replace(tzinfo=UTC) < LATEST:
        raise ValueError("This instant can't be right: it lies before 1990 or after 2199.")
    return when.astimezone(UTC)


def past(when: datetime, info: ValidationInfo) -> datetime:
    context = info.context or {}
    if when > context["at"] + CLOCK_SKEW:
        raise ValueError("This instant lies in the future.")
    return when


def money(value: object) -> Decimal:
    """Return an amount, given as a number or as text that is one, to the cent."""
    try:
        amount = Decimal("NaN" if isinstance(value, bool) else str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise ValueError("Write an amount as a number, without the currency.")
    if not 0 <= amount <= LARGEST_AMOUNT:
        raise ValueError(f"An amount lies between 0 and {LARGEST_AMOUNT:,}.")
    return amount.quantize(Decimal("0.01"))


def scalar(value: object) -> Scalar:
    """Return a text, number, true, false or nothing, within what a column holds."""
    if isinstance(value, str):
        if len(value) > LONGEST_VALUE:
            raise ValueError(f"This is longer than {LONGEST_VALUE} characters.")
        return clean_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= LARGEST_INTEGER:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise ValueError("This must be a text, a number of ordinary size, true, false or null.")


def properties(value: object) -> dict[str, Scalar]:
    pairs = _named(value, PROPERTY_NAME)
    return {name: scalar(each) for name, each in pairs.items()}


def attributes(value: object) -> dict[str, Scalar | list[Scalar]]:
    """Return facts of one's own: scalars, or lists of them, under names a rule can ask for."""
    pairs = _named(value, ATTRIBUTE_NAME)
    return {name: _scalars(each) for name, each in pairs.items()}


def _scalars(value: object) -> Scalar | list[Scalar]:
    if not isinstance(value, list):
        return scalar(value)
    if len(value) > MOST_VALUES:
        raise ValueError(f"At most {MOST_VALUES} values in a list.")
    return [scalar(each) for each in value]


def _named(value: object, names: re.Pattern[str]) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError("This must be an object of names and values.")
    if len(value) > MOST_VALUES:
        raise ValueError(f"At most {MOST_VALUES} names.")
    for name in value:
        if not isinstance(name, str) or not names.match(name):
            raise ValueError(f"“{name}” can't be a name here; it must match {names.pattern[:-2]}.")
    return value


def activity_kind(key: str) -> str:
    if key not in ACTIVITY_KINDS:
        raise ValueError(f"Use one of: {', '.join(ACTIVITY_KINDS)}.")
    return key


def country(words: str) -> str:
    code = country_code(words) if words else ""
    if code is None:
        raise ValueError("Write a country as two letters, like SE, or by its English name.")
    return code


def email(address: str) -> str:
    return normal_email(address) if address else ""


def phone(number: str) -> str:
    """Return `number` as it was written, extension and all; "" for what nobody could dial, such as
    the “n/a” of another system.
    """
    return number if is_dialled(number) else ""


def is_dialled(number: str) -> bool:
    return sum(character.isdecimal() for character in number) >= FEWEST_DIGITS


def web_address(address: str) -> str:
    if address and not website_domain(address):
        raise ValueError("Write a web address like www.example.com.")
    return address


_LINE = AfterValidator(one_line)
Line40 = Annotated[str, Field(max_length=40), _LINE]
Line80 = Annotated[str, Field(max_length=80), _LINE]
Line100 = Annotated[str, Field(max_length=100), _LINE]
Line120 = Annotated[str, Field(max_length=120), _LINE]
Line200 = Annotated[str, Field(max_length=200), _LINE]
Text = Annotated[str, Field(max_length=4000), AfterValidator(clean_text)]
Email = Annotated[str, Field(max_length=254), AfterValidator(email)]
Phone = Annotated[Line40, AfterValidator(phone)]
WebAddress = Annotated[Line200, AfterValidator(web_address)]
Country = Annotated[Line80, AfterValidator(country)]
Count = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
Money = Annotated[
    Decimal,
    BeforeValidator(money),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": float(LARGEST_AMOUNT)}),
]
Instant = Annotated[
    datetime, BeforeValidator(instant), WithJsonSchema({"type": "string", "format": "date-time"})
]
PastInstant = Annotated[
    Instant, AfterValidator(past), WithJsonSchema({"type": "string", "format": "date-time"})
]
Kind = Annotated[
    str,
    AfterValidator(activity_kind),
    WithJsonSchema({"type": "string", "enum": list(ACTIVITY_KINDS)}),
]

_VALUE: dict[str, object] = {"type": ["string", "number", "boolean", "null"]}
Properties = Annotated[
    dict[str, Scalar],
    PlainValidator(properties),
    WithJsonSchema({"type": "object", "additionalProperties": _VALUE}),
]
Attributes = Annotated[
    dict[str, Scalar | list[Scalar]],
    PlainValidator(attributes),
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {"anyOf": [_VALUE, {"type": "array", "items": _VALUE}]},
        }
    ),
]
