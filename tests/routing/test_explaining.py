from __future__ import annotations

import json

import pytest

from leads.handoffs import locked
from leads.models import Account
from routing.explain import decisions_about, rules_asked, rules_in, why_you
from routing.models import Capacity
from routing.routing import reassign
from tests.routing.conftest import routed, when

URL = "/routing/decisions/{}/"


def test_the_rep_reads_why_they_have_it(alice, make_handoff, at):
    decision = routed(make_handoff(), at)
    assert why_you(decision) == "You are next in rota Inbound (rule “Asked for a person”)."


def test_the_accounts_owner_reads_that(alice, make_lead, make_handoff, at):
    account = Account.objects.create(name="Lumora Pay", owner=alice)
    decision = routed(make_handoff(make_lead(account=account)), at)
    assert why_you(decision).startswith("You own the account Lumora Pay")


def test_by_hand_it_says_by_whom(alice, carol, mona, make_handoff, at):
    decision = reassign(make_handoff(rep=alice), carol, by=mona, at=at)
    assert why_you(decision) == "You were given it by Mona."


def test_each_rule_says_what_kept_it_from_deciding(
    alice, carol, publish_rules, inbound, make_lead, know, make_handoff, at
):
    retail = when("account.industry", "is", "Retail")
    publish_rules(
        {"outcome": "rep", "rep": alice, "conditions": when("account.industry", "is", "Banking")},
        {"outcome": "rep", "rep": alice, "conditions": when("account.employees", "at_least", 9)},
        {"outcome": "account_owner", "conditions": retail},
        {"outcome": "rota", "rota": inbound},
    )
    Capacity.objects.create(rep=alice, is_online=False)
    handoff = make_handoff(know(make_lead(), account__industry="Retail"))
    asked = rules_asked(routed(handoff, at))
    assert [each.verdict for each in asked] == ["failed", "unknown", "nobody", "decided"]
    assert asked[0].conditions[0]["actual"] == "Retail"
    assert asked[2].nobody == "The lead has no account."
    assert [(each.name, each.reason) for each in asked[3].skipped] == [
        ("Alice", "takes no leads now")
    ]


def test_the_fragment_tells_who_was_skipped(client, alice, carol, make_handoff, at):
    Capacity.objects.create(rep=alice, max_open=1)
    make_handoff(rep=alice)
    handoff = make_handoff()
    routed(handoff, at)
    client.force_login(carol)
    answer = client.get(URL.format(handoff.pk), headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert "You are next in rota Inbound" in page
    assert "Skipped: Alice is at cap: 1 of 1 open" in page
    assert "<html" not in page


def test_without_htmx_it_is_a_page_and_speaks_of_the_rep(client, alice, mona, make_handoff, at):
    handoff = make_handoff()
    routed(handoff, at)
    client.force_login(mona)
    page = client.get(URL.format(handoff.pk)).content.decode()
    assert "<html" in page
    assert "Alice is next in rota Inbound" in page


def test_earlier_decisions_are_told_and_the_way_back(client, alice, carol, mona, make_handoff, at):
    handoff = make_handoff()
    routed(handoff, at)
    reassign(locked(handoff.pk), carol, by=mona, at=at)
    client.force_login(mona)
    came_from = "http://testserver/routing/rotas/1/leads/open/?page=2"
    page = client.get(URL.format(handoff.pk), headers={"Referer": came_from}).content.decode()
    latest, _, earlier = page.partition("Before that")
    assert "Carol was given it by Mona" in latest and "Alice is next in rota Inbound" in earlier
    assert 'href="/routing/rotas/1/leads/open/?page=2"' in page


@pytest.mark.parametrize("of", ["http://evil.example/x", "http://testserver//evil.example/x"])
def test_a_page_of_others_is_no_way_back(client, olga, make_handoff, of):
    client.force_login(olga)
    answer = client.get(URL.format(make_handoff().pk), headers={"Referer": of})
    assert answer.context["back"] == ""


def test_the_exact_data_stands_beneath_for_who_may_see_the_table(
    client, alice, mona, make_handoff, at
):
    handoff = make_handoff()
    decision = routed(handoff, at)
    client.force_login(mona)
    (told,) = client.get(URL.format(handoff.pk)).context["told"]
    exact = json.loads(told.exact)
    assert (exact["rule"], exact["version"]["id"]) == ("demo", decision.version_id)
    assert (exact["turn"]["number"], exact["turn"]["rota"]["name"]) == (1, "Inbound")
    asked = exact["rules"][-1]["trace"]["groups"][0]["conditions"][0]
    assert (asked["fact"], asked["found"]) == ("handoff.hand_raise", "demo-request")
    client.force_login(alice)
    assert client.get(URL.format(handoff.pk)).context["told"][0].exact == ""


def test_before_the_first_decision_it_says_so(client, olga, make_handoff):
    client.force_login(olga)
    assert "Not routed yet" in client.get(URL.format(make_handoff().pk)).content.decode()


def test_another_reps_handoff_is_not_there(client, alice, carol, make_handoff):
    client.force_login(carol)
    assert client.get(URL.format(make_handoff(rep=alice).pk)).status_code == 404


def test_hostile_facts_are_escaped(client, alice, publish_rules, make_lead, know, make_handoff, at):
    publish_rules(
        {"outcome": "rep", "rep": alice, "conditions": when("account.industry", "is", "x")}
    )
    handoff = make_handoff(know(make_lead(), account__industry="<script>alert(1)</script>"))
    routed(handoff, at)
    assert decisions_about(handoff)[0].queue.key == "review"
    client.force_login(handoff.queue.owner)
    assert "<script>alert(1)" not in client.get(URL.format(handoff.pk)).content.decode()


@pytest.mark.parametrize("method", ["post", "put"])
def test_it_is_only_read(client, olga, make_handoff, method):
    client.force_login(olga)
    assert getattr(client, method)(URL.format(make_handoff().pk)).status_code == 405


@pytest.mark.parametrize(("truth", "verdict"), [("false", "failed"), ("unknown", "unknown")])
def test_a_rule_that_failed_reads_as_it_did_in_older_decisions(truth, verdict):
    kept = [{"text": "Industry is Banking", "actual": "Retail", "truth": truth}]
    rule = {"key": "banks", "label": "Banks"}
    trace = {"truth": truth, "groups": [{"truth": truth, "conditions": kept}]}
    older = {"rules": [{**rule, "matched": False, "trace": trace}]}
    assert rules_in(older) == rules_in({"rules": [{**rule, "failed": kept}]})
    assert (rules_in(older)[0].verdict, rules_in(older)[0].conditions) == (verdict, kept)
