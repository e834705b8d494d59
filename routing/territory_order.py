"""Which territory stands above which."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max

from leads.models import Organisation
from routing.models import Territory


@transaction.atomic
def add_last(territory: Territory) -> None:
    """Save a new territory below all others."""
    _locked()
    territory.precedence = _lowest() + 1
    territory.save()


@transaction.atomic
def move(territory_id: int, *, up: bool) -> bool:
    """Let a territory and its neighbour above, or below, change places. Returns whether they did:
    the first has none above, the last none below, and one that is gone none at all.
    """
    order = _locked()
    places = {each.pk: place for place, each in enumerate(order)}
    place = places.get(territory_id, -1)
    other = place - 1 if up else place + 1
    if place < 0 or not 0 <= other < len(order):
        return False
    first, second = order[place], order[other]
    # No two may have the same number, not even in between.
    _put(first, _lowest() + 1)
    _put(second, first.precedence)
    _put(first, second.precedence)
    return True


def _locked() -> list[Territory]:
    """Return the territories in order, which nobody else can change until the transaction ends."""
    Organisation.objects.select_for_update(no_key=True).get()
    return list(Territory.objects.order_by("precedence"))


def _lowest() -> int:
    return Territory.objects.aggregate(lowest=Max("precedence"))["lowest"] or 0


def _put(territory: Territory, precedence: int) -> None:
    Territory.objects.filter(pk=territory.pk).update(precedence=precedence)
