"""Many waiting handoffs passed at once, as one by one."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction

from leads import handoffs, ownership
from leads.errors import LostRace
from leads.models import Assignment, Handoff, Lead, Opportunity, OwnershipChange
from routing import backlog
from routing.backlog import route_backlog
from routing.models import Capacity, Decision, Rota, RotaMember, Turn
from tests.at_once import in_threads
from tests.routing.conftest import add_reps, routed, when
from tests.routing.fairness import farthest_from_share, route_or_fail


@pytest.fixture
def waiting(make_handoff, at):
    """Make handoffs that wait to be routed, the oldest first; returns their ids."""

    def make(count, **fields):
        with transaction.atomic():
            made = [make_handoff(at=at + timedelta(seconds=n), **fields) for n in range(count)]
            for handoff in made:
                handoffs.hold(handoff, till=at)
        return [handoff.pk for handoff in made]

    return make


@pytest.fixture
def pass_all(at):
    def work(ids):
        return route_backlog(ids, at=at, is_ready=lambda each: True, then=lambda *_: None)

    return work


def taken():
    turns = Turn.objects.order_by("rota", "number")
    return list(turns.values_list("number", "stretch", "rep__name", "assignment__handoff"))


def test_they_go_in_order_to_whose_turn_it_is(alice, carol, waiting, pass_all):
    ids = waiting(5)
    assert pass_all(ids) == set(ids)
    assert [(name, pk) for _, _, name, pk in taken()] == list(
        zip(["Alice", "Carol", "Alice", "Carol", "Alice"], ids, strict=True)
    )
    assert {stretch for _, stretch, _, _ in taken()} == {1}


def test_what_is_written_is_what_one_by_one_writes(alice, carol, waiting, pass_all, at):
    one, other = waiting(1), waiting(1)
    pass_all(one)
    single = routed(Handoff.objects.get(pk=other[0]), at)
    many = Decision.objects.get(handoff=one[0])
    same = ("rule_key", "rule_label", "version", "trace", "at")
    assert [getattr(many, name) for name in same] == [getattr(single, name) for name in same]
    assert (many.reason, many.rep) == ("is next in rota Inbound", alice)
    first, second = (Handoff.objects.get(pk=pk) for pk in (*one, *other))
    for name in ("state", "passed_at", "queue", "reroute_at", "missing", "priority"):
        assert getattr(first, name) == getattr(second, name), name
    reasons = OwnershipChange.objects.filter(to_owner__isnull=False).values_list("reason", "source")
    assert len(set(reasons)) == 1
    assert Lead.objects.get(pk=first.lead_id).owner == first.owner == alice
    assert Assignment.objects.get(handoff=first).seq == 1


def test_turns_go_on_where_one_by_one_left_off(alice, carol, waiting, pass_all, at):
    routed(Handoff.objects.get(pk=waiting(1)[0]), at)
    pass_all(waiting(2))
    assert [name for _, _, name, _ in taken()] == ["Alice", "Carol", "Alice"]


def test_what_turns_carry_is_what_they_add_up_to(
    inbound, publish_rules, make_handoff, waiting, pass_all, at
):
    great, small, other = add_reps(inbound, 3, 1, 1)
    Capacity.objects.create(rep=great, languages=["de"])
    Capacity.objects.create(rep=small, languages=["de"], max_open=4)
    rota, by_score = {"outcome": "rota", "rota": inbound}, when("handoff.path", "is", "score")
    publish_rules(rota | {"conditions": by_score, "languages": ["de"]}, rota)
    for path in ["score", "hand_raise", "hand_raise", "score"]:
        routed(make_handoff(path=path), at)
    pass_all([*waiting(5, path="score"), *waiting(9)])
    turns = list(Turn.objects.order_by("number"))
    assert len({turn.stretch for turn in turns}) == 3 and len(turns) == 18
    for turn in turns:
        before = turns[: turn.number]
        assert dict(turn.last_turns) == {each.rep_id: each.number for each in before}
        own = [each.rep_id for each in before if each.stretch == turn.stretch]
        had = Counter(dict(turn.had_in_round))
        assert had == Counter(own[len(own) - had.total() :])
        rounds = Counter(own[: len(own) - had.total()])
        assert rounds[great.pk] == 3 * rounds[small.pk] or not rounds[small.pk]


@pytest.mark.parametrize("cap", ["max_open", "max_per_day", "max_per_week"])
def test_no_cap_is_exceeded_within_it_and_it_says_who_was_skipped(
    alice, carol, waiting, pass_all, cap
):
    Capacity.objects.create(rep=alice, **{cap: 1})
    ids = waiting(4)
    pass_all(ids)
    assert Counter(name for _, _, name, _ in taken()) == {"Alice": 1, "Carol": 3}
    (skip,) = Decision.objects.get(handoff=ids[-1]).trace["skipped"]
    assert skip["name"] == "Alice" and skip["reason"].startswith("is at cap: 1 of 1")


def test_what_nobody_can_take_is_left_to_be_routed_by_itself(alice, waiting, pass_all):
    Capacity.objects.create(rep=alice, max_open=1)
    first, second = waiting(2)
    assert pass_all([first, second]) == {first}
    assert Handoff.objects.get(pk=second).state == "waiting"


def test_nobody_gets_back_what_they_had(alice, carol, make_handoff, waiting, pass_all, at):
    handoff = make_handoff(rep=alice)
    handoffs.back_to_routing(handoff, at=at, reason="Not mine")
    assert pass_all([handoff.pk]) == {handoff.pk}
    assert handoffs.open_assignment(handoff).rep == carol
    assert handoffs.open_assignment(handoff).seq == 2
    assert Decision.objects.get().trace["skipped"][0]["reason"] == "had this handoff before"


def test_a_lead_that_somebody_may_claim_is_left_and_those_behind_it(
    alice, carol, waiting, pass_all, at
):
    ids = waiting(3)
    Opportunity.objects.create(lead=Handoff.objects.get(pk=ids[1]).lead, opened_at=at)
    assert pass_all(ids) == {ids[0]}


def test_behind_one_that_nobody_here_can_take_all_are_left(
    alice, carol, make_handoff, waiting, pass_all, at
):
    had = make_handoff(rep=alice, at=at - timedelta(days=1))
    handoffs.back_to_routing(had, at=at, reason="Not mine")
    RotaMember.objects.exclude(rep=alice).delete()
    assert pass_all([had.pk, *waiting(2)]) == set()


def test_a_rule_that_names_a_person_is_left(alice, publish_rules, waiting, pass_all):
    publish_rules({"outcome": "rep", "rep": alice})
    assert pass_all(waiting(2)) == set()


def test_what_is_not_due_or_not_ready_is_left(alice, carol, waiting, pass_all, at):
    first, second = waiting(2)
    Handoff.objects.filter(pk=first).update(reroute_at=at + timedelta(hours=1))
    unready = {"is_ready": lambda each: False, "then": lambda *_: None}
    assert route_backlog([second], at=at, **unready) == set()
    assert pass_all([first, second]) == {second}


def test_each_rule_and_rota_has_its_own_turns(
    alice, carol, inbound, publish_rules, waiting, pass_all
):
    other = Rota.objects.create(name="Other")
    RotaMember.objects.create(rota=other, rep=carol)
    publish_rules(
        {"outcome": "rota", "rota": other, "conditions": when("handoff.path", "is", "score")},
        {"outcome": "rota", "rota": inbound, "priority": 7},
    )
    ids = [*waiting(2), *waiting(2, path="score")]
    assert pass_all(ids) == set(ids)
    assert Counter(Turn.objects.values_list("rota__name", flat=True)) == {"Inbound": 2, "Other": 2}
    assert set(Handoff.objects.filter(pk__in=ids[:2]).values_list("priority", flat=True)) == {7}


@pytest.mark.parametrize("is_same_rota", [True, False])
def test_no_later_one_takes_the_last_place_of_an_earlier_one(
    alice, inbound, publish_rules, make_handoff, pass_all, at, is_same_rota
):
    RotaMember.objects.exclude(rep=alice).delete()
    Capacity.objects.create(rep=alice, max_open=2, skills=["video"])
    other = inbound if is_same_rota else Rota.objects.create(name="Other")
    RotaMember.objects.get_or_create(rota=other, rep=alice)
    by_score = when("handoff.path", "is", "score")
    publish_rules(
        {"outcome": "rota", "rota": inbound, "skills": ["video"], "conditions": by_score},
        {"outcome": "rota", "rota": other},
    )
    paths = ["score", "hand_raise", "score"]
    made = [make_handoff(at=at + timedelta(n), path=path) for n, path in enumerate(paths)]
    for each in made:
        handoffs.hold(each, till=at)
    left, passed = {each.pk for each in made}, set()
    while now := pass_all(left - passed):
        passed |= now
    assert passed == {each.pk for each in made[:2]}


def test_leads_for_two_rotas_that_share_a_cap_are_passed_together(
    inbound, publish_rules, make_handoff, pass_all, at, django_assert_max_num_queries
):
    reps = add_reps(inbound, 3, 1)
    other = Rota.objects.create(name="Other")
    RotaMember.objects.bulk_create(RotaMember(rota=other, rep=rep) for rep in reps)
    Capacity.objects.bulk_create(Capacity(rep=rep, max_open=5) for rep in reps)
    to_other = {"rota": other, "conditions": when("handoff.path", "is", "score")}
    publish_rules({"outcome": "rota"} | to_other, {"outcome": "rota", "rota": inbound})
    paths = ["score", "hand_raise"] * 6
    made = [make_handoff(at=at + timedelta(n), path=path) for n, path in enumerate(paths)]
    for each in made:
        handoffs.hold(each, till=at)
    with django_assert_max_num_queries(42):
        assert pass_all(each.pk for each in made) == {each.pk for each in made[:10]}
    assert Counter(name for _, _, name, _ in taken()) == {"Rep1": 5, "Rep2": 5}
    assert Counter(Turn.objects.values_list("rota__name", flat=True)) == {"Inbound": 5, "Other": 5}


@pytest.mark.parametrize("is_least_first", [True, False])
def test_least_work_counts_what_is_open_also_beside_a_rota_that_needs_no_count(
    inbound, publish_rules, make_handoff, waiting, pass_all, is_least_first
):
    busy, free = reps = add_reps(inbound, 1, 1)
    other = Rota.objects.create(name="Other")
    RotaMember.objects.bulk_create(RotaMember(rota=other, rep=rep) for rep in reps)
    Capacity.objects.create(rep=busy, max_per_day=100)
    least, in_turn = (inbound, other) if is_least_first else (other, inbound)
    Rota.objects.filter(pk=in_turn.pk).update(method="in_turn")
    Rota.objects.filter(pk=least.pk).update(method="least_work")
    to_turn = {"rota": in_turn, "conditions": when("handoff.path", "is", "score")}
    publish_rules({"outcome": "rota"} | to_turn, {"outcome": "rota", "rota": least})
    for _ in range(6):
        make_handoff(rep=busy)
    pass_all([*waiting(4), *waiting(1, path="score")])
    assert set(Turn.objects.filter(rota=least).values_list("rep", flat=True)) == {free.pk}


def test_a_lead_that_somebody_took_while_it_waits_is_not_taken_from_them(
    alice, carol, waiting, pass_all, at
):
    (pk,) = waiting(1)
    lead = Lead.objects.get(handoffs=pk)
    ownership.take(lead, to=carol, source="manager", reason="Hers", by=None, at=at)
    with pytest.raises(LostRace):
        pass_all([pk])
    assert Lead.objects.get(pk=lead.pk).owner == carol


def test_it_takes_no_more_statements_for_more(
    alice, carol, waiting, pass_all, django_assert_max_num_queries
):
    pass_all(waiting(1))
    ids = waiting(8)
    with django_assert_max_num_queries(32):
        pass_all(ids)


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_pass_each_once_and_fairly(inbound, waiting, pass_all):
    with transaction.atomic():
        reps = add_reps(inbound, 3, 2, 1)
    ids = waiting(36)
    shares = [ids[place::6] for place in range(6)]
    in_threads(lambda share: pass_all(share), shares + shares, threads=6)
    turns = list(Turn.objects.order_by("number").values_list("rep", flat=True))
    weights = {rep.pk: weight for rep, weight in zip(reps, (3, 2, 1), strict=True)}
    assert len(turns) == 36 == Assignment.objects.filter(ended_at=None).count()
    assert farthest_from_share(turns, weights) < 1


@pytest.mark.django_db(transaction=True)
def test_backlogs_and_single_ones_of_two_rotas_with_the_same_reps_never_deadlock(
    inbound, publish_rules, waiting, pass_all
):
    with transaction.atomic():
        reps = add_reps(inbound, 1, 1, 1)
        other = Rota.objects.create(name="Other")
        RotaMember.objects.bulk_create(RotaMember(rota=other, rep=rep) for rep in reps)
        Capacity.objects.bulk_create(Capacity(rep=rep, max_open=11) for rep in reps)
        by_score = when("handoff.path", "is", "score")
        publish_rules(
            {"outcome": "rota", "rota": other, "conditions": by_score},
            {"outcome": "rota", "rota": inbound},
        )
    ids = [pk for pair in zip(waiting(18), waiting(18, path="score"), strict=True) for pk in pair]

    def work(share):
        if len(share) == 1:
            return route_or_fail(share[0])
        left = set(share)
        while passed := pass_all(left):
            left -= passed

    many = [ids[place:18:3] for place in range(3)]
    single = [[pk] for pk in ids[18:]]
    in_threads(work, [*many, *single], threads=6)
    given = Counter(Assignment.objects.filter(ended_at=None).values_list("rep", flat=True))
    assert given == {rep.pk: 11 for rep in reps}


def test_who_can_take_more_only_since_others_were_locked_gets_nothing_yet(
    inbound, make_handoff, at, monkeypatch
):
    ann, ben = add_reps(inbound, 1, 1)
    Capacity.objects.bulk_create([Capacity(rep=ann), Capacity(rep=ben, max_open=1)])
    full = make_handoff(rep=ben)
    waiting = [make_handoff(at=at + timedelta(seconds=n)) for n in (1, 2)]
    for each in waiting:
        handoffs.hold(each, till=at)
    take_lock = backlog.lock

    def lock_while_ben_closes_one(rep_id):
        if Handoff.objects.open().filter(pk=full.pk).exists():
            done = {"closed_as": "qualified", "outcome": "qualified"}
            handoffs.close(full, **done, reason="Done", at=at, keeps_owner=True)
        return take_lock(rep_id)

    monkeypatch.setattr(backlog, "lock", lock_while_ben_closes_one)
    route_backlog(
        [each.pk for each in waiting],
        at=at + timedelta(minutes=1),
        is_ready=lambda each: True,
        then=lambda assignment, at: None,
    )
    owners = Handoff.objects.filter(pk__in=[each.pk for each in waiting])
    assert set(owners.values_list("owner", flat=True)) == {ann.pk}
