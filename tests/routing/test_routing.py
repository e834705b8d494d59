"""What each outcome of a rule leads to, and the trace that says so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group

from leads.evidence import Evidence
from leads.models import Absence, Account, CustomFact, Handoff, Opportunity, Queue, Version
from routing.explain import rules_asked
from routing.models import Capacity, Rota, Territory, Turn
from routing.table import live_table, rules_of
from routing.trace import spelled_out
from tests.routing.conftest import routed, when

INDUSTRY_IS_BANKING = when("account.industry", "is", "Banking")


@pytest.fixture
def lumora(alice):
    """An account that Alice owns."""
    return Account.objects.create(name="Lumora Pay", owner=alice)


def verdicts(decision):
    return [(rule.label, rule.verdict) for rule in rules_asked(decision)]


def test_the_rota_rule_passes_the_handoff_and_uses_up_a_turn(alice, carol, make_handoff, at):
    handoff = make_handoff()
    decision = routed(handoff, at)
    handoff.refresh_from_db()
    assert (handoff.state, handoff.owner, handoff.lead.owner) == ("passed", alice, alice)
    assert (decision.rep, decision.reason) == (alice, "is next in rota Inbound")
    assert Turn.objects.get().assignment == decision.assignment


def test_the_first_rule_that_holds_decides_and_those_before_are_on_record(
    alice, carol, publish_rules, make_handoff, make_lead, know, inbound, at
):
    publish_rules(
        {"outcome": "rep", "rep": carol, "conditions": INDUSTRY_IS_BANKING},
        {"outcome": "rota", "rota": inbound, "conditions": when("account.name", "is_unknown")},
        {"outcome": "rep", "rep": carol, "priority": 7},
    )
    handoff = make_handoff(know(make_lead(), account__industry="Retail"))
    decision = routed(handoff, at)
    assert (decision.rule_key, decision.rep) == ("rule-2", alice)
    assert verdicts(decision) == [("Rule 1", "failed"), ("Rule 2", "decided")]
    (failing,) = spelled_out(decision.trace)["rules"][0]["failed"]
    assert failing == {
        "text": "Industry is Banking",
        "fact": "account.industry",
        "found": "Retail",
        "actual": "Retail",
        "truth": "false",
    }


def test_a_condition_that_several_rules_ask_is_kept_once(
    carol, publish_rules, make_handoff, make_lead, know, at
):
    banks = {"outcome": "rep", "rep": carol, "conditions": INDUSTRY_IS_BANKING}
    publish_rules(banks, banks, {"outcome": "rep", "rep": carol})
    trace = routed(make_handoff(know(make_lead(), account__industry="Retail")), at).trace
    assert [rule.get("failed") for rule in trace["rules"]] == [[0], [0], None]
    assert [each["text"] for each in trace["failed"]] == ["Industry is Banking"]


def test_the_rule_gives_the_handoff_its_priority(alice, publish_rules, make_handoff, at):
    publish_rules({"outcome": "rep", "rep": alice, "priority": 7})
    handoff = make_handoff()
    routed(handoff, at)
    handoff.refresh_from_db()
    assert handoff.priority == 7


def test_the_accounts_owner_gets_it(alice, lumora, make_lead, make_handoff, at):
    decision = routed(make_handoff(make_lead(account=lumora)), at)
    assert (decision.rule_key, decision.rep) == ("account-owner-asked", alice)
    assert decision.reason == "owns the account Lumora Pay"
    assert not Turn.objects.exists()


def test_whoever_works_the_open_deal_comes_before_the_accounts_owner(
    carol, lumora, make_lead, make_handoff, at
):
    earlier = make_handoff(make_lead("Ana", account=lumora), rep=carol)
    Opportunity.objects.create(lead=earlier.lead, handoff=earlier, name="Seats", opened_at=at)
    decision = routed(make_handoff(make_lead("Bo", account=lumora)), at)
    assert (decision.rule_key, decision.rep) == ("open-opportunity-asked", carol)


def test_an_owner_who_is_away_is_passed_over_with_the_reason(
    alice, carol, lumora, make_lead, make_handoff, at
):
    Absence.objects.create(user=alice, starts_at=at, ends_at=at + timedelta(days=2))
    decision = routed(make_handoff(make_lead(account=lumora)), at)
    assert (decision.rule_key, decision.rep) == ("demo", carol)
    asked = {rule["key"]: rule.get("nobody") for rule in decision.trace["rules"]}
    sentence = "Alice owns the account Lumora Pay but is absent till 12 Mar."
    assert asked["account-owner-asked"] == sentence


@pytest.mark.parametrize(
    ("facts", "rep"),
    [
        pytest.param({"account__country": "SE"}, "Alice", id="by country"),
        pytest.param({"person__country": "se"}, "Alice", id="by the person's country"),
        pytest.param({"account__country": "NO", "account__employees": 50}, "Carol", id="by size"),
    ],
)
def test_a_territory_is_its_reps(
    alice, carol, publish_rules, make_lead, know, make_handoff, at, facts, rep
):
    Territory.objects.create(name="Sweden", precedence=1, countries=["SE"], rep=alice)
    Territory.objects.create(name="Small", precedence=2, employees_to=100, rep=carol)
    publish_rules({"outcome": "territory"})
    assert str(routed(make_handoff(know(make_lead(), **facts)), at).rep) == rep


def test_where_territories_overlap_the_lower_precedence_decides(
    alice, carol, publish_rules, make_lead, know, make_handoff, at
):
    Territory.objects.create(name="Nordics", precedence=2, countries=["SE", "NO"], rep=alice)
    Territory.objects.create(name="Sweden", precedence=1, countries=["SE"], rep=carol)
    publish_rules({"outcome": "territory"})
    decision = routed(make_handoff(know(make_lead(), account__country="SE")), at)
    assert decision.reason == "has the territory Sweden"


def test_a_rule_may_lead_to_a_queue(carol, publish_rules, make_handoff, at):
    nurture = Queue.objects.get(key="nurture")
    always = when("handoff.path", "is", "hand_raise")
    publish_rules({"outcome": "queue", "queue": nurture, "conditions": always})
    handoff = make_handoff()
    decision = routed(handoff, at)
    handoff.refresh_from_db()
    assert (decision.queue, handoff.queue, handoff.lead.queue) == (nurture, nurture, nurture)
    assert handoff.review_reason == "By the rule “Rule 1”."


# Nobody ------------------------------------------------------------------------------------------


def test_an_unknown_fact_sends_it_to_review_by_name(carol, publish_rules, make_handoff, at):
    publish_rules({"outcome": "rep", "rep": carol, "conditions": INDUSTRY_IS_BANKING})
    handoff = make_handoff()
    decision = routed(handoff, at)
    handoff.refresh_from_db()
    assert (handoff.state, handoff.missing) == (Handoff.State.REVIEW, ["account.industry"])
    assert handoff.review_reason == "No rule matched: Industry is unknown."
    assert (decision.rep, decision.queue.key) == (None, "review")


def test_an_unknown_territory_names_what_is_missing(carol, publish_rules, make_handoff, at):
    Territory.objects.create(name="Sweden", precedence=1, countries=["SE"], rep=carol)
    publish_rules({"outcome": "territory"})
    handoff = make_handoff()
    assert routed(handoff, at).reason == "No territory could be told: Company country is unknown."
    handoff.refresh_from_db()
    assert handoff.missing == ["account.country"]


def test_what_no_rule_fits_goes_to_review(carol, publish_rules, make_lead, know, make_handoff, at):
    publish_rules({"outcome": "rep", "rep": carol, "conditions": INDUSTRY_IS_BANKING})
    handoff = make_handoff(know(make_lead(), account__industry="Retail"))
    assert routed(handoff, at).reason == "No rule fits this lead."
    handoff.refresh_from_db()
    assert (handoff.state, handoff.missing) == (Handoff.State.REVIEW, [])


def test_the_last_row_says_why_the_rows_above_led_nowhere(defaults, make_handoff, at):
    decision = routed(make_handoff(), at)
    assert decision.rule_key == "review"
    assert decision.reason.startswith("Rota Inbound has no members.")


def test_a_whole_rota_that_is_skipped_says_so_for_each(
    alice, carol, publish_rules, inbound, make_handoff, at
):
    publish_rules({"outcome": "rota", "rota": inbound})
    Capacity.objects.create(rep=alice, is_online=False)
    carol.groups.clear()
    decision = routed(make_handoff(), at)
    assert decision.reason == (
        "Everybody in rota Inbound is skipped: Alice takes no leads now; Carol is no sales rep."
    )
    assert [skip["name"] for skip in decision.trace["skipped"]] == ["Alice", "Carol"]


def test_a_rota_that_is_switched_off_leads_to_nobody(
    carol, publish_rules, inbound, make_handoff, at
):
    publish_rules({"outcome": "rota", "rota": inbound})
    Rota.objects.update(is_active=False)
    assert routed(make_handoff(), at).reason == "Rota Inbound is switched off."


def test_nobody_gets_back_what_they_had(alice, carol, make_handoff, at):
    handoff = make_handoff(rep=alice)
    decision = routed(handoff, at)
    assert decision.rep == carol
    assert decision.trace["skipped"][0]["reason"] == "had this handoff before"


def test_a_role_given_back_makes_a_rep_eligible_again(alice, make_handoff, at):
    alice.groups.clear()
    assert routed(make_handoff(), at).rep is None
    alice.groups.add(Group.objects.get(name="rep"))
    assert routed(make_handoff(), at).rep == alice


def test_a_choice_added_later_is_known_to_rules_that_were_read_before(publish_rules, at):
    fields = {"slug": "plan", "type": "choice", "label": "Plan", "is_ordered": True}
    plan = CustomFact.objects.create(**fields, choices=["free", "team"])
    asks = when("custom.plan", "at_least", "team")
    publish_rules({"conditions": asks, "outcome": "opportunity_owner"})
    evidence = Evidence({"custom.plan": "gold"}, (), at)
    assert not live_table(at)[1][0].conditions.matches(evidence)
    CustomFact.objects.filter(pk=plan.pk).update(choices=["free", "team", "gold"])
    version, rules = live_table(at)
    assert rules[0].conditions.matches(evidence)
    assert rules_of(Version.objects.get(pk=version.pk)) is rules  # read once, however it is come by
