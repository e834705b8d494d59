"""What becomes known of a company reaches its leads, and costs nobody what was told of theirs."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from leads.company_facts import spread
from leads.fact_history import facts_of, record_facts
from leads.fact_sheet import account_facts
from leads.instants import database_now
from leads.models import Account, Lead


def learn(account):
    """The company turns out to be in fintech."""
    with transaction.atomic():
        before = account_facts(account)
        account.industry = "fintech"
        account.save()
        return spread(account, before, by=None, at=database_now())


@pytest.mark.django_db(transaction=True)
def test_what_another_transaction_is_telling_of_a_lead_is_not_lost(make_lead):
    account = Account.objects.create(name="Lumora")
    with transaction.atomic():
        lead = make_lead(account=account)
        record_facts(lead, {"account.name": "Lumora"}, known_from=database_now())
    told, go_on = threading.Event(), threading.Event()

    def tell_phone():
        with transaction.atomic():
            held = Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
            at = database_now()
            record_facts(held, {**facts_of(held, at), "person.phone": "+4612345"}, known_from=at)
            told.set()
            go_on.wait(10)
        connection.close()

    teller = threading.Thread(target=tell_phone)
    teller.start()
    told.wait(10)
    learn(account)
    go_on.set()
    teller.join()
    assert facts_of(lead, database_now())["person.phone"] == "+4612345"


@pytest.mark.django_db
def test_facts_that_are_newer_than_the_news_keep_what_they_say(make_lead):
    account = Account.objects.create(name="Lumora")
    lead = make_lead(account=account)
    later = database_now() + timedelta(minutes=1)
    record_facts(lead, {"person.phone": "+4612345"}, known_from=later)
    assert learn(account) == 1
    known = facts_of(lead, later)
    assert (known["person.phone"], known["account.industry"]) == ("+4612345", "fintech")
