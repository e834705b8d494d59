"""A rep who leaves, or is switched off, between being chosen and being locked."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from leads import handoffs
from leads.evidence import Evidence
from leads.instants import database_now
from leads.models import Absence, Assignment, User
from routing.asking import Answer, ask
from routing.models import Capacity, Decision, Turn
from routing.questions import Question, question_of
from routing.routing import route
from routing.table import live_table
from tests.at_once import committed
from tests.routing.conftest import add_reps, when


@pytest.fixture
def two(inbound):
    with transaction.atomic():
        return add_reps(inbound, 1, 1)


def while_locked(change, work):
    """Have another connection make a change, wait till `work` waits for it, then commit it."""
    changed, release = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            change()
            changed.set()
            release.wait(5)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    changed.wait(5)
    threading.Timer(0.3, release.set).start()
    work()
    other.join()


def route_one(make_handoff):
    (handoff_id,) = committed(make_handoff, 1)

    def work():
        with transaction.atomic():
            route(handoffs.locked(handoff_id), at=database_now())

    return work


@pytest.mark.django_db(transaction=True)
def test_a_rep_deactivated_while_being_chosen_never_gets_it(two, make_handoff):
    leaver, stays = two
    while_locked(
        lambda: User.objects.filter(pk=leaver.pk).update(is_active=False), route_one(make_handoff)
    )
    assert Assignment.objects.get().rep == stays
    assert Turn.objects.get().rep == stays
    skipped = Decision.objects.get().trace["skipped"]
    assert [(each["rep"], each["reason"]) for each in skipped] == [(leaver.pk, "is inactive")]


@pytest.mark.django_db(transaction=True)
def test_a_rep_who_is_switched_off_while_being_chosen_never_gets_it(two, make_handoff):
    first, other = two
    Capacity.objects.bulk_create(Capacity(rep=rep) for rep in two)
    while_locked(
        lambda: Capacity.objects.filter(rep=first).update(is_online=False), route_one(make_handoff)
    )
    assert Assignment.objects.get().rep == other


@pytest.mark.django_db(transaction=True)
def test_a_named_rep_deactivated_while_being_chosen_leaves_it_to_the_next_rule(
    two, publish_rules, inbound, make_handoff
):
    leaver, stays = two
    with transaction.atomic():
        publish_rules({"outcome": "rep", "rep": leaver}, {"outcome": "rota", "rota": inbound})
    while_locked(
        lambda: User.objects.filter(pk=leaver.pk).update(is_active=False), route_one(make_handoff)
    )
    assert Assignment.objects.get().rep == stays
    asked = [rule.get("nobody") for rule in Decision.objects.get().trace["rules"]]
    assert asked == [f"{leaver} is named by the rule but is inactive.", None]


# Only looked at ----------------------------------------------------------------------------------


def seen(handoff, at) -> Answer:
    question, evidence = question_of(handoff, at=at)
    return ask(live_table(at)[1], question, evidence)


def test_a_dry_run_says_what_routing_then_does(alice, carol, make_handoff, at):
    for _ in range(5):
        handoff = make_handoff()
        answer = seen(handoff, at)
        with transaction.atomic():
            decision = route(handoffs.locked(handoff.pk), at=at)
        assert (answer.to, answer.reason) == (decision.rep, decision.reason)
        assert answer.log.to_json() == decision.trace


def test_a_dry_run_writes_and_locks_nothing(
    alice, carol, make_handoff, at, django_assert_max_num_queries
):
    Absence.objects.create(user=carol, starts_at=at, ends_at=at.replace(year=2027))
    handoff = make_handoff()
    with django_assert_max_num_queries(30) as asked:
        assert seen(handoff, at).to == alice
    statements = [each["sql"].upper() for each in asked.captured_queries]
    assert not [each for each in statements if "FOR NO KEY" in each or "FOR UPDATE" in each]
    assert all(each.lstrip("(\n ").startswith(("SELECT", "SET")) for each in statements)


def test_a_lead_that_is_only_typed_in_can_be_asked_about(alice, publish_rules, at):
    publish_rules(
        {"outcome": "rep", "rep": alice, "conditions": when("account.country", "is", "SE")}
    )
    evidence = Evidence({"account.country": "SE"}, (), at)
    question = Question(None, evidence.facts, at)
    assert ask(live_table(at)[1], question, evidence).to == alice
