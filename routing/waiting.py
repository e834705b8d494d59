"""Handoffs that are held until somebody opens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from leads.models import Handoff
from routing.asking import ask
from routing.lines import in_line
from routing.models import Decision
from routing.questions import question_of
from routing.refusals import own_refusals
from routing.table import Rule, live_table

# Hours, absences and rotas may change while a handoff waits: so often it is asked about again.
EVERY = timedelta(seconds=30)
# So many are asked about at once: what is due by itself waits meanwhile.
AT_ONCE = 25


class Held(NamedTuple):
    """A handoff that waits till an opening, by the rule that holds it and the line it stands in."""

    handoff_id: int
    lead_id: int
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
    return [Held(*row) for row in found.values_list("pk", "lead", "held_till", "held_by", "line")]


def wake(at: datetime) -> int:
    """Let those be routed again at once who would not wait as they do, were they asked now: hours
    or the table changed, somebody returned or came. Returns how many there are.

    Of those that wait alike only the first is asked about; of very many kinds, the others come
    with the next calls.
    """
    kinds = _in_their_turn(_alike(held(at)), at)
    if not kinds:  # as before a table was ever published
        return 0
    rules = live_table(at)[1]
    firsts = Handoff.objects.select_related("lead__account").in_bulk(
        [kind[0].handoff_id for kind in kinds]
    )
    changed = [
        each.handoff_id
        for kind in kinds
        if not _waits_as(kind[0], firsts[kind[0].handoff_id], rules, at)
        for each in kind
    ]
    return _still_held(changed, at).update(reroute_at=at) if changed else 0


def _alike(waiting: Sequence[Held]) -> list[list[Held]]:
    """Return those together that one rule holds in one line till one instant, and that the same
    reps had or rejected before: whoever comes is there for all of them or for none.
    """
    refusals = own_refusals([each.lead_id for each in waiting])
    kinds: dict[tuple[str, str, datetime, frozenset[int]], list[Held]] = {}
    for each in waiting:
        had_by = frozenset(refusals.get(each.lead_id, ()))
        kinds.setdefault((each.rule_key, each.line, each.till, had_by), []).append(each)
    return list(kinds.values())


def _in_their_turn(kinds: list[list[Held]], at: datetime) -> list[list[Held]]:
    """Return which are asked about at `at`: all, or if they are too many another part each time."""
    if len(kinds) <= AT_ONCE:
        return kinds
    start = int(at.timestamp() // EVERY.total_seconds()) * AT_ONCE % len(kinds)
    return [*kinds[start:], *kinds[:start]][:AT_ONCE]


def _waits_as(held: Held, handoff: Handoff, rules: Sequence[Rule], at: datetime) -> bool:
    question, evidence = question_of(handoff, at=at)
    answer = ask(rules, question, evidence)
    rule_key = answer.rule.key if answer.rule else ""
    return (answer.waits_till, rule_key, answer.line) == (held.till, held.rule_key, held.line)


def is_time_to_wake(at: datetime, tick: timedelta) -> bool:
    """Whether one of the instants at which `wake` is called lies in the `tick` up to `at`."""
    return at.timestamp() % EVERY.total_seconds() < tick.total_seconds()


def _still_held(ids: list[int], at: datetime) -> QuerySet[Handoff]:
    return Handoff.objects.filter(Q(pk__in=ids), state=Handoff.State.WAITING, reroute_at__gt=at)
