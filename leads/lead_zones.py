"""In which zone a lead is, as far as its phone number or its country tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from phonenumbers.timezone import time_zones_for_geographical_number

from leads.fact_history import facts_of
from leads.models import Lead


def _listed() -> dict[str, list[str]]:
    """Return the zones of each country, the one of its capital or of most people first."""
    found = defaultdict(list)
    listing = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    for line in listing.splitlines():
        if line and not line.startswith("#"):
            code, _, zone = line.split("\t")[:3]
            found[code].append(zone)
    return dict(found)


ZONES = _listed()
KNOWN = available_timezones()


def zone_of_lead(lead: Lead, at: datetime) -> str:
    """Return what `zone_of` does, by what is known of `lead` at `at`."""
    return zone_of(lead.phone, facts_of(lead, at), at)


def zone_of(phone: str, facts: Mapping[str, object], at: datetime) -> str:
    """Return the zone in which somebody is: by the area code, else by the country, their own before
    their company's. "" where that leaves more than one time of day at `at`, or nothing is known.

    phone: as +4930123456, or "".
    """
    country = facts.get("person.country") or facts.get("account.country")
    by_country = ZONES.get(country, []) if isinstance(country, str) else []
    return _agreed(_by_phone(phone), at) or _agreed(by_country, at)


def _by_phone(phone: str) -> Sequence[str]:
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return []
    return [zone for zone in time_zones_for_geographical_number(number) if zone in KNOWN]


# The library keeps eight; some countries have more.
_read_once = cache(ZoneInfo)


def _agreed(zones: Sequence[str], at: datetime) -> str:
    """Return the first of `zones` if it is the same time of day in all of them."""
    offsets = {at.astimezone(_read_once(zone)).utcoffset() for zone in zones}
    return zones[0] if len(offsets) == 1 else ""
