"""Many waiting handoffs passed at once go to whom routing one by one would pass them."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.db import transaction

from leads import handoffs
from leads.models import Handoff
from routing.backlog import route_backlog
from routing.models import Capacity, Decision, Rota, RotaMember, Turn
from tests.routing.conftest import add_reps, routed, when

pytestmark = pytest.mark.django_db
METHODS = ["in_turn", "by_weight", "least_work"]


@pytest.fixture
def some_rotas(inbound, publish_rules, make_handoff):
    """Make two rotas of the same reps, with random weights, languages, caps and open work, and rows
    that lead to either.
    """

    def make(choose):
        reps = add_reps(inbound, *choose.choices([1, 2, 3], k=4))
        other = Rota.objects.create(name="Other", method=choose.choice(METHODS))
        Rota.objects.filter(pk=inbound.pk).update(method=choose.choice(METHODS))
        caps_given = choose.choice([[None], [2, 4, None]])
        for rep in choose.sample(reps, 3):
            RotaMember.objects.create(rota=other, rep=rep, weight=choose.randint(1, 3))
        for rep in reps:
            caps = {choose.choice(["max_open", "max_per_day"]): choose.choice(caps_given)}
            Capacity.objects.create(rep=rep, languages=choose.choice([[], ["de"]]), **caps)
            for _ in range(choose.randint(0, 2)):
                make_handoff(rep=rep)
        german = {"languages": ["de"], "conditions": when("handoff.path", "is", "score")}
        publish_rules(
            {"outcome": "rota", "rota": choose.choice([inbound, other]), **german},
            {"outcome": "rota", "rota": inbound, "off_hours": choose.choice(["pass", "hold"])},
        )
        return reps

    return make


@pytest.fixture
def some_waiting(make_handoff, at):
    """Make handoffs that wait, first in line first; some were given back, by whom is random."""

    def make(choose, reps):
        made = []
        for place in range(10):
            opened = {"path": choose.choice(["score", "hand_raise"])}
            opened["at"] = at + timedelta(seconds=place)
            if choose.random() < 0.3:
                made.append(make_handoff(rep=choose.choice(reps), **opened))
                handoffs.back_to_routing(made[-1], at=at, reason="Not mine")
            else:
                made.append(make_handoff(**opened))
            handoffs.hold(Handoff.objects.get(pk=made[-1].pk), till=at)
        due = Handoff.objects.filter(pk__in=[each.pk for each in made])
        return list(due.order_by("-priority", "opened_at", "pk").values_list("pk", flat=True))

    return make


def at_once(ids, at):
    """Pass as many at once as go; the first of what is left goes alone."""
    while ids:
        passed = route_backlog(ids, at=at, is_ready=lambda each: True, then=lambda *_: None)
        first, *ids = [pk for pk in ids if pk not in passed] or [None]
        if first:
            routed(Handoff.objects.get(pk=first), at)


def what_came():
    turns = Turn.objects.order_by("rota", "number")
    carried = ("rota", "number", "stretch", "kind", "had_in_round", "assignment__handoff", "rep")
    sent = {
        each.handoff_id: (each.rep, each.rule_key, each.reason, each.trace)
        for each in Decision.objects.order_by("pk")
    }
    return list(turns.values_list(*carried)), sent


@pytest.mark.parametrize("seed", [2, 3, 8, 15])
def test_all_at_once_go_where_one_by_one_would(some_rotas, some_waiting, at, seed):
    choose = random.Random(seed)
    ids = some_waiting(choose, some_rotas(choose))
    saved = transaction.savepoint()
    for pk in ids:
        routed(Handoff.objects.get(pk=pk), at)
    one_by_one = what_came()
    transaction.savepoint_rollback(saved)
    at_once(ids, at)
    assert what_came() == one_by_one
