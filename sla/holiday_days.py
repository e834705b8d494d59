"""Public holidays by country and subdivision, to be copied into a calendar."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from holidays import country_holidays, list_supported_countries

from sla.opening_hours import WorkingTimeError


class UnknownRegion(WorkingTimeError):
    """A country or subdivision whose holidays are not known."""


class PublicHoliday(NamedTuple):
    day: date
    name: str


def public_holidays(
    country: str, subdivision: str | None, years: Iterable[int]
) -> list[PublicHoliday]:
    """Return the public holidays of `years`, in order, with their English names where known.

    country:     ISO 3166-1 code, such as US.
    subdivision: ISO 3166-2 code without the country, such as CA; None for the whole country.
    Raises UnknownRegion with a sentence for the user. Two holidays on one date are one entry.
    """
    if country not in list_supported_countries():
        raise UnknownRegion(f"No holidays are known for the country “{country}”.")
    try:
        # Without a language, names would follow the server's locale.
        days = country_holidays(
            country, subdiv=subdivision, years=years, expand=False, language="en_US"
        )
    except NotImplementedError as error:
        sentence = f"No holidays are known for “{subdivision}” in “{country}”."
        raise UnknownRegion(sentence) from error
    return [PublicHoliday(day, name) for day, name in sorted(days.items())]
