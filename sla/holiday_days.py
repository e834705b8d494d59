"""Public holidays by country and subdivision, to be copied into a calendar."""

from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import NamedTuple

from holidays import country_holidays, list_supported_countries

from leads.countries import COUNTRIES
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


@cache
def countries_with_holidays() -> list[tuple[str, str]]:
    """Return code and English name of the countries whose holidays are known, by name."""
    known = list_supported_countries()
    return sorted(((code, COUNTRIES[code]) for code in COUNTRIES if code in known), key=_by_name)


@cache
def parts_of_country(country: str) -> list[tuple[str, str]]:
    """Return code and name of the parts of a country that have holidays of their own, by name."""
    if country not in list_supported_countries():
        return []
    known = country_holidays(country).get_subdivision_aliases()
    parts = ((code, f"{names[0]} ({code})" if names else code) for code, names in known.items())
    return sorted(parts, key=_by_name)


def _by_name(entry: tuple[str, str]) -> str:
    return entry[1]
