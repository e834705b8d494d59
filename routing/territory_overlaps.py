"""Where territories overlap, and which of them decides there. Pure: reads no database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from routing.map import where
from routing.models import Territory
from routing.territories import with_parents

LISTS = ("countries", "states", "industries")


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two territories that a lead can lie in both of; `upper` decides. hides: all of `lower`."""

    upper: Territory
    lower: Territory
    common: Territory
    hides: bool

    def __str__(self) -> str:
        if self.hides:
            return (
                f"All of {self.lower} lies in {self.upper}, which stands above it:"
                f" {self.lower} gets no lead."
            )
        return (
            f"{self.upper} and {self.lower} overlap ({where(self.common)}): {self.upper} decides."
        )


def overlaps(territories: Sequence[Territory]) -> Iterator[Overlap]:
    """Yield each two of `territories`, in order of precedence, that overlap."""
    for upper, lower in combinations(territories, 2):
        common = common_part(upper, lower)
        if common is not None:
            yield Overlap(upper, lower, common, hides=_contains(upper, lower))


def common_part(one: Territory, other: Territory) -> Territory | None:
    """Return what lies in both, as a territory of no name; None if nothing can."""
    common = Territory()
    for name in LISTS:
        both = _both(getattr(one, name), getattr(other, name))
        if both is None:
            return None
        setattr(common, name, both)
    domains = _both_domains(one.domains, other.domains)
    low = max(_numbers(one.employees_from, other.employees_from), default=None)
    high = min(_numbers(one.employees_to, other.employees_to), default=None)
    if domains is None or (low is not None and high is not None and low > high):
        return None
    common.domains, common.employees_from, common.employees_to = domains, low, high
    return common


def _both(one: Sequence[str], other: Sequence[str]) -> list[str] | None:
    """Return what two lists, of which a blank one means any, allow both; None: nothing."""
    if not one or not other:
        return list(one or other)
    known = {each.casefold() for each in other}
    return [each for each in one if each.casefold() in known] or None


def _both_domains(one: Sequence[str], other: Sequence[str]) -> list[str] | None:
    if not one or not other:
        return list(one or other)
    found = [each for each in one if _is_under(each, other)]
    found += [each for each in other if each not in found and _is_under(each, one)]
    return found or None


def _is_under(domain: str, domains: Sequence[str]) -> bool:
    return not with_parents([domain]).isdisjoint(domains)


def _numbers(*numbers: int | None) -> list[int]:
    return [each for each in numbers if each is not None]


def _contains(upper: Territory, lower: Territory) -> bool:
    """Whether all that lies in `lower` lies in `upper`."""
    low, high = upper.employees_from, upper.employees_to
    return (
        all(_covers(getattr(upper, name), getattr(lower, name)) for name in LISTS)
        and (not upper.domains or _all_under(lower.domains, upper.domains))
        and (low is None or (lower.employees_from is not None and lower.employees_from >= low))
        and (high is None or (lower.employees_to is not None and lower.employees_to <= high))
    )


def _covers(wide: Sequence[str], narrow: Sequence[str]) -> bool:
    known = {each.casefold() for each in wide}
    return not wide or (bool(narrow) and all(each.casefold() in known for each in narrow))


def _all_under(narrow: Sequence[str], wide: Sequence[str]) -> bool:
    return bool(narrow) and all(_is_under(each, wide) for each in narrow)
