"""Territories: their order, what falls into each, where they overlap, and their form."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from leads import ownership
from leads.instants import database_now
from leads.models import Account, AccountDomain, FactSnapshot, Role
from routing import territory_order, territory_traffic
from routing.forms.territories import TerritoryForm
from routing.models import Territory
from routing.territory_overlaps import overlaps
from routing.territory_traffic import fallen
from tests.conftest import make_user

pytestmark = pytest.mark.django_db


def territory(name="One", **asks):
    return Territory(name=name, **asks)


def words(answer):
    return " ".join(answer.content.decode().split())


# Overlaps ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("upper", "lower", "sentence"),
    [
        pytest.param({"countries": ["DE"]}, {"countries": ["FR"]}, None, id="apart"),
        pytest.param(
            {"countries": ["DE", "AT"]},
            {"countries": ["at", "CH"]},
            "Upper and Lower overlap (AT): Upper decides.",
            id="a-country-in-both",
        ),
        pytest.param(
            {"countries": ["DE"]},
            {"industries": ["fintech"]},
            "Upper and Lower overlap (DE; fintech): Upper decides.",
            id="a-country-and-an-industry",
        ),
        pytest.param(
            {"countries": ["DE"]},
            {"countries": ["DE"], "states": ["Bayern"]},
            "All of Lower lies in Upper, which stands above it: Lower gets no lead.",
            id="hidden",
        ),
        pytest.param(
            {"employees_to": 199}, {"employees_from": 200}, None, id="sizes-beside-each-other"
        ),
        pytest.param(
            {"employees_to": 200},
            {"employees_from": 200, "countries": ["DE"]},
            "Upper and Lower overlap (DE; 200 to 200 employees): Upper decides.",
            id="a-size-in-both",
        ),
        pytest.param(
            {"domains": ["acme.com"]},
            {"domains": ["mail.acme.com"]},
            "All of Lower lies in Upper, which stands above it: Lower gets no lead.",
            id="a-domain-under-another",
        ),
        pytest.param({"domains": ["a.com"]}, {"domains": ["b.com"]}, None, id="other-companies"),
    ],
)
def test_it_is_said_which_of_two_decides(upper, lower, sentence):
    found = list(overlaps([territory("Upper", **upper), territory("Lower", **lower)]))
    assert [str(each) for each in found] == ([sentence] if sentence else [])


# What falls into each ---------------------------------------------------------------------------


@pytest.fixture
def dach(alice):
    return Territory.objects.create(name="DACH", precedence=1, countries=["DE", "AT"], rep=alice)


@pytest.fixture
def named(carol):
    return Territory.objects.create(name="Named", precedence=2, domains=["acme.com"], rep=carol)


def known(lead, **facts):
    dotted = {name.replace("__", "."): value for name, value in facts.items()}
    FactSnapshot.objects.create(lead=lead, known_from=lead.entered_at, facts=dotted)
    return lead


@pytest.fixture
def leads(make_lead, dach, named):
    now = database_now()
    acme = Account.objects.create(name="Acme")
    AccountDomain.objects.create(account=acme, domain="acme.com")
    made = {
        "german": known(make_lead("Gerd", entered_at=now), account__country="DE"),
        "acme": known(make_lead("Ann", account=acme, entered_at=now), account__country="US"),
        "french": known(make_lead("Fleur", entered_at=now), account__country="FR"),
        "unknown": known(make_lead("Una", entered_at=now)),
        "old": known(make_lead("Otto", entered_at=now - timedelta(days=91)), account__country="DE"),
    }
    return made


def test_leads_of_90_days_are_counted_where_they_lie(leads, dach, named, olga):
    found = fallen([dach, named], database_now())
    assert found.by_territory == {dach.pk: [leads["german"].pk], named.pk: [leads["acme"].pk]}
    assert (found.outside, found.untold) == ([leads["french"].pk], [leads["unknown"].pk])


def test_of_many_leads_some_are_looked_at_evenly(leads, dach, named, olga, client, monkeypatch):
    monkeypatch.setattr(territory_traffic, "SAMPLE", 3)
    found = fallen([dach, named], database_now())
    assert (found.looked_at, found.came_in) == (3, 4)
    client.force_login(olga)
    assert "Of 4 leads of 90 days, 3 are looked at" in words(client.get("/routing/territories/"))
    listed = words(client.get("/routing/territories/outside/leads/"))
    assert "Of 4 leads of that time, 3 are looked at" in listed


def test_each_number_opens_its_leads(client, olga, leads, dach):
    client.force_login(olga)
    for place, name in ((dach.pk, "Gerd"), ("outside", "Fleur"), ("untold", "Una")):
        page = words(client.get(f"/routing/territories/{place}/leads/"))
        assert name in page
        assert "1 lead" in page


def test_a_lead_of_another_team_is_counted_and_not_listed(client, leads, dach, alice, at):
    ownership.take(leads["german"], to=alice, source="manager", reason="Hers", by=None, at=at)
    client.force_login(make_user("Max", Role.MANAGER))
    listed = words(client.get(f"/routing/territories/{dach.pk}/leads/"))
    assert "Gerd" not in listed and "0 of 1 like this: lists hold leads in queues" in listed
    assert client.get("/routing/territories/9999/leads/").status_code == 404


@pytest.mark.parametrize("count", [2, 5])
def test_the_list_takes_as_many_queries_for_many(
    client, olga, alice, make_lead, count, django_assert_num_queries
):
    for number in range(count):
        Territory.objects.create(name=f"T{number}", precedence=number, countries=["DE"], rep=alice)
        make_lead(f"Lead {number}", entered_at=database_now())
    client.force_login(olga)
    with django_assert_num_queries(9):
        assert client.get("/routing/territories/").status_code == 200


# Order ------------------------------------------------------------------------------------------


def order():
    return list(Territory.objects.values_list("name", flat=True))


def test_two_neighbours_change_places(client, olga, dach, named):
    client.force_login(olga)
    client.post(f"/routing/territories/{named.pk}/move/", {"up": "1"})
    assert order() == ["Named", "DACH"]
    client.post(f"/routing/territories/{named.pk}/move/")
    assert order() == ["DACH", "Named"]
    assert set(Territory.objects.values_list("precedence", flat=True)) == {1, 2}


def test_the_first_goes_no_further_up_nor_the_last_down(dach, named):
    assert not territory_order.move(dach.pk, up=True)
    assert not territory_order.move(named.pk, up=False)
    assert not territory_order.move(0, up=False)
    assert order() == ["DACH", "Named"]


@pytest.mark.django_db(transaction=True)
def test_of_moves_at_once_each_counts(alice):
    with transaction.atomic():
        for number in range(4):
            fields = {"countries": ["DE"], "rep": alice}
            Territory.objects.create(name=f"T{number}", precedence=number, **fields)
    ids = list(Territory.objects.values_list("pk", flat=True))

    def up(pk):
        try:
            return territory_order.move(pk, up=True)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        moved = list(pool.map(up, [ids[3]] * 3 + [ids[2]]))
    assert sorted(order()) == ["T0", "T1", "T2", "T3"]
    assert all(moved[:2])
    assert order().index("T3") <= 1


# Its form ---------------------------------------------------------------------------------------


@pytest.fixture
def add(client, olga):
    def post(**fields):
        client.force_login(olga)
        return client.post("/routing/territories/new/", {"name": "New", **fields})

    return post


def test_a_new_one_comes_last_with_names_read_as_codes(add, dach, alice):
    fields = {"countries": "Germany, at; Suisse", "industries": "Fintech\nBanking"}
    assert add(**fields, domains="https://www.Acme.com/x", rep=alice.pk).status_code == 302
    made = Territory.objects.get(name="New")
    assert (made.precedence, made.countries) == (2, ["DE", "AT", "CH"])
    assert (made.industries, made.domains) == (["Fintech", "Banking"], ["acme.com"])


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Name at least a country, state, industry, size or company."),
        ({"countries": "Germania"}, "“Germania” is no country."),
        ({"domains": "gmail.com"}, "Anybody can have an address at gmail.com"),
        ({"domains": "Acme Corp"}, "“Acme Corp” is no company’s domain."),
        (
            {"employees_from": 9, "employees_to": 1},
            "The smallest size must not be above the largest.",
        ),
        ({"states": "x" * 81}, "is longer than 80 characters."),
    ],
    ids=["nothing", "country", "free-mail", "no-domain", "size", "long"],
)
def test_what_can_be_no_territory_is_refused_in_words(alice, fields, sentence):
    form = TerritoryForm({"name": "New", "rep": alice.pk, **fields})
    assert sentence in str(form.errors)


def test_it_is_one_reps_or_one_rotas(add, alice, inbound):
    for whose in ({}, {"rep": alice.pk, "rota": inbound.pk}):
        answer = add(countries="DE", **whose)
        assert answer.status_code == 422
        assert "A territory is one rep&#x27;s or one rota&#x27;s." in words(answer)
    assert not Territory.objects.exists()


def test_it_is_changed_and_removed(client, olga, dach, carol):
    client.force_login(olga)
    form = {"name": "DACH", "countries": "DE, CH", "rep": carol.pk}
    assert client.post(f"/routing/territories/{dach.pk}/", form).status_code == 302
    dach.refresh_from_db()
    assert (dach.countries, dach.rep, dach.precedence) == (["DE", "CH"], carol, 1)
    client.post(f"/routing/territories/{dach.pk}/remove/")
    assert not Territory.objects.exists()


@pytest.mark.parametrize(
    ("who", "status"), [("alice", 403), ("mona", 200), ("vera", 200), ("olga", 200)]
)
def test_all_but_reps_read_and_only_ops_change(client, request, dach, named, who, status):
    client.force_login(request.getfixturevalue(who))
    assert client.get("/routing/territories/").status_code == status
    may = who == "olga"
    assert client.get(f"/routing/territories/{dach.pk}/").status_code == (200 if may else 403)
    client.post(f"/routing/territories/{dach.pk}/move/")
    assert order() == (["Named", "DACH"] if may else ["DACH", "Named"])
    client.post(f"/routing/territories/{dach.pk}/remove/")
    assert Territory.objects.count() == (1 if may else 2)
