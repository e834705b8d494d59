"""Whose turn it is, by each of the methods of a rota."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from leads.models import Handoff
from routing.models import Capacity, Rota, Turn
from routing.rotas import weight_in
from routing.turns import SoFar, Standing, next_turn
from tests.at_once import committed, in_threads
from tests.routing.conftest import add_reps, routed, when
from tests.routing.fairness import farthest_from_share, route_or_fail

ALIKE = Rota(name="Alike", method="in_turn")
WEIGHTED = Rota(name="Weighted", method="by_weight")
LEAST = Rota(name="Least", method="least_work")


def turns_of(rota, stretches, loads=None):
    """Take turns among members who change: (weights, how many turns) after one another."""
    asked = [
        {rep: weight_in(rota, weight) for rep, weight in weights.items()}
        for weights, count in stretches
        for _ in range(count)
    ]
    return taken_by(rota, [Standing(each, loads=loads or {}) for each in asked])


def taken_by(rota, standings):
    """Take a turn for each of those who stand in the rota, one after another."""
    so_far, taken = SoFar(), []
    for who in standings:
        taken.append(next_turn(rota, so_far, who))
        so_far.add(taken[-1])
    return taken


def random_members(choose):
    reps = choose.sample(range(1, 60), choose.randint(1, 20))
    return {rep: choose.randint(1, 100) for rep in reps}


@pytest.mark.parametrize("seed", range(10))
def test_in_turn_nobody_is_ever_two_turns_ahead_whatever_the_weights(seed):
    choose = random.Random(seed)
    members = random_members(choose)
    counts = Counter(dict.fromkeys(members, 0))
    for turn in turns_of(ALIKE, [(members, choose.randint(1, 150))]):
        counts[turn.rep_id] += 1
        assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize("seed", range(10))
def test_by_weight_nobody_is_ever_a_turn_away_from_the_share(seed):
    choose = random.Random(seed)
    members = random_members(choose)
    turns = turns_of(WEIGHTED, [(members, choose.randint(1, 150))])
    assert farthest_from_share([turn.rep_id for turn in turns], members) < 1


@pytest.mark.parametrize("seed", range(5))
def test_each_change_of_members_starts_a_stretch_that_is_fair_in_itself(seed):
    choose = random.Random(seed)
    stretches = [(random_members(choose), choose.randint(1, 40)) for _ in range(4)]
    turns = turns_of(WEIGHTED, stretches)
    first = 1
    for weights, count in stretches:
        same = [turn.rep_id for turn in turns if turn.stretch == first]
        assert len(same) == count and farthest_from_share(same, weights) < 1
        first += count


def test_who_comes_back_gets_no_more_than_the_others():
    together, alone = {1: 1, 2: 1}, {1: 1}
    turns = turns_of(ALIKE, [(together, 2), (alone, 9), (together, 5)])
    assert [turn.rep_id for turn in turns[-5:]] == [2, 1, 2, 1, 2]
    assert {turn.stretch for turn in turns[-5:]} == {12}


def not_for(unsuited, there, **more):
    """Return who stands in a rota for a lead that is not for some of those who are there."""
    able = {rep: weight for rep, weight in there.items() if rep not in unsuited}
    return Standing(able, unsuited, **more)


@pytest.mark.parametrize("others", [9, 79, 400])
def test_rare_leads_are_shared_by_weight_however_many_come_in_between(others):
    there = {1: 1, 2: 3, 3: 1}
    asked = [not_for(each, there) for each in [*[()] * others, {1}] * 8]
    rare = [turn.rep_id for turn in taken_by(WEIGHTED, asked)[others :: others + 1]]
    assert Counter(rare) == {2: 6, 3: 2}


@pytest.mark.parametrize("cycle", ["nsh", "nnnshnnn", "nssh", "nnssh"])
def test_who_is_at_work_concerns_only_leads_that_are_held(cycle):
    everybody = {1: 3, 2: 1, 3: 1}
    who = {
        "n": Standing(everybody),
        "h": Standing(everybody, by_hours=True),
        "s": Standing({1: 3, 2: 1}, by_hours=True),
    }
    taken = taken_by(WEIGHTED, [who[each] for each in cycle * 40])
    passed = [turn.rep_id for turn, each in zip(taken, cycle * 40, strict=True) if each == "n"]
    assert farthest_from_share(passed, everybody) < 1


def test_who_comes_and_goes_leaves_the_stretch_of_leads_that_are_not_for_them():
    away, back = {1: 3, 2: 1}, {1: 3, 2: 1, 3: 1}
    asked = [not_for(each, there) for there in (away, back) for each in ({3}, ())] * 20
    german = [turn.rep_id for turn in taken_by(WEIGHTED, asked)[::2]]
    assert Counter(german) == {1: 30, 2: 10}


def test_no_more_is_kept_than_a_stretch_for_each_kind_of_lead():
    so_far = SoFar()
    for who in [Standing({1: 1}, by_hours=True), *(Standing({1: n, 2: 1}) for n in range(1, 50))]:
        so_far.add(next_turn(WEIGHTED, so_far, who))
    assert len(so_far.stretches) == 2


def test_a_change_of_method_starts_a_stretch():
    weights, so_far = {1: 50, 2: 50}, SoFar()
    for rota in [LEAST] * 30 + [WEIGHTED] * 8:
        turn = next_turn(rota, so_far, Standing(weights, loads={1: 0, 2: 9}))
        so_far.add(turn)
    assert (turn.stretch, dict(turn.had_in_round)) == (31, {1: 4, 2: 4})


members = st.dictionaries(st.integers(1, 5), st.integers(1, 9), min_size=2, max_size=5)
some = st.sets(st.integers(1, 5), max_size=2)
lead = st.tuples(st.booleans(), some)  # whether it is held, and for whom it is not


@given(st.data())
def test_leads_alike_are_shared_by_weight_while_the_same_can_take_them(data):
    weights, kinds = data.draw(members), data.draw(st.lists(lead, min_size=1, max_size=3))
    own: dict[object, list[tuple[object, list[int]]]] = {}
    so_far, absent, off_hours = SoFar(), set[int](), set[int]()
    for _ in range(data.draw(st.integers(1, 60))):
        if data.draw(st.integers(0, 4)) == 0:
            absent, off_hours = data.draw(some), data.draw(some)
        held, unsuited = data.draw(st.sampled_from(kinds))
        gone = absent | off_hours if held else absent
        there = {rep: weight for rep, weight in weights.items() if rep not in gone}
        who = not_for(unsuited & weights.keys(), there, by_hours=held)
        if not who.eligible:
            continue
        so_far.add(turn := next_turn(WEIGHTED, so_far, who))
        stretches = own.setdefault(who.kind, [])
        if not stretches or stretches[-1][0] != who.eligible:
            stretches.append((who.eligible, []))
        stretches[-1][1].append(turn.rep_id)
        assert farthest_from_share(stretches[-1][1], who.eligible) < 1


def test_a_small_member_gets_turns_where_rows_with_and_without_a_language_alternate(
    inbound, publish_rules, make_handoff, at
):
    great, small, _ = add_reps(inbound, 3, 1, 1)
    for rep in (great, small):
        Capacity.objects.create(rep=rep, languages=["de"])
    german = {"conditions": when("handoff.path", "is", "hand_raise"), "languages": ["de"]}
    rota = {"outcome": "rota", "rota": inbound}
    publish_rules(rota | german, rota)
    plain = {"path": "score", "hand_raised_at": None}
    given = [routed(make_handoff(**kind), at).rep for _ in range(4) for kind in ({}, plain)]
    assert Counter(given[::2]) == {great: 3, small: 1}


def test_a_change_of_weights_starts_a_stretch():
    turns = turns_of(WEIGHTED, [({1: 1, 2: 1}, 3), ({1: 2, 2: 1}, 3)])
    assert [turn.stretch for turn in turns] == [1, 1, 1, 4, 4, 4]


def test_least_work_goes_to_the_fewest_open_and_the_level_take_turns():
    members, loads = {1: 1, 2: 1, 3: 1}, {1: 5, 2: 2, 3: 2}
    turns = turns_of(LEAST, [(members, 4)], loads)
    assert [turn.rep_id for turn in turns] == [2, 3, 2, 3]


def test_the_level_in_a_weighted_rota_take_turns_by_weight():
    turns = turns_of(LEAST, [({1: 1, 2: 3, 3: 9}, 8)], {1: 0, 2: 0, 3: 7})
    assert Counter(turn.rep_id for turn in turns) == {1: 2, 2: 6}


def test_what_a_turn_carries_comes_back_as_it_was_kept():
    so_far, there = SoFar(), {1: 3, 2: 1, 3: 2}
    for who in [not_for({3}, there), Standing(there, by_hours=True)] * 3:
        so_far.add(next_turn(WEIGHTED, so_far, who))
    assert SoFar.from_json(json.loads(json.dumps(so_far.to_json()))) == so_far


# In the database ---------------------------------------------------------------------------------


@pytest.fixture
def least(inbound):
    inbound.method = Rota.Method.LEAST_WORK
    inbound.save()
    return inbound


def test_weights_count_only_where_turns_go_by_weight(inbound, make_handoff, at):
    Rota.objects.update(method=Rota.Method.IN_TURN)
    heavy, light = add_reps(inbound, 9, 1)
    given = Counter(routed(make_handoff(), at).rep for _ in range(4))
    assert given == {heavy: 2, light: 2}


def test_whoever_has_least_open_is_next_and_is_told_so(alice, carol, least, make_handoff, at):
    for _ in range(2):
        make_handoff(rep=alice)
    decision = routed(make_handoff(), at)
    assert (decision.rep, decision.reason) == (carol, "has the least open work in rota Inbound")


def test_closed_work_is_no_work(alice, carol, least, make_handoff, at):
    for _ in range(2):
        make_handoff(rep=carol)
    done = [make_handoff(rep=alice) for _ in range(3)]
    for handoff in done:
        handoff.assignments.update(ended_at=at, outcome="withdrawn")
        Handoff.objects.filter(pk=handoff.pk).update(
            state="closed", closed_as="withdrawn", closed_at=at
        )
    assert routed(make_handoff(), at).rep == alice


@pytest.mark.django_db(transaction=True)
def test_least_work_ends_level_however_many_ask_at_once(least, make_handoff, at):
    reps = add_reps(least, 1, 1, 1, 1)
    with transaction.atomic():
        for _ in range(5):
            make_handoff(rep=reps[0])
    in_threads(route_or_fail, committed(make_handoff, 19), threads=8)
    work = Counter(Handoff.objects.with_reps().values_list("owner", flat=True))
    assert sorted(work.values()) == [6, 6, 6, 6]
    assert Turn.objects.count() == 19


@pytest.mark.django_db(transaction=True)
def test_twelve_members_are_in_turn_however_many_ask_at_once(inbound, make_handoff):
    Rota.objects.update(method=Rota.Method.IN_TURN)
    add_reps(inbound, *range(1, 13))
    in_threads(route_or_fail, committed(make_handoff, 24), threads=8)
    counts = Counter(Turn.objects.values_list("rep", flat=True))
    assert sorted(counts.values()) == [2] * 12
