"""What a stage means and asks is changed in screens, and nobody's change is lost in silence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leads import lifecycle
from leads.instants import database_now
from leads.models import CustomFact, Lead, Stage
from tests.leads.criteria_forms import read_form

pytestmark = pytest.mark.django_db

WORDS = {"label": "MQL", "definition": "Ready for sales.", "owner_role": "marketing", "days": "5"}
# The same, as it is stored.
STORED = {
    "label": "MQL",
    "definition": "Ready for sales.",
    "owner_role": "marketing",
    "longest_stay": timedelta(days=5),
}
PHONE = {"conditions-0-0-fact": "person.has_phone", "conditions-0-0-op": "is_true"}


@pytest.fixture
def ops(client, olga, defaults):
    client.force_login(olga)
    return client


def seen(client, url):
    return client.get(url).context["form"].now


def save(client, url, **data):
    return client.post(url, {"seen": seen(client, url), **data})


def test_words_and_limit_hold_at_once(ops, make_lead):
    lead = make_lead()
    lifecycle.move(lead, "mql", at=(moved_at := database_now()), reason="Ready")
    assert save(ops, "/stages/mql/", **WORDS).status_code == 302
    assert str(Stage.objects.get(pk="mql")) == "MQL"
    assert Lead.objects.get().stay_due_at == moved_at + timedelta(days=5)


@pytest.fixture
def long_stay(make_lead):
    lead = make_lead()
    then = database_now() - timedelta(days=6)
    lifecycle.move(lead, "mql", at=then, reason="Ready")
    return lead


def test_a_limit_that_leads_are_beyond_is_saved_once_that_was_said(ops, long_stay):
    asked = save(ops, "/stages/mql/", **WORDS)
    assert asked.status_code == 422
    assert "1 lead has stayed longer than that already." in asked.content.decode()
    assert Stage.objects.get(pk="mql").longest_stay != timedelta(days=5)
    assert ops.post("/stages/mql/", read_form(asked)).status_code == 302
    assert Stage.objects.get(pk="mql").longest_stay == timedelta(days=5)


@pytest.mark.parametrize(("days", "said"), [("0", "is at least 1."), ("two", "is a whole number.")])
def test_a_stay_of_no_days_is_refused(ops, days, said):
    asked = save(ops, "/stages/mql/", **WORDS | {"days": days})
    assert f"“Longest stay, in days” {said}" in asked.content.decode()


def test_agreeing_to_some_days_is_agreeing_to_no_others(ops, long_stay):
    form = read_form(save(ops, "/stages/mql/", **WORDS))
    assert ops.post("/stages/mql/", form | {"days": "4"}).status_code == 422


def test_a_limit_that_nobody_is_beyond_asks_nothing(ops, long_stay):
    assert save(ops, "/stages/mql/", **WORDS | {"days": "7"}).status_code == 302


def test_an_empty_limit_is_none(ops):
    save(ops, "/stages/mql/", **WORDS | {"days": ""})
    assert Stage.objects.get(pk="mql").longest_stay is None


@pytest.mark.parametrize(("key", "may"), [("sal", True), ("sql", False)])
def test_only_sal_can_be_left_out(ops, key, may):
    save(ops, f"/stages/{key}/", **WORDS)
    assert Stage.objects.get(pk=key).is_used is not may


def test_entry_and_exit_criteria_are_typed(ops):
    save(ops, "/stages/mql/entry/", **PHONE)
    save(ops, "/stages/ml/exit/", **PHONE)
    asked = [[{"fact": "person.has_phone", "op": "is_true"}]]
    assert Stage.objects.get(pk="mql").entry_criteria == asked
    assert Stage.objects.get(pk="ml").exit_criteria == asked


def test_they_may_ask_for_the_band(ops):
    band = {"conditions-0-0-fact": "score.band", "conditions-0-0-op": "is_any_of"}
    save(ops, "/stages/mql/entry/", **band, **{"conditions-0-0-chosen": ["A1", "A2"]})
    assert Stage.objects.get(pk="mql").entry_criteria[0][0]["value"] == ["A1", "A2"]


def test_a_condition_that_makes_no_sense_is_said_and_stays_typed(ops):
    answer = save(ops, "/stages/mql/entry/", **PHONE | {"conditions-0-0-fact": "account.gone"})
    assert answer.status_code == 422
    assert "no longer exists" in answer.content.decode()
    assert Stage.objects.get(pk="mql").entry_criteria == []


def test_a_button_changes_the_form_and_saves_nothing(ops):
    page = save(ops, "/stages/mql/entry/", **PHONE, do="add:0")
    assert 'name="conditions-0-1-fact"' in page.content.decode()
    assert Stage.objects.get(pk="mql").entry_criteria == []


def test_a_stage_that_asks_nothing_starts_without_a_condition(ops):
    page = ops.get("/stages/mql/entry/").content.decode()
    assert "conditions-0-0-fact" not in page


def test_taking_every_condition_away_asks_nothing(ops):
    Stage.objects.filter(pk="mql").update(
        entry_criteria=[[{"fact": "person.phone", "op": "is_known"}]]
    )
    save(ops, "/stages/mql/entry/")
    assert Stage.objects.get(pk="mql").entry_criteria == []


def test_anothers_change_in_between_is_told_before_it_is_overwritten(ops):
    before = seen(ops, "/stages/mql/")
    Stage.objects.filter(pk="mql").update(label="Warm")
    mine = WORDS | {"label": "Hot"}
    late = ops.post("/stages/mql/", {"seen": before, **mine})
    assert (late.status_code, Stage.objects.get(pk="mql").label) == (409, "Warm")
    again = late.context["form"]["seen"].value()
    ops.post("/stages/mql/", {"seen": again, **mine})
    assert Stage.objects.get(pk="mql").label == "Hot"


def test_what_only_they_changed_stays_when_mine_is_saved(ops):
    Stage.objects.filter(pk="sal").update(**STORED)
    before = seen(ops, "/stages/sal/")
    Stage.objects.filter(pk="sal").update(
        definition="Theirs", longest_stay=timedelta(days=9), is_used=False
    )
    mine = WORDS | {"label": "Hot", "is_used": "on"}
    late = ops.post("/stages/sal/", {"seen": before, **mine})
    ops.post("/stages/sal/", read_form(late))
    sal = Stage.objects.get(pk="sal")
    assert (sal.label, sal.definition, sal.is_used) == ("Hot", "Theirs", False)
    assert sal.longest_stay == timedelta(days=9)


def test_anothers_words_and_limit_stand_beside_mine(ops):
    before = seen(ops, "/stages/mql/")
    Stage.objects.filter(pk="mql").update(label="Warm", longest_stay=timedelta(days=9))
    late = ops.post("/stages/mql/", {"seen": before, **WORDS | {"label": "Hot"}})
    told = {each.label: (each.theirs, each.yours) for each in late.context["cells"]}
    assert (told["Label"], told["Longest stay"]) == (("Warm", "Hot"), ("9 days", "5 days"))
    page = late.content.decode()
    assert '<h1 dir="auto">Warm: words and limits</h1>' in page and "9 days" in page


def test_anothers_criteria_stand_beside_mine(ops):
    before = seen(ops, "/stages/mql/entry/")
    theirs = [[{"fact": "person.email", "op": "is_known"}]]
    Stage.objects.filter(pk="mql").update(entry_criteria=theirs)
    late = ops.post("/stages/mql/entry/", {"seen": before, **PHONE})
    (cell,) = late.context["cells"]
    assert cell.theirs == "Email is known" and "phone" in cell.yours.lower()
    assert "In force: Email is known." in late.content.decode()


def test_a_change_of_something_else_holds_nobody_up(ops):
    before = seen(ops, "/stages/mql/")
    asked = [[{"fact": "person.phone", "op": "is_known"}]]
    Stage.objects.filter(pk="mql").update(entry_criteria=asked)
    assert ops.post("/stages/mql/", {"seen": before, **WORDS}).status_code == 302
    assert Stage.objects.get(pk="mql").entry_criteria == asked


def test_a_switched_off_attribute_can_be_removed(ops):
    CustomFact.objects.create(slug="tier", type="text", label="Tier", is_active=False)
    asked = [[{"fact": "custom.tier", "op": "is_known"}]]
    Stage.objects.filter(pk="mql").update(entry_criteria=asked)
    page = ops.get("/stages/mql/entry/").content.decode()
    assert "In force: Tier is known." in page
    assert "Tier (switched off)</option>" in page
    again = {"conditions-0-0-fact": "custom.tier", "conditions-0-0-op": "is_known"}
    assert "Tier was switched off" in save(ops, "/stages/mql/entry/", **again).content.decode()
    save(ops, "/stages/mql/entry/")
    assert Stage.objects.get(pk="mql").entry_criteria == []


def test_a_character_that_cannot_be_stored_is_said(ops):
    title = {"conditions-0-0-fact": "person.title", "conditions-0-0-op": "is"}
    answer = save(ops, "/stages/mql/entry/", **title, **{"conditions-0-0-value": "a\0b"})
    assert (answer.status_code, "be stored" in answer.content.decode()) == (422, True)


@pytest.mark.parametrize("url", ["/stages/mql/", "/stages/mql/entry/"])
def test_a_viewer_may_not(client, vera, defaults, url):
    client.force_login(vera)
    assert (client.get(url).status_code, client.post(url, WORDS).status_code) == (403, 403)


@pytest.mark.parametrize("url", ["/stages/lost/", "/stages/mql/middle/"])
def test_what_does_not_exist_is_not_found(ops, url):
    assert ops.get(url).status_code == 404
