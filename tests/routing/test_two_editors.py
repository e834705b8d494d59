"""Two people change the same rota, territory or absence: neither loses anything in silence."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.contested import read_marks
from leads.forms.seen import as_posted
from leads.instants import database_now
from leads.models import Absence
from routing.models import Rota, Territory

pytestmark = pytest.mark.django_db


def opened(client, url):
    """Return what a browser would send of a page's forms as they were opened."""
    context = client.get(url).context
    members = context.get("members")
    forms = [context["form"], *([members.management_form, *members] if members else [])]
    fields = [field for form in forms for field in form]
    return {field.html_name: told[0] for field in fields if (told := as_posted(field))}


@pytest.fixture
def editor(client, olga, defaults):
    client.force_login(olga)
    return client


def test_of_a_rota_both_versions_are_shown_and_what_i_left_alone_stays_theirs(
    editor, inbound, alice, carol
):
    url = f"/routing/rotas/{inbound.pk}/edit/"
    mine = opened(editor, url) | {"method": "in_turn"}
    Rota.objects.filter(pk=inbound.pk).update(name="Inbound EU")
    inbound.members.filter(rep=alice).update(weight=5)
    answer = editor.post(url, mine)
    assert answer.status_code == 409
    told = {each.label: (each.theirs, each.yours) for each in answer.context["cells"]}
    assert told["Name"] == ("Inbound EU", "Inbound EU")
    assert told["Weight of Alice"] == ("5", "5")
    assert told["Whose turn it is"] == ("In turn, by weight", "In turn, everybody alike")
    again = {each.html_name: value for each in answer.context["form"] if (value := each.value())}
    rows = {each.html_name: each.value() for row in answer.context["members"] for each in row}
    kept = {name: value for name, value in rows.items() if value}
    assert editor.post(url, mine | again | kept).status_code == 302
    saved = Rota.objects.get(pk=inbound.pk)
    assert (saved.name, saved.method) == ("Inbound EU", "in_turn")
    assert saved.members.get(rep=alice).weight == 5


def test_marks_of_what_is_no_cell_are_left_out():
    assert read_marks("id=x position=y name=zzz nothing", Rota) == {"name": "zzz"}


def test_a_weight_that_both_changed_is_put_over_theirs_only_when_saved_again(
    editor, inbound, alice
):
    url = f"/routing/rotas/{inbound.pk}/edit/"
    mine = opened(editor, url) | {"members-0-weight": "3"}
    inbound.members.filter(rep=alice).update(weight=5)
    answer = editor.post(url, mine)
    (weight,) = answer.context["cells"]
    assert (answer.status_code, weight.theirs, weight.yours) == (409, "5", "3")
    assert inbound.members.get(rep=alice).weight == 5
    seen = answer.context["members"][0]["seen"].value()
    assert editor.post(url, mine | {"members-0-seen": seen}).status_code == 302
    assert inbound.members.get(rep=alice).weight == 3


def test_a_territory_that_somebody_else_changed_is_not_written_over(editor, alice):
    here = Territory.objects.create(name="DACH", precedence=1, countries=["DE"], rep=alice)
    url = f"/routing/territories/{here.pk}/"
    mine = opened(editor, url) | {"countries": "DE, AT"}
    Territory.objects.update(countries=["DE", "CH"], industries=["fintech"])
    answer = editor.post(url, mine)
    told = {each.label: (each.theirs, each.yours, each.by) for each in answer.context["cells"]}
    assert (answer.status_code, told["Countries"]) == (409, ("DE, CH", "DE, AT", "both"))
    assert told["Industries"] == ("fintech", "fintech", "they")
    assert "fintech" in answer.content.decode()


def test_an_absence_that_somebody_else_changed_is_not_written_over(editor, alice, carol):
    now = database_now()
    away = Absence.objects.create(user=alice, starts_at=now, ends_at=now + timedelta(days=2))
    url = f"/routing/absences/{away.pk}/"
    mine = opened(editor, url) | {"note": "Ski"}
    Absence.objects.update(cover=carol)
    answer = editor.post(url, mine)
    assert (answer.status_code, Absence.objects.get().cover, Absence.objects.get().note) == (
        409,
        carol,
        "",
    )
    assert answer.context["form"]["cover"].value() == str(carol.pk)


def test_opening_the_form_of_a_rota_locks_nothing(editor, inbound, alice):
    with CaptureQueriesContext(connection) as asked:
        editor.get(f"/routing/rotas/{inbound.pk}/edit/")
    assert not [each["sql"] for each in asked if "FOR NO KEY UPDATE" in each["sql"]]
