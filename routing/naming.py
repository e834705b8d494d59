"""What leads to a rota or a person: rows of the live table, and territories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from leads.documents import NothingLive, live_version
from leads.models import Document, User
from routing.models import Rota, RoutingRule, Territory


@dataclass(frozen=True, slots=True)
class NamedBy:
    """rows: of the live routing table, in its order."""

    rows: Sequence[RoutingRule]
    territories: Sequence[Territory]

    def __bool__(self) -> bool:
        return bool(self.rows or self.territories)

    def __str__(self) -> str:
        """Return it as part of a sentence: "the row “Demo” and the territory DACH"."""
        rows = [f"the row “{each.label}”" for each in self.rows]
        words = [*rows, *(f"the territory {each.name}" for each in self.territories)]
        return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)


def names_rota(rota: Rota, at: datetime) -> NamedBy:
    return _named(Q(rota=rota), at)


def names_person(person: User, at: datetime) -> NamedBy:
    return _named(Q(rep=person), at)


def _named(whom: Q, at: datetime) -> NamedBy:
    return NamedBy(list(live_rows(at).filter(whom)), list(Territory.objects.filter(whom)))


def live_rows(at: datetime) -> QuerySet[RoutingRule]:
    """Return the rows of the table that is live at `at`; none if none is."""
    try:
        version = live_version(Document.Kind.ROUTING, at)
    except NothingLive:
        return RoutingRule.objects.none()
    return RoutingRule.objects.filter(version=version)
