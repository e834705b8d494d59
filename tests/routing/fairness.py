"""How far from fair a rota was, and how it is asked."""

import random
from collections import Counter

from django.db import transaction

from leads import handoffs
from leads.instants import database_now
from routing.routing import route


def route_or_fail(handoff_id: int) -> None:
    """Route a handoff, failing once in ten at the end of the transaction, and then once more."""
    for fails in (random.random() < 0.1, False):
        with transaction.atomic():
            route(handoffs.locked(handoff_id), at=database_now())
            transaction.set_rollback(fails)
        if not fails:
            return


def farthest_from_share(turns, weights):
    """Return how many turns anybody ever was away from their share."""
    counts, whole = Counter(), sum(weights.values())
    return max(
        abs(counts[each] - weight * number / whole)
        for number, rep in enumerate(turns, 1)
        if counts.update([rep]) is None
        for each, weight in weights.items()
    )
