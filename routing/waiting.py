"""Handoffs that are held until somebody opens, and the order in which they are passed then."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import OuterRef, Q, QuerySet, Subquery

from leads.models import Handoff
from routing.dry_run import would_go
from routing.lines import in_line
from routing.models import Decision
from routing.questions import question_of
from routing.table import live_table
from routing.waits import waits_till

# Hours, absences and rotas may change while a handoff waits: so often it is asked about again.
EVERY = timedelta(seconds=30)


def held(at: datetime) -> list[tuple[Handoff, Decision]]:
    """Return the handoffs that wait for an opening after `at`, first in line first, each with the
    decision that holds it.
    """
    newest = Decision.objects.filter(handoff=OuterRef("pk")).order_by("-id").values("pk")[:1]
    waiting = in_line(Handoff.objects.filter(reroute_at__gt=at)).annotate(held_by=Subquery(newest))
    found = list(waiting.select_related("lead__account"))
    decisions = Decision.objects.in_bulk([pk for each in found if (pk := held_by(each))])
    pairs = [(each, decisions[pk]) for each in found if (pk := held_by(each))]
    return [(each, why) for each, why in pairs if waits_till(why) == each.reroute_at]


def wake(at: datetime) -> int:
    """Let those be routed again at once for whom somebody opens at another instant than was thought
    when they were held: hours changed, somebody returned or came. Returns how many there are.

    Only the first in each line is asked about.
    """
    woken, asked = 0, set[str]()
    waiting = held(at)
    for handoff, decision in waiting:
        if decision.rule_key in asked:
            continue
        asked.add(decision.rule_key)
        question, evidence = question_of(handoff, at=at)
        if would_go(live_table(at)[1], question, evidence).waits_till != handoff.reroute_at:
            same = [each.pk for each, why in waiting if why.rule_key == decision.rule_key]
            woken += _still_held(same, at).update(reroute_at=at)
    return woken


def is_time_to_wake(at: datetime, tick: timedelta) -> bool:
    """Whether one of the instants at which `wake` is called lies in the `tick` up to `at`."""
    return at.timestamp() % EVERY.total_seconds() < tick.total_seconds()


def held_by(handoff: Handoff) -> int | None:
    found: int | None = vars(handoff)["held_by"]  # with what `held` annotated
    return found


def _still_held(ids: list[int], at: datetime) -> QuerySet[Handoff]:
    return Handoff.objects.filter(Q(pk__in=ids), state=Handoff.State.WAITING, reroute_at__gt=at)
