"""Fairness and caps, with real threads on a real database."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import transaction

from leads import handoffs
from leads.models import Assignment, Handoff, User
from routing.models import Capacity, Rota, RotaMember, Turn
from routing.routing import route
from tests.at_once import committed, in_threads
from tests.routing.conftest import add_reps, routed, when
from tests.routing.fairness import farthest_from_share, route_or_fail


def test_turns_are_numbered_within_a_stretch_of_the_same_reps(
    alice, carol, make_handoff, inbound, at
):
    for _ in range(3):
        routed(make_handoff(), at)
    turns = Turn.objects.values_list("number", "stretch", "rep__name")
    assert list(turns) == [(1, 1, "Alice"), (2, 1, "Carol"), (3, 1, "Alice")]


def test_a_change_of_members_starts_a_stretch_and_the_newcomer_is_not_flooded(
    alice, carol, make_handoff, inbound, at
):
    for _ in range(4):
        routed(make_handoff(), at)
    newcomer = User.objects.create_user("dan@example.com", name="Dan")
    newcomer.groups.set(alice.groups.all())
    RotaMember.objects.create(rota=inbound, rep=newcomer)
    for _ in range(3):
        routed(make_handoff(), at)
    later = Turn.objects.filter(stretch=5).values_list("rep__name", flat=True)
    assert list(later) == ["Dan", "Alice", "Carol"]


def test_a_transaction_that_fails_costs_nobody_their_turn(alice, carol, make_handoff, at):
    with pytest.raises(RuntimeError), transaction.atomic():
        route(handoffs.locked(make_handoff().pk), at=at)
        raise RuntimeError
    assert routed(make_handoff(), at).rep == alice
    assert Turn.objects.get().number == 1


def test_a_rep_at_cap_is_skipped_and_back_below_it_takes_turns_again(
    alice, carol, make_handoff, at
):
    Capacity.objects.create(rep=alice, max_open=1)
    first = [routed(make_handoff(), at).rep for _ in range(3)]
    Capacity.objects.update(max_open=5)
    assert [*first, routed(make_handoff(), at).rep] == [alice, carol, carol, alice]


# Many at once ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_rota_is_fair_however_many_ask_at_once(inbound, make_handoff):
    reps = add_reps(inbound, 3, 2, 1, 1)
    in_threads(route_or_fail, committed(make_handoff, 28), threads=8)
    turns = list(Turn.objects.order_by("number").values_list("rep", flat=True))
    assert len(turns) == 28 == Assignment.objects.filter(ended_at=None).count()
    weights = {rep.pk: weight for rep, weight in zip(reps, (3, 2, 1, 1), strict=True)}
    assert farthest_from_share(turns, weights) < 1


@pytest.mark.django_db(transaction=True)
def test_no_cap_is_exceeded_however_many_ask_two_rotas_at_once(
    inbound, publish_rules, make_handoff
):
    with transaction.atomic():
        reps = add_reps(inbound, 1, 1, 1)
        other = Rota.objects.create(name="Other")
        RotaMember.objects.bulk_create(RotaMember(rota=other, rep=rep) for rep in reps)
        Capacity.objects.bulk_create(Capacity(rep=rep, max_open=4) for rep in reps)
        by_score = {"conditions": when("handoff.path", "is", "score")}
        rota = {"outcome": "rota"}
        publish_rules(rota | by_score | {"rota": other}, rota | {"rota": inbound})
    raised, scored = (committed(make_handoff, 10, path=path) for path in ("hand_raise", "score"))
    in_threads(
        route_or_fail, [pk for pair in zip(raised, scored, strict=True) for pk in pair], threads=10
    )
    given = Counter(Assignment.objects.filter(ended_at=None).values_list("rep", flat=True))
    assert given == {rep.pk: 4 for rep in reps}
    assert Handoff.objects.in_review().count() == 20 - 12


@pytest.mark.django_db(transaction=True)
def test_a_rep_who_leaves_in_the_middle_gets_nothing_afterwards(inbound, make_handoff):
    leaver, stays = add_reps(inbound, 1, 1)
    handoff_ids = committed(make_handoff, 15)

    def leave_or_route(handoff_id):
        if handoff_id != handoff_ids[7]:
            return route_or_fail(handoff_id)
        User.objects.filter(pk=leaver.pk).update(is_active=False)
        return Assignment.objects.filter(rep=leaver).count()

    before = max(filter(None, in_threads(leave_or_route, handoff_ids, threads=6)), default=0)
    assert Assignment.objects.filter(rep=leaver).count() == before
    assert Assignment.objects.filter(rep=stays).count() == 14 - before
