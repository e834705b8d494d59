"""Deals: told by the rep who qualified the lead, and corrected."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import ProgrammingError, transaction

from feedback import outcomes
from feedback.models import DealChange
from feedback.timeline import timeline
from leads import handoffs
from leads.errors import LostRace
from leads.models import Account, Lead, Opportunity, Stage


@pytest.fixture
def qualified(alice, pass_lead, at):
    """A handoff that Alice qualified; she keeps its lead."""
    handoff = pass_lead(alice, accepted=True)
    how = {"closed_as": "qualified", "outcome": "qualified", "reason": "Fits", "keeps_owner": True}
    handoffs.close(handoff, by=alice, at=at, **how)
    return handoff


@pytest.fixture
def tell(alice, qualified, at):
    """Give a function that tells of the deal with one lead of a company; it returns the lead."""
    account = Account.objects.create(name="Lumora Pay", name_key="lumora pay")
    Lead.objects.filter(pk=qualified.lead_id).update(account=account)

    def make(state, amount=None, minutes=0):
        when = at + timedelta(minutes=minutes)
        outcomes.record_deal(qualified, state=state, amount=amount, by=alice, at=when)
        return Lead.objects.select_related("account").get(pk=qualified.lead_id)

    return make


def test_a_lost_deal_is_corrected_to_won_by_who_lost_it(tell, alice):
    tell("lost")
    lead = tell("won", Decimal(900), minutes=1)
    assert (lead.stage_id, lead.owner, lead.queue) == (Stage.Key.CUSTOMER, alice, None)
    assert Opportunity.objects.get().state == "won"
    told = DealChange.objects.values_list("from_state", "to_state", "by")
    assert list(told) == [("", "lost", alice.pk), ("lost", "won", alice.pk)]
    assert "Deal corrected from lost to won, 900.00 EUR" in [
        entry.told.what for entry in timeline(lead).entries
    ]


def test_a_lost_deal_told_again_with_its_amount_can_still_be_corrected(tell, alice):
    tell("lost")
    tell("lost", Decimal(900), minutes=1)
    assert tell("won", Decimal(900), minutes=2).owner == alice


def test_the_timeline_says_what_was_told_when(tell):
    tell("open", Decimal(500))
    tell("won", Decimal(900), minutes=1)
    lead = tell("lost", Decimal(900), minutes=2)
    told = [entry.told.what for entry in timeline(lead).entries]
    assert [what for what in told if what.startswith("Deal ") and "," in what] == [
        "Deal corrected from won to lost, 900.00 EUR",
        "Deal won, 900.00 EUR",
        "Deal opened, 500.00 EUR",
    ]


def test_a_deal_told_elsewhere_is_in_the_timeline_too(qualified, at):
    Opportunity.objects.create(lead=qualified.lead, handoff=qualified, opened_at=at, amount=500)
    told = [entry.told.what for entry in timeline(qualified.lead).entries]
    assert "Deal opened, 500.00 EUR" in told


def test_a_won_deal_is_corrected_to_lost_and_back_and_to_open(tell):
    for minute, (state, stage) in enumerate(
        [("won", "customer"), ("lost", "ml"), ("won", "customer"), ("open", "opportunity")]
    ):
        assert tell(state, Decimal(900), minutes=minute).stage_id == stage
    assert Opportunity.objects.get().closed_at is None


def test_the_account_is_a_customer_while_a_deal_is_won(tell, make_lead, at):
    lead = tell("won", Decimal(900))
    assert lead.account.status == Account.Status.CUSTOMER
    other = Opportunity.objects.create(
        lead=make_lead(account=lead.account), state="won", opened_at=at, closed_at=at
    )
    assert tell("lost", minutes=1).account.status == Account.Status.CUSTOMER
    Opportunity.objects.filter(pk=other.pk).update(state="lost")
    tell("won", minutes=2)
    assert tell("lost", minutes=3).account.status == Account.Status.PROSPECT


@pytest.mark.parametrize("status", ["customer", "partner"])
def test_what_an_account_was_before_its_first_deal_stays(tell, status):
    Account.objects.update(status=status)
    assert tell("won", Decimal(900)).account.status == status
    assert tell("lost", minutes=1).account.status == status


def test_a_lost_deal_stays_lost_once_the_lead_is_handed_over_again(tell, carol, make_handoff, at):
    lead = tell("lost")
    make_handoff(lead, rep=carol, at=at + timedelta(minutes=5))
    with pytest.raises(LostRace):
        tell("won", Decimal(900), minutes=60)


def test_what_was_said_of_a_deal_is_never_edited(tell):
    tell("lost")
    with pytest.raises(ProgrammingError, match="Cannot update"), transaction.atomic():
        DealChange.objects.update(to_state="won")


def test_a_lost_deal_is_found_among_the_decided_ones_and_corrected(client, alice, qualified):
    client.force_login(alice)
    url = f"/queue/{qualified.pk}/deal/"
    client.post(url, {"state": "lost"})
    (row,) = client.get("/queue/?show=decided").context["rows"]
    assert row.handoff == qualified
    assert client.get(url).context["form"].initial["state"] == "lost"
    client.post(url, {"state": "won", "amount": "900"})
    assert Opportunity.objects.get().state == Opportunity.State.WON


def test_what_was_lost_is_no_longer_seen_once_it_is_handed_over_again(
    client, alice, carol, qualified, tell, make_handoff, at
):
    client.force_login(alice)
    lead = tell("lost")
    assert client.get(f"/queue/{qualified.pk}/").status_code == 200
    make_handoff(lead, rep=carol, at=at + timedelta(minutes=5))
    assert client.get(f"/queue/{qualified.pk}/").status_code == 404
    assert client.get(f"/queue/{qualified.pk}/deal/").status_code == 404
    assert client.get("/queue/?show=decided").context["rows"] == []
    client.force_login(carol)
    assert client.get(f"/queue/{qualified.pk}/").status_code == 404
