"""Attributes of one's own are shown, corrected and filled in like every other fact."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from leads.custom_facts import active_attributes, labels_of
from leads.fact_history import facts_of, record_facts
from leads.facts import Fact, FactType
from leads.forms.corrections import CorrectionForm, MissingForm, attribute_field
from leads.instants import database_now
from leads.models import CustomFact

pytestmark = pytest.mark.django_db


@pytest.fixture
def attributes(db):
    CustomFact.objects.create(slug="seats", type="number", label="Seats", unit="people")
    CustomFact.objects.create(slug="plan", type="choice", label="Plan", choices=["free", "team"])
    CustomFact.objects.create(slug="tools", type="list", label="Tools")
    CustomFact.objects.create(slug="pilot", type="boolean", label="In a pilot")
    CustomFact.objects.create(slug="ends", type="date", label="Contract ends")


@pytest.fixture
def lead(make_lead, attributes, at):
    lead = make_lead()
    known = {"custom.seats": 12, "custom.pilot": True, "custom.tools": ["crm", "erp"]}
    record_facts(lead, known, known_from=at)
    return lead


@pytest.fixture
def correct(client, olga, lead):
    """Open the form of `lead` and send it back with changes."""
    client.force_login(olga)
    url = f"/leads/{lead.pk}/correct/"

    def send(**changes):
        form = client.get(url).context["form"]
        values = {
            name: form.get_initial_for_field(field, name) for name, field in form.fields.items()
        }
        typed = {name: value for name, value in values.items() if value is not None}
        return client.post(
            url, typed | {f"custom.{name}": value for name, value in changes.items()}
        )

    return send


def known(lead):
    facts = facts_of(lead, database_now())
    return {name: value for name, value in facts.items() if name.startswith("custom.")}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param({"seats": "30"}, {"custom.seats": 30}, id="number"),
        pytest.param({"seats": "2.5"}, {"custom.seats": 2.5}, id="fraction"),
        pytest.param({"plan": "team"}, {"custom.plan": "team"}, id="choice"),
        pytest.param({"tools": "bi, crm"}, {"custom.tools": ["bi", "crm"]}, id="list"),
        pytest.param({"pilot": "no"}, {"custom.pilot": False}, id="no is not unknown"),
        pytest.param({"ends": "2026-12-31"}, {"custom.ends": "2026-12-31"}, id="date"),
    ],
)
def test_an_attribute_is_corrected(correct, lead, typed, expected):
    before = known(lead)
    assert correct(**typed).status_code == 302
    assert known(lead) == before | expected


def test_a_blank_clears_it(correct, lead):
    correct(seats="")
    assert "custom.seats" not in known(lead)


def test_what_is_no_number_is_said(correct, lead):
    answer = correct(seats="many")
    assert (answer.status_code, known(lead)["custom.seats"]) == (422, 12)


@pytest.mark.parametrize("typed", ["140", "-1"])
def test_a_percentage_stays_within_a_hundred(typed):
    chance = Fact("custom.chance", FactType.NUMBER, "Chance", "", unit="%")
    with pytest.raises(ValidationError, match="Chance is a percentage"):
        attribute_field(chance).clean(typed)


def test_the_page_shows_them_by_their_label(client, olga, lead):
    client.force_login(olga)
    groups = client.get(f"/leads/{lead.pk}/").context["groups"]
    shown = {fact.label: fact.value for group in groups for fact in group.facts}
    assert (shown["Seats"], shown["In a pilot"], shown["Plan"]) == ("12", "yes", None)


def test_one_that_is_missing_has_its_field_at_review(attributes, at):
    form = MissingForm(["custom.plan", "custom.gone"], at=at, prefix="1", own=active_attributes())
    assert list(form.fields) == ["custom.plan"]
    assert labels_of(["custom.plan", "custom.gone"]) == ["Plan", "custom.gone"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"custom.used": "140"}, "Used is a percentage, so it lies between 0 and 100."),
        ({"custom.used": "half"}, "“Used (%)” is a number."),
        ({"custom.used": "nan"}, "“Used (%)” is a number."),
        ({"country": "ZZ"}, "“Country” can't be “ZZ”: choose from the list."),
        ({"revenue": "-1"}, "“Yearly revenue” is at least 0."),
        ({"employees": "1.5"}, "“Employees” is a whole number."),
        ({"title": "x" * 201}, "“Job title” has at most 200 characters, not 201."),
    ],
)
def test_a_form_names_the_field_and_what_is_wrong(make_lead, at, typed, said):
    CustomFact.objects.create(slug="used", type="number", unit="%", label="Used")
    form = CorrectionForm(make_lead(), {"name": "Ann", **typed}, at=at)
    assert [sentence for errors in form.errors.values() for sentence in errors] == [said]
