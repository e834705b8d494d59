from __future__ import annotations

import pytest

from leads.models import Publication, Queue, User
from routing.models import Capacity, Rota, RotaMember, Territory
from routing.table_page import FIRST, LAST, MORE, RAISED
from tests.routing.conftest import routed, when


def test_it_reads_the_live_table_in_words(client, olga, defaults):
    client.force_login(olga)
    page = client.get("/routing/").content.decode()
    assert (
        "Hand-raise is any of Asked for a demo, Wrote through the contact form or Called us" in page
    )
    assert "Owner of the account" in page
    assert "Everything else" in page


def test_headings_tell_what_stands_above_hand_raises_from_what_stands_between(
    client, olga, publish_rules, inbound
):
    raised, german = when("handoff.path", "is", "hand_raise"), when("account.country", "is", "DE")
    to = {"outcome": "rota", "rota": inbound}
    asked = [{**to, "conditions": each} for each in (german, raised, german, raised)]
    publish_rules(*asked, to)
    client.force_login(olga)
    rows = client.get("/routing/").context["page"].rows
    assert [each.section for each in rows] == [FIRST, RAISED, MORE, RAISED, LAST]


def test_a_row_that_names_a_leaver_is_pale(client, olga, publish_rules, alice):
    to_alice = {"outcome": "rep", "rep": alice, "conditions": when("account.country", "is", "DE")}
    publish_rules(to_alice, {"outcome": "queue", "queue": Queue.objects.get(key="review")})
    User.objects.filter(pk=alice.pk).update(is_active=False)
    client.force_login(olga)
    rows = client.get("/routing/").context["page"].rows
    assert [each.is_dead for each in rows] == [True, False]


def shares_of(client, name):
    (found,) = [each for each in client.get("/routing/").context["rotas"] if each.rota.name == name]
    return found


def test_a_rota_shows_turns_against_share_and_who_is_skipped(
    client, mona, alice, carol, make_handoff, at
):
    for _ in range(3):
        routed(make_handoff(), at)
    client.force_login(mona)
    shares = shares_of(client, "Inbound")
    assert [(str(each.rep), each.turns, each.due) for each in shares.members] == [
        ("Alice", 2, 1.5),
        ("Carol", 1, 1.5),
    ]


def test_once_somebody_drops_out_the_next_turn_begins_a_new_stretch(
    client, mona, alice, carol, make_handoff, at
):
    routed(make_handoff(), at)
    Capacity.objects.filter(rep=alice).update(is_online=False)
    client.force_login(mona)
    shares = shares_of(client, "Inbound")
    assert [(each.turns, each.due, each.refusal) for each in shares.members] == [
        (0, None, "takes no leads now"),
        (0, 0, ""),
    ]


def test_territories_are_in_words(client, olga, alice):
    Territory.objects.create(
        name="Nordics",
        precedence=1,
        countries=["SE", "NO"],
        employees_from=200,
        employees_to=1999,
        rep=alice,
    )
    client.force_login(olga)
    assert "SE, NO; 200 to 1,999 employees" in client.get("/routing/").content.decode()


def test_before_anything_is_published_it_says_so(client, olga):
    assert not Publication.objects.exists()
    client.force_login(olga)
    assert "No table has been published yet" in client.get("/routing/").content.decode()


@pytest.mark.parametrize("rotas", [2, 5])
def test_it_takes_as_many_queries_for_many_rotas_as_for_few(
    client, olga, alice, carol, django_assert_num_queries, rotas
):
    for number in range(rotas):
        rota = Rota.objects.create(name=f"Rota {number:02}")
        RotaMember.objects.bulk_create(RotaMember(rota=rota, rep=rep) for rep in (alice, carol))
    client.force_login(olga)
    client.get("/routing/")
    with django_assert_num_queries(37):
        client.get("/routing/")
