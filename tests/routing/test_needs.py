"""What a rule asks of whoever gets the lead, and who answers for whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leads import handoffs
from leads.models import Absence, Account, AccountDomain, Assignment
from routing.explain import rules_asked, why_them, why_you
from routing.models import Capacity, Territory
from tests.conftest import make_user
from tests.routing.conftest import routed

WEEK = timedelta(days=7)


@pytest.fixture
def away(at):
    """Send somebody away for a week from now on."""

    def leave(user, cover=None):
        return Absence.objects.create(user=user, starts_at=at, ends_at=at + WEEK, cover=cover)

    return leave


# Skills and languages ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        pytest.param({"languages": ["de"]}, "does not speak German", id="language"),
        pytest.param({"skills": ["Payments"]}, "lacks the skill Payments", id="skill"),
        pytest.param({"skills": ["Tax", "Payments"]}, "lacks the skill Payments", id="one of two"),
        pytest.param({"languages": ["xx-q"]}, "does not speak xx-q", id="unheard of"),
    ],
)
def test_only_who_has_all_of_it_gets_it(
    alice, carol, publish_rules, inbound, make_handoff, at, asked, reason
):
    Capacity.objects.create(rep=alice, skills=["Tax"], languages=["en"])
    Capacity.objects.create(rep=carol, skills=["tax", "payments"], languages=["DE", "xx-q"])
    publish_rules({"outcome": "rota", "rota": inbound, **asked})
    decision = routed(make_handoff(), at)
    assert decision.rep == carol
    assert [skip["reason"] for skip in decision.trace["skipped"]] == [reason]


def test_a_named_rep_who_lacks_it_is_passed_over(alice, publish_rules, make_handoff, at):
    publish_rules({"outcome": "rep", "rep": alice, "languages": ["de"]})
    sentence = "Alice is named by the rule but does not speak German."
    assert routed(make_handoff(), at).reason == sentence


# Cover -------------------------------------------------------------------------------------------


@pytest.fixture
def lumora(alice, make_lead):
    """A lead of a company that Alice owns."""
    account = Account.objects.create(name="Lumora Pay", owner=alice)
    return make_lead(account=account)


@pytest.fixture
def dan(alice):
    """A sales rep in no rota."""
    return make_user("Dan", "rep")


def test_the_cover_of_an_owner_who_is_away_gets_it(alice, dan, away, lumora, make_handoff, at):
    away(alice, cover=dan)
    decision = routed(make_handoff(lumora), at)
    assert (decision.rep, decision.rule_key) == (dan, "account-owner-asked")
    assert decision.reason == "covers for Alice till 17 Mar, who owns the account Lumora Pay"
    assert why_you(decision).startswith("You cover for Alice till 17 Mar, who owns")
    assert why_them(decision).startswith("Dan covers for Alice till 17 Mar")
    assert [skip["reason"] for skip in decision.trace["skipped"]] == ["is absent till 17 Mar"]


def test_the_account_stays_its_owners(alice, dan, away, lumora, make_handoff, at):
    absence = away(alice, cover=dan)
    routed(make_handoff(lumora), at)
    lumora.account.refresh_from_db()
    assert lumora.account.owner == alice
    absence.delete()


def test_back_from_absence_the_owner_gets_the_next(alice, dan, away, lumora, make_handoff, at):
    away(alice, cover=dan)
    assert routed(make_handoff(lumora), at + WEEK).rep == alice


def test_the_covers_cover_is_asked_in_turn(alice, dan, carol, away, lumora, make_handoff, at):
    away(alice, cover=dan)
    away(dan, cover=carol)
    decision = routed(make_handoff(lumora), at)
    assert (decision.rep, decision.rule_key) == (carol, "account-owner-asked")


def test_covers_who_name_each_other_end_as_nobody(
    alice, dan, carol, away, lumora, make_handoff, at
):
    away(alice, cover=dan)
    away(dan, cover=alice)
    decision = routed(make_handoff(lumora), at)
    assert decision.rep == carol  # the next rule's
    told = next(each for each in rules_asked(decision) if each.verdict == "nobody").nobody
    assert told == (
        "Alice owns the account Lumora Pay but is absent till 17 Mar; Dan, who covers, is absent"
        " till 17 Mar; those who cover name each other."
    )


def test_a_cover_who_cant_take_it_is_not_covered_further(
    alice, dan, away, lumora, make_handoff, at
):
    Capacity.objects.create(rep=dan, is_online=False)
    away(alice, cover=dan)
    decision = routed(make_handoff(lumora), at)
    told = next(each for each in rules_asked(decision) if each.verdict == "nobody").nobody
    assert told.endswith("Dan, who covers, takes no leads now.")


def test_in_a_rota_the_cover_gets_no_extra_turn(alice, carol, dan, away, make_handoff, at):
    away(alice, cover=dan)
    assert [routed(make_handoff(), at).rep for _ in range(2)] == [carol, carol]


# A lead that returns -----------------------------------------------------------------------------


@pytest.fixture
def recycled(make_handoff, at):
    """Close a handoff after its rep's answer, so that its lead rests in marketing's queue."""

    def close(handoff, answer="accepted", closed_as="recycled"):
        handoff.assignments.update(answer=answer, answered_at=at)
        outcome = Assignment.Outcome.RECYCLED
        handoffs.close(handoff, closed_as=closed_as, outcome=outcome, at=at, reason="Later")
        return handoff.lead

    return close


def test_a_returning_lead_goes_to_who_accepted_it(alice, carol, make_handoff, recycled, at):
    lead = recycled(make_handoff(rep=carol))
    decision = routed(make_handoff(lead), at)
    assert (decision.rep, decision.rule_label) == (carol, "Accepted it before")
    assert why_you(decision) == "You accepted this lead before (rule “Accepted it before”)."
    assert [each.label for each in rules_asked(decision)] == ["Accepted it before"]


def test_who_accepted_it_and_is_away_is_passed_over(alice, carol, make_handoff, recycled, away, at):
    lead = recycled(make_handoff(rep=carol))
    away(carol)
    decision = routed(make_handoff(lead), at)
    assert decision.rep == alice
    assert decision.trace["rules"][0]["nobody"] == (
        "Carol accepted this lead before but is absent till 17 Mar."
    )


def test_it_never_goes_to_who_rejected_it(alice, carol, make_handoff, recycled, at):
    lead = recycled(make_handoff(rep=alice), answer="rejected")
    decision = routed(make_handoff(lead), at)
    assert decision.rep == carol
    assert decision.trace["skipped"][0]["reason"] == "rejected this lead before"


def test_a_lead_that_was_not_recycled_takes_the_table(alice, carol, make_handoff, recycled, at):
    lead = recycled(make_handoff(rep=carol), closed_as="withdrawn")
    assert routed(make_handoff(lead), at).rep == alice


# Named companies ---------------------------------------------------------------------------------


@pytest.fixture
def key_accounts(alice, publish_rules):
    publish_rules({"outcome": "territory"})
    return Territory.objects.create(
        name="Key accounts", precedence=1, domains=["lumora.example", "acme.com"], rep=alice
    )


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        pytest.param("lumora.example", "has the territory Key accounts", id="listed"),
        pytest.param("eu.lumora.example", "has the territory Key accounts", id="below a listed"),
        pytest.param("other.example", "No territory covers this lead.", id="another"),
        pytest.param("gmail.com", "No territory covers this lead.", id="free mail"),
    ],
)
def test_a_named_list_goes_by_the_companys_domain(
    key_accounts, make_lead, know, make_handoff, at, address, reason
):
    lead = know(make_lead(), person__email_domain=address)
    assert routed(make_handoff(lead), at).reason == reason


def test_the_domains_of_the_account_count_as_well(key_accounts, alice, make_lead, make_handoff, at):
    account = Account.objects.create(name="Acme")
    AccountDomain.objects.create(account=account, domain="acme.com")
    assert routed(make_handoff(make_lead(account=account)), at).rep == alice
