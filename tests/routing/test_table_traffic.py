"""What each row of the routing table took lately, and the handoffs behind each number."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leads import handoffs
from leads.instants import database_now
from leads.models import Document, Queue, Team, User
from routing.models import Decision, RoutingRule
from routing.routing import reassign
from routing.traffic import (
    WHICH,
    Traffic,
    Unasked,
    traffic_before,
    traffic_by_row,
    unused_rows,
)
from sla import handoff_clocks
from sla.models import RepHours
from tests.routing.conftest import routed, when

pytestmark = pytest.mark.django_db


@pytest.fixture
def now(defaults):
    return database_now()


@pytest.fixture
def take(make_handoff, alice, carol, now):
    """Give a function that has the rota's row take a handoff, so long ago; its decision."""

    def take_one(days=1, **fields):
        at = now - timedelta(days=days)
        decision = routed(make_handoff(at=at, hand_raised_at=at, **fields), at)
        handoff_clocks.start_assignment_clocks(decision.assignment, at=at)
        return decision

    return take_one


def test_a_row_counts_what_it_took_and_what_became_of_it(take, rosa, now):
    kept, late, _, _ = (take(days) for days in (0, 4, 29, 31))  # four days span any weekend
    handoffs.accept(kept.assignment, by=kept.rep, at=now)
    handoffs.accept(late.assignment, by=late.rep, at=now)
    traffic = traffic_by_row(now)
    assert traffic["demo"] == Traffic(taken=3, answered=2, accepted=2, promised=2, missed=2)


def test_what_went_to_review_before_a_row_was_asked_is_told_apart(
    client, make_handoff, take, alice, rosa, now
):
    wanting, refused, asked = make_handoff(at=now), make_handoff(at=now), take(0).handoff
    for handoff, why in ((wanting, {"missing": ["account.country"]}), (refused, {"reason": "No."})):
        handoffs.send_to_review(handoff, at=now, **why)
    handoffs.send_to_review(asked, at=now, missing=["account.country"])
    handoffs.send_to_review(make_handoff(rep=alice), reason="Not mine.", at=now, by=alice)
    assert traffic_before(now) == Unasked(missing=1, refused=1)
    client.force_login(rosa)
    page = client.get("/routing/before/missing/").content.decode()
    assert f"/leads/{wanting.lead_id}/" in page and f"/leads/{asked.lead_id}/" not in page


def test_a_manager_is_told_how_many_more_there_are_than_listed(client, take, alice, carol, mona):
    theirs = Team.objects.create(name="South")
    User.objects.filter(pk=carol.pk).update(team=theirs)
    take(), take()
    client.force_login(mona)
    page = client.get("/routing/rows/demo/taken/").content.decode()
    assert "1 of 2 like this: lists hold your team’s leads (North)" in page


def test_what_was_given_by_hand_is_no_rows(take, now, rosa, alice, carol):
    handoff = take().handoff
    other = carol if handoff.owner == alice else alice
    reassign(handoff, other, by=rosa, at=now)
    assert {key: each.taken for key, each in traffic_by_row(now).items()} == {"demo": 1}


def test_that_it_waits_is_no_decision_yet(publish_rules, make_handoff, alice, carol, at, rosa):
    for rep in (alice, carol):
        RepHours.objects.create(rep=rep, calendar=Document.objects.get(kind="calendar"))
    raised = when("handoff.path", "is", "hand_raise")
    publish_rules({"conditions": raised, "outcome": "rep", "rep": alice, "off_hours": "hold"})
    night = at.replace(hour=23)
    decision = routed(make_handoff(at=night, hand_raised_at=night), night)
    assert (decision.rule_key, decision.queue.key) == ("rule-1", "routing")
    assert traffic_by_row(night) == {}


def test_rows_that_take_nothing_are_named_once_there_is_enough(take, now):
    rows = list(RoutingRule.objects.all())
    first = take(40)
    sent = {"handoff": first.handoff, "rule_key": first.rule_key, "at": first.at}
    review = Queue.objects.get(key="review")
    Decision.objects.bulk_create([Decision(queue=review, **sent) for _ in range(28)])
    assert unused_rows(rows, now) == set()
    take(40)
    assert unused_rows(rows, now) == {row.key for row in rows} - {"demo", "review"}


def test_each_number_opens_as_many_handoffs(client, take, rosa, now):
    for days in (0, 2, 3):
        decision = take(days)
    handoffs.accept(decision.assignment, by=decision.rep, at=now)
    client.force_login(rosa)
    for which in WHICH:
        page = client.get(f"/routing/rows/demo/{which}/").context["page"]
        counted = getattr(traffic_by_row(now)["demo"], which)
        assert (which, page.paginator.count) == (which, counted)
        assert counted > 0


def test_what_there_is_not_is_not_found(client, rosa, defaults):
    client.force_login(rosa)
    for path in ("demo/sold/", "nothing/taken/"):
        assert client.get(f"/routing/rows/{path}").status_code == 404


def test_the_page_links_its_numbers_and_shows_no_share_of_few(client, take, rosa):
    take()
    decision = take()
    handoffs.accept(decision.assignment, by=decision.rep, at=database_now())
    client.force_login(rosa)
    page = client.get("/routing/").content.decode()
    assert 'href="/routing/rows/demo/taken/">2</a>' in page
    assert 'href="/routing/rows/demo/answered/">n&nbsp;=&nbsp;1</a>' in page


@pytest.mark.parametrize("count", [2, 5])
def test_the_list_takes_as_many_queries_for_many_as_for_few(
    client, take, rosa, django_assert_num_queries, count
):
    for _ in range(count):
        take()
    client.force_login(rosa)
    client.get("/routing/rows/demo/taken/")
    with django_assert_num_queries(10):
        client.get("/routing/rows/demo/taken/")
