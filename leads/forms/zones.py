"""The choice of a time zone: those that are used here first, then the cities of each continent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from django import forms
from django.db.models import Count, Value

from leads import lead_zones
from leads.models import Organisation, Team, User

# What an option offers: the zone's name and what it is called.
Option = tuple[str, str]

UTC = "UTC"
# Names that are kept for those who used them once, such as US/Eastern, and offsets without a city.
REST = "Other names"


def _by_continent() -> Mapping[str, Sequence[Option]]:
    """Return the zones of today's cities by continent or ocean, and all other names last."""
    cities = set(chain.from_iterable(lead_zones.ZONES.values())) & lead_zones.KNOWN
    found: dict[str, list[Option]] = defaultdict(list)
    for name in cities:
        found[name.partition("/")[0]].append(option(name))
    in_order = {area: sorted(found[area], key=lambda each: each[1]) for area in sorted(found)}
    rest = sorted(lead_zones.KNOWN - cities)
    return {**in_order, REST: [(name, name.replace("_", " ")) for name in rest]}


def option(name: str) -> Option:
    """Return a zone with its city first, by which a list is searched: "Berlin (Europe)"."""
    area, _, city = name.replace("_", " ").rpartition("/")
    return name, f"{city} ({area})" if area else city


BY_CONTINENT = _by_continent()


def zones_in_use() -> list[str]:
    """Return the organisation's zone, its people's, most people first, and its teams'."""
    whose = (Organisation.objects.all(), User.objects.filter(is_active=True), Team.objects.all())
    counted = (
        each.order_by().values("zone").annotate(place=Value(place), people=Count("pk"))
        for place, each in enumerate(whose)
    )
    own, *others = (each.values_list("place", "people", "zone") for each in counted)
    found = sorted(own.union(*others), key=lambda each: (each[0], -each[1], each[2]))
    return [zone for zone in dict.fromkeys(each[2] for each in found) if zone in lead_zones.KNOWN]


def zone_choices() -> Iterator[tuple[str, Sequence[Option]]]:
    """Yield the groups of a choice of zone. No zone stands in two of them."""
    used = dict.fromkeys([*zones_in_use(), UTC])
    yield "Used here", [option(name) for name in used]
    for area, options in BY_CONTINENT.items():
        yield area, [each for each in options if each[0] not in used]


class ZoneField(forms.ChoiceField):
    """A time zone, cleaned to its name."""

    def __deepcopy__(self, memo: dict[int, Any]) -> ZoneField:
        """Each form has a copy of its own, which asks once for what is used by then."""
        made: ZoneField = super().__deepcopy__(memo)
        made.choices = list(zone_choices())
        return made
