"""What the live rows that lead to a rota ask of whoever gets the lead."""

from __future__ import annotations

from datetime import datetime

from leads.documents import NothingLive
from routing.models import Rota, RoutingRule
from routing.needs import ANYBODY, Needs
from routing.table import live_table


def needs_of(rota: Rota, at: datetime) -> Needs | None:
    """Return what all of them ask alike, such as to be at work; None if they ask for different
    reps, so that each of them has a line of its own.
    """
    try:
        _, rules = live_table(at)
    except NothingLive:
        return ANYBODY
    has_territory = rota.territories.exists()
    asked = {
        (*sorted(rule.needs.skills), "", *sorted(rule.needs.languages), rule.needs.at_work): (
            rule.needs
        )
        for rule in rules
        if rule.rota_id == rota.pk
        or (has_territory and rule.outcome == RoutingRule.Outcome.TERRITORY)
    }
    if len(asked) > 1:
        return None
    return next(iter(asked.values()), ANYBODY)
