"""Attributes of one's own are declared once and stay what they are."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from leads.custom_facts import active_attributes, all_attributes, typed
from leads.lead_page import fact_groups
from leads.models import CustomFact

pytestmark = pytest.mark.django_db

TOLD = {"label": "Plan", "slug": "plan", "type": "choice", "choices": "free, team , business"}


@pytest.fixture
def ops(client, olga, defaults):
    client.force_login(olga)
    return client


@pytest.fixture
def plan(db):
    return CustomFact.objects.create(
        slug="plan", type="choice", label="Plan", choices=["free", "team"], is_ordered=True
    )


def test_ops_declares_one_and_rules_can_ask_it(ops):
    ops.post("/setup/attributes/new/", {**TOLD, "is_active": "on", "is_ordered": "on"})
    fact = active_attributes()["custom.plan"]
    assert [value for value, _ in fact.choices] == ["free", "team", "business"]
    assert fact.ordered


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"slug": "Plan A"}, "Small letters"),
        ({"choices": ""}, "needs its list"),
        ({"type": "text"}, "needs its list"),
        ({"unit": "%"}, "Only a number"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(ops, wrong, said):
    answer = ops.post("/setup/attributes/new/", TOLD | wrong)
    assert (answer.status_code, said in answer.content.decode()) == (422, True)


def test_a_name_in_data_is_given_once(ops, plan):
    answer = ops.post("/setup/attributes/new/", TOLD)
    assert "Another attribute has this name in data." in answer.content.decode()


def test_switching_one_off_promises_nothing(ops, plan):
    answer = ops.post(f"/setup/attributes/{plan.pk}/", TOLD, follow=True)
    assert "Plan is saved. No new rule can ask for it." in answer.content.decode()


def test_a_value_that_rules_may_ask_is_not_taken_away(ops, plan):
    answer = ops.post(f"/setup/attributes/{plan.pk}/", TOLD | {"choices": "free"})
    assert (answer.status_code, "must stay" in answer.content.decode()) == (422, True)


def test_what_rules_depend_on_stays_whatever_is_posted(ops, plan):
    ops.post(f"/setup/attributes/{plan.pk}/", TOLD | {"slug": "other", "type": "text"})
    plan.refresh_from_db()
    assert (plan.slug, plan.type, plan.is_ordered) == ("plan", "choice", True)
    assert plan.choices == ["free", "team", "business"]


def test_the_admin_takes_no_choice_away_either(ops, plan):
    url = f"/admin/leads/customfact/{plan.pk}/change/"
    page = ops.post(url, {"label": "Plan", "choices": "free", "is_active": "on"})
    assert "must stay" in page.content.decode()


@pytest.mark.parametrize(
    "change",
    [
        {"slug": "tier"},
        {"type": "text", "choices": []},
        {"is_ordered": False},
        {"choices": ["free"]},
    ],
    ids=["name", "type", "order", "choice taken away"],
)
def test_the_database_refuses_what_rules_depend_on(plan, change):
    with pytest.raises(IntegrityError), transaction.atomic():
        CustomFact.objects.filter(pk=plan.pk).update(**change)


def test_one_switched_off_is_asked_by_old_versions_only(plan):
    CustomFact.objects.update(is_active=False)
    assert "custom.plan" not in active_attributes()
    assert "custom.plan" in all_attributes()


def test_a_rep_may_not(client, alice):
    client.force_login(alice)
    assert client.get("/setup/attributes/").status_code == 403


@pytest.mark.parametrize(
    ("type", "text", "expected"),
    [
        ("number", "1 200", 1200),
        ("number", "2.5", 2.5),
        ("number", "many", "many"),
        ("number", "inf", "inf"),
        ("boolean", "Yes", True),
        ("boolean", "0", False),
        ("boolean", "perhaps", "perhaps"),
        ("list", "crm; erp, crm", ["crm", "erp", "crm"]),
        ("date", "2026-03-01T10:00", "2026-03-01"),
        ("date", "soon", "soon"),
        ("text", " as is ", " as is "),
    ],
)
def test_texts_are_read_as_their_type(type, text, expected):
    CustomFact.objects.create(slug="fact", type=type, label="Fact")
    assert typed({"custom.fact": text}, active_attributes()) == {"custom.fact": expected}


@pytest.mark.parametrize(("told", "kept"), [(100, 100), ("99.5", 99.5), (140, "140"), (-1, "-1")])
def test_what_is_no_percentage_is_kept_and_unknown_to_rules(told, kept):
    CustomFact.objects.create(slug="used", type="number", unit="%", label="Used")
    known = typed({"custom.used": told}, active_attributes())
    assert known == {"custom.used": kept}
    (group,) = [each for each in fact_groups(known) if each.label == "Your attributes"]
    assert ("can't read it" in group.facts[0].value) == isinstance(kept, str)


def test_a_choice_is_found_whatever_its_case(plan):
    assert typed({"custom.plan": "TEAM "}, active_attributes()) == {"custom.plan": "team"}
