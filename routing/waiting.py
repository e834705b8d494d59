"""Handoffs that are held until somebody opens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from leads.models import Handoff
from routing.dry_run import would_go
from routing.lines import in_line
from routing.models import Decision
from routing.questions import question_of
from routing.table import live_table

# Hours, absences and rotas may change while a handoff waits: so often it is asked about again.
EVERY = timedelta(seconds=30)


class Held(NamedTuple):
    """A handoff that waits till an opening, by the rule that holds it and the line it stands in."""

    handoff_id: int
    till: datetime
    rule_key: str
    line: str


def held(at: datetime) -> list[Held]:
    """Return the handoffs that wait for an opening after `at`, first in line first."""
    newest = Decision.objects.filter(handoff=OuterRef("pk")).order_by("-id")
    waiting = in_line(Handoff.objects.filter(reroute_at__gt=at)).annotate(
        held_till=Subquery(newest.values("waits_till")[:1]),
        held_by=Subquery(newest.values("rule_key")[:1]),
        line=Subquery(newest.values("line")[:1]),
    )
    found = waiting.filter(held_till=F("reroute_at"))
    return [Held(*row) for row in found.values_list("pk", "held_till", "held_by", "line")]


def wake(at: datetime) -> int:
    """Let those be routed again at once for whom somebody opens at another instant than was thought
    when they were held: hours changed, somebody returned or came. Returns how many there are.

    Of those that a rule holds in a line till the same instant, only the first is asked about.
    """
    alike: dict[tuple[str, str, datetime], list[Held]] = {}
    for each in held(at):
        alike.setdefault((each.rule_key, each.line, each.till), []).append(each)
    return sum(_wake_alike(waiting, at) for waiting in alike.values())


def _wake_alike(waiting: Sequence[Held], at: datetime) -> int:
    first = Handoff.objects.select_related("lead__account").get(pk=waiting[0].handoff_id)
    question, evidence = question_of(first, at=at)
    if would_go(live_table(at)[1], question, evidence).waits_till == waiting[0].till:
        return 0
    return _still_held([each.handoff_id for each in waiting], at).update(reroute_at=at)


def is_time_to_wake(at: datetime, tick: timedelta) -> bool:
    """Whether one of the instants at which `wake` is called lies in the `tick` up to `at`."""
    return at.timestamp() % EVERY.total_seconds() < tick.total_seconds()


def _still_held(ids: list[int], at: datetime) -> QuerySet[Handoff]:
    return Handoff.objects.filter(Q(pk__in=ids), state=Handoff.State.WAITING, reroute_at__gt=at)
