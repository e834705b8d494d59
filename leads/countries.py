"""The countries of the world: their two-letter codes, their names, and the sales region of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

# What people write instead of the name in the list.
OTHER_NAMES = {
    "usa": "US", "united states of america": "US", "america": "US", "uk": "GB", "england": "GB",
    "scotland": "GB", "wales": "GB", "great britain": "GB", "united kingdom": "GB",
    "the netherlands": "NL", "holland": "NL", "deutschland": "DE", "österreich": "AT",
    "schweiz": "CH", "suisse": "CH", "españa": "ES", "italia": "IT", "sverige": "SE",
    "norge": "NO", "danmark": "DK", "suomi": "FI", "polska": "PL", "česko": "CZ",
    "czechia": "CZ", "brasil": "BR", "méxico": "MX", "korea": "KR", "south korea": "KR",
    "republic of korea": "KR", "north korea": "KP", "turkey": "TR", "türkiye": "TR",
    "ivory coast": "CI", "uae": "AE", "russian federation": "RU", "viet nam": "VN",
}  # fmt: skip

_AMER = "US CA BM GL PM UM"
_LATAM = (
    "AG AI AR AW BB BL BO BQ BR BS BZ CL CO CR CU CW DM DO EC FK GD GF GP GT GY HN HT JM KN KY LC"
    " MF MQ MS MX NI PA PE PR PY SR SV SX TC TT UY VC VE VG VI"
)
_APAC = (
    "AS AU BD BN BT CC CK CN CX FJ FM GU HK ID IN IO JP KH KI KP KR LA LK MH MM MN MO MP MV MY NC"
    " NF NP NR NU NZ PF PG PH PK PN PW SB SG TH TK TL TO TV TW VN VU WF WS"
)
_REGIONS = {
    **dict.fromkeys(_AMER.split(), "amer"),
    **dict.fromkeys(_LATAM.split(), "latam"),
    **dict.fromkeys(_APAC.split(), "apac"),
}
_NO_REGION = frozenset({"AQ", "BV", "GS", "HM", "TF"})


def _listed() -> Iterator[tuple[str, str]]:
    listing = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text(encoding="utf-8")
    for line in listing.splitlines():
        if line and not line.startswith("#"):
            code, name = line.split("\t")
            yield code, name


COUNTRIES = dict(_listed())
_BY_NAME = {
    **{re.sub(r"\s*\(.*\)", "", name).casefold(): code for code, name in COUNTRIES.items()},
    **OTHER_NAMES,
}
_BY_NAME |= {code.casefold(): code for code in COUNTRIES}


def country_code(words: str) -> str | None:
    """Return the two-letter code of a country given by code or English name; None: no such one."""
    return _BY_NAME.get(" ".join(words.split()).casefold())


def region_of(country: str) -> str | None:
    """Return amer, emea, apac or latam for a two-letter code; None where nobody is sold to."""
    if country not in COUNTRIES or country in _NO_REGION:
        return None
    return _REGIONS.get(country, "emea")
