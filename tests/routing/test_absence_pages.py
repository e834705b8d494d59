"""Who is away, entered by managers and ops; covers who are away too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import localtime

from leads.absence_covers import gaps
from leads.instants import database_now
from leads.models import Absence, Role, Team
from routing.routing import route
from tests.conftest import make_user

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def words(answer):
    return " ".join(answer.content.decode().split())


def away(user, first, last, cover=None):
    """Away from so many days after now to so many."""
    now = database_now()
    return Absence.objects.create(
        user=user, starts_at=now + first * DAY, ends_at=now + last * DAY, cover=cover
    )


@pytest.fixture
def add(client, mona):
    def post(user, first, last, *, by=mona, **fields):
        client.force_login(by)
        now = localtime(database_now())
        form = {
            "user": user.pk,
            "starts_at": f"{now + first * DAY:%Y-%m-%dT%H:%M}",
            "ends_at": f"{now + last * DAY:%Y-%m-%dT%H:%M}",
            **{name: getattr(value, "pk", value) for name, value in fields.items()},
        }
        return client.post("/routing/absences/new/", form)

    return post


def test_a_manager_enters_a_team_members_absence(add, alice, carol):
    assert add(alice, 1, 3, cover=carol).status_code == 302
    absence = Absence.objects.get()
    assert (absence.user, absence.cover) == (alice, carol)


def test_not_that_of_another_team(add, client, defaults):
    other = make_user("Dan", Role.REP, team=Team.objects.create(name="South"))
    assert add(other, 1, 3).status_code == 422
    absence = away(other, 1, 3)
    assert client.get(f"/routing/absences/{absence.pk}/").status_code == 404
    assert client.post(f"/routing/absences/{absence.pk}/end/").status_code == 404
    assert client.get(f"/routing/absences/{absence.pk}/leads/").status_code == 404
    assert "Dan" not in words(client.get("/routing/absences/"))
    assert Absence.objects.get() == absence


def test_ops_enter_everybodys(add, olga, alice):
    assert add(alice, 1, 3, by=olga).status_code == 302


@pytest.mark.parametrize(("who", "reads", "edits"), [("alice", 403, 403), ("vera", 200, 403)])
def test_others_enter_none(client, request, alice, who, reads, edits):
    absence = away(alice, 1, 3)
    client.force_login(request.getfixturevalue(who))
    assert client.get("/routing/absences/").status_code == reads
    for page in ("new/", f"{absence.pk}/"):
        assert client.get(f"/routing/absences/{page}").status_code == edits
    assert client.post(f"/routing/absences/{absence.pk}/end/").status_code == 403


def test_the_same_person_is_away_once_at_a_time(add, alice):
    away(alice, 2, 5)
    answer = add(alice, 1, 3)
    assert answer.status_code == 422
    assert "This person is away in that time already." in words(answer)


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [(3, 1, "An absence must end after it starts."), (-3, -1, "This is over already.")],
)
def test_a_time_that_can_be_none_is_refused(add, alice, first, last, sentence):
    assert sentence in words(add(alice, first, last))
    assert not Absence.objects.exists()


def test_nobody_covers_for_themselves(add, alice):
    assert "Nobody can cover their own absence." in words(add(alice, 1, 3, cover=alice))


def test_a_cover_who_is_away_too_is_warned_of_and_then_agreed_to(add, alice, carol):
    away(carol, 2, 4)
    answer = add(alice, 1, 3, cover=carol)
    assert answer.status_code == 422
    assert "Carol, who covers, is away from" in words(answer)
    assert "too; nobody covers then." in words(answer)
    assert Absence.objects.count() == 1
    assert add(alice, 1, 3, cover=carol, agreed="on").status_code == 302


def test_who_covers_for_somebody_is_warned_when_away_themselves(add, alice, carol):
    away(carol, 1, 3, cover=alice)
    assert "Alice covers for Carol from" in words(add(alice, 2, 4))


def test_a_circle_of_covers_is_refused(add, alice, carol):
    away(carol, 1, 3, cover=alice)
    answer = add(alice, 2, 4, cover=carol, agreed="on")
    assert answer.status_code == 422
    assert "covered by Alice: nobody would be there." in words(answer)


def test_so_is_one_of_three_but_not_one_that_never_closes(alice, carol, defaults):
    dan = make_user("Dan", Role.REP)
    away(carol, 1, 4, cover=dan)
    away(dan, 3, 6, cover=alice)
    now = database_now()
    late = Absence(user=alice, cover=carol, starts_at=now + 2 * DAY, ends_at=now + 4 * DAY)
    assert [(each.cover, each.then, each.is_circle) for each in gaps(late)] == [
        (carol, dan, False),
        (dan, alice, True),
    ]
    early = Absence(user=alice, cover=carol, starts_at=now + DAY, ends_at=now + 2 * DAY)
    assert [each.is_circle for each in gaps(early)] == [False]


def test_the_own_profile_refuses_a_circle_too(client, alice, carol):
    away(carol, 1, 3, cover=alice)
    client.force_login(alice)
    now = database_now()
    form = {"starts_at": f"{now + 2 * DAY:%Y-%m-%dT%H:%M}", "cover": carol.pk}
    answer = client.post("/me/absences/", form | {"ends_at": f"{now + 4 * DAY:%Y-%m-%dT%H:%M}"})
    assert answer.status_code == 422
    assert "nobody would be there." in words(answer)


def test_it_is_shown_who_is_away_with_cover_and_what_stays_open(
    client, mona, alice, carol, make_handoff
):
    make_handoff(rep=alice)
    absence = away(alice, -1, 1, cover=carol)
    client.force_login(mona)
    page = words(client.get("/routing/absences/"))
    assert "away now" in page
    assert "1 handoff" in page
    assert 'what comes due is told to <span dir="auto">Carol</span>' in page
    assert "Clara Nyström" in words(client.get(f"/routing/absences/{absence.pk}/leads/"))


def test_an_absence_is_changed_and_keeps_its_person(client, mona, alice, carol):
    absence = away(alice, 1, 3)
    client.force_login(mona)
    now = localtime(database_now())
    form = {
        "user": carol.pk,
        "starts_at": f"{now + DAY:%Y-%m-%dT%H:%M}",
        "ends_at": f"{now + 5 * DAY:%Y-%m-%dT%H:%M}",
    }
    assert client.post(f"/routing/absences/{absence.pk}/", form).status_code == 302
    absence.refresh_from_db()
    assert (absence.user, absence.ends_at.date()) == (alice, (now + 5 * DAY).date())


def test_who_is_back_early_gets_leads_again_and_everybody_else_by_themselves(
    client, mona, alice, make_handoff
):
    absence = away(alice, -1, 1)
    client.force_login(mona)
    client.post(f"/routing/absences/{absence.pk}/end/")
    assert not Absence.objects.at(database_now()).exists()
    away(alice, -9, -8)
    assert route(make_handoff(), at=database_now()).rep == alice


@pytest.mark.parametrize("count", [2, 5])
def test_the_list_takes_as_many_queries_for_many(
    client, olga, defaults, count, django_assert_num_queries
):
    before = None
    for number in range(count):
        before = away(make_user(f"Rep{number}", Role.REP), 1, 2, cover=before).user
    client.force_login(olga)
    with django_assert_num_queries(10):
        assert client.get("/routing/absences/").status_code == 200
