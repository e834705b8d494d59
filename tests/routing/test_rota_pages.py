"""A rota's page: who had how many turns, who is skipped and why, who is next; and its form."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from leads.instants import database_now
from leads.models import Absence, Role, User
from leads.version_words import parts_of
from routing.coming_turns import coming_turns
from routing.models import Capacity, Rota, RotaMember, Territory, Turn
from routing.rota_leads import Asked, handoffs_behind
from routing.rota_page import rota_page
from routing.shares import rota_shares
from routing.skips import Skips
from tests.conftest import make_user
from tests.routing.conftest import add_reps, routed, when

pytestmark = pytest.mark.django_db


def names(page):
    return " ".join(page.content.decode().split())


def rota_form(rota, **changes):
    members = list(rota.members.order_by("pk"))
    fields = {
        "name": rota.name,
        "method": rota.method,
        "is_active": "on",
        "members-TOTAL_FORMS": len(members) + 1,
        "members-INITIAL_FORMS": len(members),
        f"members-{len(members)}-weight": 1,
    }
    for place, member in enumerate(members):
        fields |= {f"members-{place}-id": member.pk, f"members-{place}-weight": member.weight}
    return {name: value for name, value in {**fields, **changes}.items() if value is not None}


def test_two_members_of_one_name_are_two_in_words(inbound):
    people = [make_user(name, Role.REP) for name in ("Anna", "Anna2")]
    User.objects.filter(pk__in=[person.pk for person in people]).update(name="Anna Berg")
    RotaMember.objects.bulk_create(RotaMember(rota=inbound, rep=person) for person in people)
    assert [*parts_of(inbound, "members").values()].count("Anna Berg in Inbound") == 2


# Who is next ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", Rota.Method.values)
def test_the_next_ten_turns_are_those_then_taken(make_handoff, inbound, method, at):
    add_reps(inbound, 3, 2, 1)
    Rota.objects.update(method=method)
    for _ in range(4):
        routed(make_handoff(), at)
    foretold = coming_turns(Rota.objects.get(pk=inbound.pk), at)
    taken = [routed(make_handoff(), at).rep for _ in range(10)]
    assert [each.rep for each in foretold] == taken
    assert [each.number for each in foretold] == list(range(5, 15))


def test_a_lead_that_not_everybody_can_take_leaves_the_stretch_on_the_page(
    make_handoff, inbound, publish_rules, olga, at
):
    _, second = add_reps(inbound, 1, 1)
    Capacity.objects.create(rep=second, languages=["de"])
    german = {"conditions": when("handoff.path", "is", "score"), "languages": ["de"]}
    rota = {"outcome": "rota", "rota": inbound}
    publish_rules(rota | german, rota)
    for path in ("hand_raise", "hand_raise", "score"):
        routed(make_handoff(path=path), at)
    (shares,) = rota_shares(at, [inbound])
    assert (shares.turns, [each.turns for each in shares.members]) == (2, [1, 1])
    behind = handoffs_behind(Asked(inbound, "stretch", None), user=olga, at=at)
    assert [each.path for each in behind] == ["hand_raise", "hand_raise"]


def test_who_comes_to_a_cap_has_no_turn_after_it(make_handoff, inbound, at):
    first, second = add_reps(inbound, 1, 1)
    Capacity.objects.create(rep=first, max_open=2)
    Capacity.objects.create(rep=second, max_per_day=5)
    foretold = coming_turns(inbound, at)
    taken = [routed(make_handoff(), at).rep for _ in foretold]
    assert [each.rep for each in foretold] == taken
    assert len(foretold) == 7
    assert [each.then for each in foretold if each.then] == [
        "is at cap: 2 of 2 open",
        "is at cap: 5 of 5 today",
    ]


def test_whoever_is_away_has_no_turn_to_come(inbound, alice, carol, at):
    Absence.objects.create(user=alice, starts_at=at, ends_at=at + timedelta(days=1))
    assert {each.rep for each in coming_turns(inbound, at)} == {carol}


def test_what_the_rows_that_lead_to_it_ask_alike_is_asked_on_the_page(
    olga, inbound, alice, carol, make_handoff, publish_rules
):
    Capacity.objects.create(rep=carol, languages=["de"])
    german = {"outcome": "rota", "rota": inbound, "languages": ["de"]}
    publish_rules({**german, "conditions": when("account.country", "is", "DE")}, german)
    now = database_now()
    routed(make_handoff(), now)
    page = rota_page(inbound, olga, now)
    assert {each.rep for each in page.coming} == {carol}
    assert [each.share.refusal for each in page.members] == ["does not speak German", ""]
    assert (page.shares.turns, page.rows_differ) == (1, False)


def test_where_rows_ask_for_different_reps_the_page_says_so(
    client, olga, inbound, alice, carol, publish_rules
):
    rule = {"outcome": "rota", "rota": inbound}
    known = when("account.country", "is", "DE")
    publish_rules({**rule, "conditions": known, "off_hours": "hold"}, rule)
    client.force_login(olga)
    page = names(client.get(f"/routing/rotas/{inbound.pk}/"))
    assert "ask for different reps" in page
    assert len(coming_turns(inbound, database_now())) == 10


def test_looking_at_what_is_to_come_takes_and_locks_nothing(
    inbound, alice, carol, at, django_assert_max_num_queries
):
    with django_assert_max_num_queries(8) as asked:
        assert len(coming_turns(inbound, at)) == 10
    assert not [each for each in asked.captured_queries if "UPDATE" in each["sql"].upper()]
    assert not Turn.objects.exists()


def test_a_rota_that_is_switched_off_or_empty_has_no_next_turn(inbound, at):
    assert coming_turns(inbound, at) == []
    inbound.is_active = False
    assert coming_turns(inbound, at) == []


# What was ---------------------------------------------------------------------------------------


def test_each_skip_is_told_with_its_reason_and_lead(
    client, olga, make_handoff, inbound, alice, carol
):
    at = database_now()
    Capacity.objects.create(rep=alice, max_open=1)
    decisions = [routed(make_handoff(), at) for _ in range(3)]
    found = Skips(inbound, at - timedelta(days=30))
    assert [(each.handoff_id, each.name, each.reason) for each in found[0:9]] == [
        (decisions[2].handoff_id, "Alice", "is at cap: 1 of 1 open"),
        (decisions[1].handoff_id, "Alice", "is at cap: 1 of 1 open"),
    ]
    client.force_login(olga)
    page = names(client.get(f"/routing/rotas/{inbound.pk}/skips/?rep={alice.pk}"))
    assert "2 skips" in page
    assert "is at cap: 1 of 1 open" in page
    assert "0 skips" in names(client.get(f"/routing/rotas/{inbound.pk}/skips/?rep={carol.pk}"))


def test_a_manager_sees_the_reason_of_a_skip_but_no_lead_of_another_team(
    client, make_handoff, inbound, alice, carol
):
    Capacity.objects.create(rep=alice, is_online=False)
    lead = routed(make_handoff(), database_now()).handoff.lead
    client.force_login(make_user("Max", Role.MANAGER))
    page = names(client.get(f"/routing/rotas/{inbound.pk}/skips/"))
    assert "takes no leads now" in page
    assert "another team’s" in page
    assert lead.name not in page


def test_the_page_has_turns_against_share_and_each_number_opens_its_leads(
    client, olga, make_handoff, inbound
):
    first, second = add_reps(inbound, 2, 1)
    for _ in range(3):
        routed(make_handoff(), database_now())
    page = rota_page(inbound, olga, database_now())
    told = [(each.share.turns, each.share.due, each.open_count) for each in page.members]
    assert told == [(2, 2.0, 2), (1, 1.0, 1)]
    assert round(page.members[0].part_lately) == round(page.members[0].part_by_weight) == 67
    client.force_login(olga)
    for which, rep, count in [("stretch", first, 2), ("lately", second, 1), ("open", first, 2)]:
        answer = client.get(f"/routing/rotas/{inbound.pk}/leads/{which}/?rep={rep.pk}")
        assert (which, f"{count} handoff" in names(answer)) == (which, True)
    assert "3 handoffs" in names(client.get(f"/routing/rotas/{inbound.pk}/leads/lately/"))
    assert client.get(f"/routing/rotas/{inbound.pk}/leads/all/").status_code == 404
    assert client.get(f"/routing/rotas/{inbound.pk}/leads/open/?rep=x").status_code == 404


def test_numbers_of_a_rota_open_no_lead_of_another_team(client, make_handoff, inbound):
    add_reps(inbound, 1)
    routed(make_handoff(), database_now())
    client.force_login(make_user("Max", Role.MANAGER))
    page = client.get(f"/routing/rotas/{inbound.pk}/leads/lately/")
    assert "No lead that you can see" in names(page)


def test_a_rota_of_people_who_never_work_says_so(client, olga, inbound, alice):
    now = database_now()
    Absence.objects.create(
        user=alice, starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=9)
    )
    client.force_login(olga)
    page = names(client.get(f"/routing/rotas/{inbound.pk}/"))
    assert "Nobody in it is at work in the coming week." in page


@pytest.mark.parametrize("count", [2, 5])
def test_the_list_takes_as_many_queries_for_many_rotas(
    client, olga, inbound, alice, count, django_assert_num_queries
):
    for number in range(count):
        rota = Rota.objects.create(name=f"Rota {number}")
        RotaMember.objects.create(rota=rota, rep=alice)
    client.force_login(olga)
    client.get("/routing/rotas/")
    with django_assert_num_queries(11):
        assert client.get("/routing/rotas/").status_code == 200


@pytest.mark.parametrize("count", [2, 5])
def test_the_page_takes_as_many_queries_for_many_members(
    client, olga, inbound, make_handoff, count, django_assert_num_queries
):
    add_reps(inbound, *[1] * count)
    routed(make_handoff(), database_now())
    client.force_login(olga)
    client.get(f"/routing/rotas/{inbound.pk}/")
    with django_assert_num_queries(27):
        assert client.get(f"/routing/rotas/{inbound.pk}/").status_code == 200


# Who may do what --------------------------------------------------------------------------------

PAGES = ["rotas/", "rotas/{}/", "rotas/{}/skips/", "rotas/{}/leads/lately/"]
FORMS = ["rotas/new/", "rotas/{}/edit/"]


@pytest.mark.parametrize(
    ("who", "reads", "edits"),
    [("alice", 403, 403), ("mona", 200, 403), ("vera", 200, 403), ("olga", 200, 200)],
)
def test_all_but_reps_read_and_only_ops_edit(client, request, inbound, who, reads, edits):
    client.force_login(request.getfixturevalue(who))
    expected = dict.fromkeys(PAGES, reads) | dict.fromkeys(FORMS, edits)
    answers = {page: client.get(f"/routing/{page.format(inbound.pk)}") for page in expected}
    assert {page: answer.status_code for page, answer in answers.items()} == expected
    client.post(f"/routing/rotas/{inbound.pk}/edit/", rota_form(inbound, name="Renamed"))
    assert Rota.objects.filter(name="Renamed").exists() == (edits == 200)


# Changing it ------------------------------------------------------------------------------------


@pytest.fixture
def save(client, olga, inbound):
    def post(**changes):
        client.force_login(olga)
        return client.post(f"/routing/rotas/{inbound.pk}/edit/", rota_form(inbound, **changes))

    return post


def test_members_weights_and_method_are_changed_together(save, inbound, alice, carol):
    dan = make_user("Dan", Role.REP)
    answer = save(
        **{"method": "in_turn", "members-0-weight": 5, "members-1-DELETE": "on"},
        **{"members-2-rep": dan.pk, "members-2-weight": 3},
    )
    assert answer.status_code == 302
    inbound.refresh_from_db()
    assert inbound.method == "in_turn"
    members = inbound.members.order_by("pk").values_list("rep__name", "weight")
    assert list(members) == [("Alice", 5), ("Dan", 3)]


def test_a_weight_of_nothing_is_refused_in_words(save, inbound, alice):
    answer = save(**{"members-0-weight": 0})
    assert answer.status_code == 422
    assert "Take out who is to get nothing." in names(answer)
    assert inbound.members.get().weight == 1


def test_nobody_is_in_a_rota_twice(save, inbound, alice):
    answer = save(**{"members-1-rep": alice.pk})
    assert answer.status_code == 422
    assert inbound.members.count() == 1


def test_who_left_or_is_no_rep_cannot_be_put_in(save, inbound, alice, mona):
    User.objects.filter(pk=make_user("Dan", Role.REP).pk).update(is_active=False)
    for rep in (mona, User.objects.get(name="Dan")):
        assert save(**{"members-1-rep": rep.pk}).status_code == 422
    assert inbound.members.count() == 1


def test_a_rota_that_a_live_row_leads_to_is_switched_off_only_on_purpose(save, inbound, alice):
    answer = save(is_active=None)
    assert answer.status_code == 422
    assert "Switched off, it leads to nobody, and the row “" in names(answer)
    inbound.refresh_from_db()
    assert inbound.is_active
    assert save(is_active=None, agreed="on").status_code == 302
    inbound.refresh_from_db()
    assert not inbound.is_active


def test_so_is_one_emptied_that_a_territory_leads_to(client, olga, alice):
    rota = Rota.objects.create(name="DACH")
    RotaMember.objects.create(rota=rota, rep=alice)
    Territory.objects.create(name="Germany", precedence=1, countries=["DE"], rota=rota)
    client.force_login(olga)
    form = rota_form(rota, **{"members-0-DELETE": "on"})
    answer = client.post(f"/routing/rotas/{rota.pk}/edit/", form)
    assert answer.status_code == 422
    assert "With nobody in it, it leads to nobody, and the territory Germany" in names(answer)
    assert rota.members.exists()


def test_a_rota_that_nothing_leads_to_is_switched_off_at_once(client, olga, alice):
    rota = Rota.objects.create(name="Old")
    RotaMember.objects.create(rota=rota, rep=alice)
    client.force_login(olga)
    answer = client.post(f"/routing/rotas/{rota.pk}/edit/", rota_form(rota, is_active=None))
    assert answer.status_code == 302
    rota.refresh_from_db()
    assert not rota.is_active


def test_a_member_who_was_taken_out_meanwhile_is_said_to_be(client, olga, inbound, alice, carol):
    client.force_login(olga)
    form = rota_form(inbound, **{"members-1-weight": 7})
    inbound.members.filter(rep=alice).delete()
    answer = client.post(f"/routing/rotas/{inbound.pk}/edit/", form)
    assert answer.status_code == 422
    assert "Somebody took a member out after you opened this page." in names(answer)
    assert inbound.members.get().weight == 1


def test_a_new_rota_begins_with_its_members(client, olga, alice):
    client.force_login(olga)
    form = {
        "name": "Retail",
        "method": "by_weight",
        "is_active": "on",
        "members-TOTAL_FORMS": 1,
        "members-INITIAL_FORMS": 0,
        "members-0-rep": alice.pk,
        "members-0-weight": 2,
    }
    assert client.post("/routing/rotas/new/", form).status_code == 302
    assert Rota.objects.get(name="Retail").members.get().weight == 2


def test_wide_tables_are_cards_on_a_phone():
    for path in Path("templates/routing").glob("*.html"):
        for table in path.read_text().split("<table ")[1:]:
            head = table.partition("</thead>")[0]
            assert head.count("<th") - head.count("<thead") < 6 or " cards" in head, path
