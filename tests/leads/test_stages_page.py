"""The page of the stages: who is where, for how long, how leads moved."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leads import lifecycle
from leads.instants import database_now
from leads.models import Stage
from leads.qualifying import qualifying
from leads.stage_map import stage_map

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def moved(make_lead, at):
    """Three leads: moved on after 1, 2 and 6 hours in ML; the last came back after another."""
    leads = [make_lead(entered_at=at - timedelta(days=1)) for _ in range(3)]
    for lead, hours in zip(leads, (1, 2, 6), strict=True):
        lifecycle.move(lead, "mql", at=lead.entered_at + hours * HOUR, reason="Ready")
    lifecycle.move(leads[2], "ml", at=leads[2].entered_at + 7 * HOUR, reason="Not yet")
    return leads


def figures(at):
    return {each.stage.key: each for each in stage_map(at).stages}


def test_counts_and_median_stays(moved, at):
    found = figures(at)
    assert (found["ml"].here, found["mql"].here) == (1, 2)
    assert (found["ml"].stays, found["ml"].median_stay) == (3, 2 * HOUR)
    assert found["sal"].median_stay is None


def test_a_stage_that_is_left_out_says_so_in_the_drawing_too(client, make_lead, vera):
    make_lead()
    Stage.objects.filter(pk="sal").update(is_used=False)
    client.force_login(vera)
    page = client.get("/stages/").content.decode()
    assert (page.count("is-left-out"), page.count("left out<")) == (1, 2)


def test_a_stage_that_most_leads_pass_at_once_says_so_instead_of_0s(client, make_lead, vera):
    now = database_now()
    for _ in range(2):
        lead = make_lead(entered_at=now)
        lifecycle.move(lead, "mql", at=now, reason="Hand-raise")
    client.force_login(vera)
    page = client.get("/stages/").content.decode()
    assert page.count("most pass at once") == 2 and "stays 0s" not in page


def test_moves_are_counted_in_both_directions(moved, at):
    moves = {(each.origin, each.target): each.leads for each in stage_map(at).moves}
    assert moves == {("ml", "mql"): 3, ("mql", "ml"): 1}


def test_a_stay_beyond_what_is_agreed_is_counted(moved, at):
    Stage.objects.filter(pk="mql").update(longest_stay=timedelta(hours=22, minutes=30))
    assert figures(at)["mql"].overstaying == 1


def test_moves_of_long_ago_do_not_count(moved, at):
    assert stage_map(at + timedelta(days=91)).moves == []


def test_the_page_opens_for_every_role_and_links_the_leads(client, moved, vera):
    client.force_login(vera)
    page = client.get("/stages/").content.decode()
    assert "/leads/?stage=mql" in page


def test_what_qualifying_asks_is_told_with_the_stage_that_it_leads_to(client, olga, defaults):
    asked = qualifying(database_now())
    assert (asked.stages, asked.confirmed, asked.known) == ({"sql"}, ["Need"], [])
    client.force_login(olga)
    for address in ("/stages/", "/stages/sql/entry/"):
        page = client.get(address).content.decode()
        assert page.count("When a rep qualifies: Need confirmed.") == 1


@pytest.fixture
def moved_now(make_lead):
    """A lead that just moved on, another that came back, a third that stays for too long."""
    now = database_now()
    Stage.objects.filter(pk="mql").update(longest_stay=HOUR)
    on, back, long = (make_lead(name, entered_at=now - 9 * HOUR) for name in "ABC")
    lifecycle.move(on, "mql", at=now, reason="Ready")
    lifecycle.move(back, "mql", at=now - HOUR, reason="Ready")
    lifecycle.move(back, "ml", at=now, reason="Not yet")
    lifecycle.move(long, "mql", at=now - 2 * HOUR, reason="Ready")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("moved=ml-mql", ["A", "B", "C"]),
        ("moved=mql-ml", ["B"]),
        ("moved=ml-sql", []),
        ("stage=mql&stay=long", ["C"]),
    ],
)
def test_the_numbers_open_the_leads_behind_them(client, moved_now, olga, asked, expected):
    client.force_login(olga)
    leads = client.get(f"/leads/?{asked}").context["leads"]
    assert sorted(lead.name for lead in leads) == expected


def test_a_move_written_wrongly_is_said(client, olga, defaults):
    client.force_login(olga)
    page = client.get("/leads/?moved=sal")
    assert (page.status_code, "like mql-sal" in page.content.decode()) == (422, True)


def test_without_signing_in_there_is_no_page(client, db):
    assert client.get("/stages/").status_code == 302


def test_it_only_reads(client, olga):
    client.force_login(olga)
    assert client.post("/stages/").status_code == 405


@pytest.mark.parametrize("n", [2, 20])
def test_it_takes_as_many_queries_for_many_leads(
    client, olga, make_lead, at, django_assert_num_queries, n
):
    for _ in range(n):
        lifecycle.move(make_lead(), "mql", at=at, reason="Ready")
    client.force_login(olga)
    with django_assert_num_queries(16):
        client.get("/stages/")
