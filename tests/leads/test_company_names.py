"""Which account a company's name leads to, spelt the same or nearly so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from leads.account_match import LIKE, by_name, match_account
from leads.models import Account, AccountDomain, Opportunity, Organisation
from leads.normalising import company_key
from leads.submission_fields import read_fields

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def settled(source):
    """What ships is loaded: the organisation says how alike two names must be."""


@pytest.fixture
def make_account():
    def make(name, *, domain="", **fields):
        account = Account.objects.create(name=name, name_key=company_key(name), **fields)
        if domain:
            AccountDomain.objects.create(account=account, domain=domain)
        return account

    return make


@pytest.mark.parametrize(
    ("told", "is_same"),
    [
        pytest.param("Meridian Logistics GmbH", True, id="other legal form"),
        pytest.param("Meridian Logistic", True, id="a letter missing"),
        pytest.param("Logistics Meridian", True, id="other order"),
        pytest.param("Meridian Logistics Iberia", False, id="a word more"),
        pytest.param("Meridian", False, id="a word less"),
        pytest.param("Viridian Logistics", False, id="another company"),
    ],
)
def test_names_are_one_company_from_the_likeness_on(make_account, told, is_same):
    meridian = make_account("Meridian Logistics")
    assert (by_name(told) == meridian) is is_same


@pytest.mark.parametrize(("percent", "is_same"), [(100, False), (90, False), (80, True)])
def test_the_organisation_says_how_alike(make_account, percent, is_same):
    Organisation.objects.update(company_likeness=percent)
    make_account("Meridian Logistics")
    assert (by_name("Meridian Logistic") is not None) is is_same


def test_at_a_hundred_percent_the_same_name_still_matches(make_account):
    Organisation.objects.update(company_likeness=100)
    meridian = make_account("Meridian")
    assert by_name("MERIDIAN") == meridian
    assert by_name("Meridiann") is None


def test_the_same_name_comes_before_one_that_is_like_it(make_account, alice):
    make_account("Meridian Logistic", owner=alice)
    same = make_account("Meridian Logistics")
    assert by_name("Meridian Logistics AB") == same


def test_of_two_alike_the_one_with_an_open_deal_comes_first(make_account, make_lead, alice, at):
    busy, owned = make_account("Meridian"), make_account("Meridian", owner=alice)
    assert by_name("Meridian") == owned
    deal = Opportunity.objects.create(lead=make_lead(account=busy), opened_at=at)
    assert by_name("Meridian") == busy
    deal.state, deal.closed_at = "lost", at
    deal.save()
    assert by_name("Meridian") == owned


def test_of_two_without_either_the_newest(make_account):
    make_account("Meridian")
    newest = make_account("Meridian")
    assert by_name("Meridian") == newest
    Account.objects.filter(pk=newest.pk).update(created_at=F("created_at") - timedelta(days=1))
    assert by_name("Meridian") != newest


def test_the_domain_comes_before_the_name(make_account, at):
    by_domain = make_account("Other", domain="lumora.example")
    make_account("Lumora Pay")
    fields = read_fields({"email": "a@lumora.example", "company": "Lumora Pay"}, at=at)
    assert match_account(fields) == by_domain


def test_another_domain_speaks_against_a_name_that_is_only_like(make_account, at):
    meridian = make_account("Meridian Logistics", domain="meridian.example")
    told = {"email": "a@logistic.example", "company": "Meridian Logistic"}
    assert match_account(read_fields(told, at=at)) != meridian


def test_a_private_address_speaks_against_nothing(make_account, at):
    meridian = make_account("Meridian Logistics", domain="meridian.example")
    told = {"email": "a@gmail.com", "company": "Meridian Logistic"}
    assert match_account(read_fields(told, at=at)) == meridian


def test_who_matches_by_name_teaches_the_account_its_domain(make_account, at):
    meridian = make_account("Meridian Logistics")
    told = {"email": "a@meridian.example", "company": "Meridian Logistic"}
    assert match_account(read_fields(told, at=at)) == meridian
    assert meridian.domains.get().domain == "meridian.example"


def test_the_index_can_answer(make_account):
    asked = {"key": "meridian logistics", "least": 0.85, "has_domain": False}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # so few rows are read through otherwise
        cursor.execute(f"EXPLAIN {LIKE}", asked)
        plan = " ".join(line for (line,) in cursor.fetchall())
    assert "Bitmap Index Scan on account_name_like" in plan
