"""What would move a lead to another band: the passing of days, or one thing more."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given

from leads.conditions import Evidence, compile_conditions
from leads.score_changes import values_that_answer
from leads.scoring import nearest_flips, next_band_change, score
from tests.leads.criteria_examples import (
    AT,
    CRITERIA,
    GOOD_FACTS,
    PRICING,
    TIMED,
    UNSUBSCRIBED,
    activity_lists,
    criterias,
    did,
    fact_sets,
)
from tests.leads.test_conditions import CUSTOM, OPERATOR_CASES, TYPE_FACT, one


@given(fact_sets, activity_lists, criterias)
def test_the_next_band_change_is_what_a_walk_over_the_days_finds(facts, activities, criteria):
    now = score(facts, activities, criteria, AT).band
    walk = (AT + timedelta(days=days) for days in range(1, 181))
    changes = (at.date() for at in walk if score(facts, activities, criteria, at).band != now)
    look_again_on = AT.date() + timedelta(days=180) if criteria.rules_change_with_time else None
    expected = next(changes, look_again_on)
    assert next_band_change(facts, activities, criteria, AT) == expected


def test_a_window_longer_than_half_a_year_lapses_on_a_day_that_is_known():
    lasting = replace(PRICING, decay="none", points=90, cap=None, window_days=365)
    criteria = replace(CRITERIA, signals=(lasting,))
    lapses_on = next_band_change({}, [did("pricing_view", 0)], criteria, AT)
    assert lapses_on == AT.date() + timedelta(days=366)


def test_where_days_give_and_take_a_long_window_is_looked_at_again():
    lasting = replace(PRICING, decay="none", points=90, cap=None, window_days=365)
    criteria = replace(CRITERIA, signals=(lasting, UNSUBSCRIBED))
    seen, days = [did("pricing_view", 0)], []
    at = AT
    while (day := next_band_change({}, seen, criteria, at)) is not None:
        days.append((day - AT.date()).days)
        at = AT + timedelta(days=days[-1])
    assert days == [180, 360, 366]


@given(fact_sets, activity_lists, criterias)
def test_each_flip_flips_the_band_when_applied(facts, activities, criteria):
    now = score(facts, activities, criteria, AT).band
    flips = nearest_flips(facts, activities, criteria, AT)
    assert len(flips) == len({flip.key for flip in flips}) <= 3
    for flip in flips:
        changed = score(*flip.applied_to(facts, activities), criteria, AT)
        assert changed.band == flip.band != now


def test_a_lead_cools_off_on_a_day_that_is_known():
    criteria = replace(CRITERIA, signals=(PRICING,), bands=replace(CRITERIA.bands, readiness_2=10))
    cools_on = next_band_change({}, [did("pricing_view", 0)], criteria, AT)
    assert cools_on == date(2026, 3, 12)


def test_a_rule_with_a_window_lapses_on_a_day_that_is_known():
    assert next_band_change({}, [did("page_view")] * 2, TIMED, AT) == date(2026, 3, 16)


def test_a_band_that_rises_and_falls_again_changes_on_the_first_day():
    steady = replace(PRICING, decay="none", points=10, cap=None)
    criteria = replace(CRITERIA, signals=(steady, UNSUBSCRIBED))
    seen = [did("pricing_view")] * 2 + [did("email_open")] * 3
    assert next_band_change({}, seen, criteria, AT) == AT.date() + timedelta(days=21)


def test_a_lead_that_stays_has_no_next_change():
    assert next_band_change(GOOD_FACTS, [], CRITERIA, AT) is None


def test_a_flip_is_one_more_of_a_signal_or_one_unknown_known():
    facts = {"person.seniority": "vp"}
    flips = nearest_flips(facts, [did("pricing_view")], CRITERIA, AT)
    assert [(flip.label, flip.band) for flip in flips] == [
        ("One more: Docs", "B2"),
        ("If Hiring for sales turns out to be yes", "B2"),
        ("One more: Pricing", "B2"),
    ]


def test_a_flip_names_the_fact_to_find_out():
    flips = nearest_flips({"person.seniority": "vp"}, [], CRITERIA, AT, limit=9)
    found = next(flip for flip in flips if flip.fact == "account.employees")
    assert (found.label, found.value, found.band) == ("If Employees turns out to be 200", 200, "A3")


def test_changes_for_the_worse_come_last():
    facts = {"account.employees": 300, "person.seniority": "vp"}
    criteria = replace(CRITERIA, bands=replace(CRITERIA.bands, readiness_2=5))
    flips = nearest_flips(facts, [], criteria, AT, limit=9)
    assert [flip.band for flip in flips][-1] == "B3"
    assert flips[-1].fact == "person.email_is_free"


@pytest.mark.parametrize(("operator", "type_", "wanted", "_"), OPERATOR_CASES)
def test_values_named_for_an_unknown_fact_answer_its_condition(operator, type_, wanted, _):
    name = TYPE_FACT[type_]
    compiled = compile_conditions(one(name, operator, wanted), extra_facts=CUSTOM)
    values = values_that_answer(compiled.conditions[0], AT)
    assert bool(values) is (operator != "is_unknown")
    assert all(compiled.matches(Evidence({name: value}, (), AT)) for value in values)
