"""The score: exact sums over whole UTC days, grades and bands."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.conditions import Truth
from leads.decay import WHOLE, shares, whole_points
from leads.facts import Fact, FactType
from leads.scoring import FitRule, score
from tests.leads.criteria_examples import (
    AT,
    CRITERIA,
    GOOD_FACTS,
    PRICING,
    UNSUBSCRIBED,
    activity_lists,
    criterias,
    did,
    fact_sets,
    when,
)


def line(found, key):
    return next(each for each in found.breakdown if each.key == key)


def test_fit_and_readiness_are_two_sums():
    found = score(GOOD_FACTS, [did("demo_request"), did("pricing_view")], CRITERIA, AT)
    assert (found.fit, found.readiness, found.band) == (50, 40, "A1")
    assert found.missing_requirements == ()


def test_a_line_shows_what_decay_took():
    found = line(score({}, [did("pricing_view", 15)], CRITERIA, AT), "pricing")
    assert (found.earned, found.points, found.lost_to_decay) == (10, 5, 5)
    assert (found.activities, found.last_at) == (1, AT - timedelta(days=15))


def test_a_line_shows_what_its_cap_took():
    found = line(score({}, [did("pricing_view")] * 4, CRITERIA, AT), "pricing")
    assert (found.earned, found.points, found.lost_to_cap) == (40, 25, 15)


def test_a_groups_cap_takes_from_its_last_signals():
    seen = [did("pricing_view")] * 4 + [did("page_view", page="docs")] * 2
    found = score({}, seen, CRITERIA, AT)
    assert [(each.key, each.points, each.lost_to_group_cap) for each in found.breakdown[3:6]] == [
        ("pricing", 25, 0),
        ("pages", 4, 0),
        ("docs", 1, 5),
    ]
    assert found.readiness == 30


def test_what_takes_points_away_counts_before_its_group_is_capped():
    minus = replace(UNSUBSCRIBED, group="web")
    criteria = replace(CRITERIA, signals=(replace(PRICING, cap=None), minus))
    found = score({}, [did("pricing_view")] * 4 + [did("email_open")] * 2, criteria, AT)
    assert found.readiness == 30
    assert line(found, "pricing").lost_to_group_cap == 4


def test_a_cap_holds_downwards_as_well():
    criteria = replace(CRITERIA, signals=(UNSUBSCRIBED,))
    found = line(score({}, [did("email_open")] * 5, criteria, AT), "bored")
    assert (found.points, found.lost_to_cap) == (-9, -6)


def test_a_signal_past_its_window_gives_nothing_and_has_no_line():
    found = score({}, [did("page_view", 61)], CRITERIA, AT)
    assert "pages" not in {each.key for each in found.breakdown}


def test_a_signal_counts_to_the_last_day_of_its_window():
    assert line(score({}, [did("page_view", 14, page="docs")], CRITERIA, AT), "docs").points == 3


def test_what_happened_later_does_not_count():
    assert score({}, [did("demo_request", -0.01)], CRITERIA, AT).readiness == 0


def test_an_unknown_fact_is_named_not_counted():
    found = score({"person.seniority": "vp"}, [], CRITERIA, AT)
    assert (line(found, "size").truth, line(found, "size").unknown) == (
        Truth.UNKNOWN,
        ("account.employees",),
    )
    assert found.fit == 20
    assert found.unknown == ("account.employees", "person.email_is_free", "account.is_hiring_sales")
    assert found.undecided == ("rival",)


@pytest.mark.parametrize("seniority", ["manager", None])
def test_a_requirement_not_known_to_hold_keeps_fit_at_c(seniority):
    rules = (*CRITERIA.fit_rules, FitRule("more", "More", when("account.name", "is_unknown"), 40))
    facts = {**GOOD_FACTS, "person.seniority": seniority}
    found = score(facts, [], replace(CRITERIA, fit_rules=rules), AT)
    assert (found.fit, found.fit_grade, found.missing_requirements) == (70, "C", ("senior",))


def test_a_disqualifier_is_named():
    found = score({**GOOD_FACTS, "account.status": "competitor"}, [], CRITERIA, AT)
    assert (found.disqualified_by, found.undecided) == (("rival",), ())


def test_a_custom_fact_can_give_points():
    spend = Fact("custom.spend", FactType.NUMBER, "Spend", "")
    rule = FitRule("spend", "Spends", when("custom.spend", "at_least", 10), 7)
    criteria = replace(CRITERIA, fit_rules=(rule,), extra_facts={"custom.spend": spend})
    assert score({"custom.spend": 10}, [], criteria, AT).fit == 7


def test_a_score_is_stored_as_json():
    found = score(GOOD_FACTS, [did("demo_request")], CRITERIA, AT)
    stored = json.loads(json.dumps(found.to_json()))
    assert stored["band"] == found.band
    assert sum(each["points"] for each in stored["lines"]) == found.fit + found.readiness


@pytest.mark.parametrize(
    ("fit", "readiness", "grades"),
    [(45, 40, "A1"), (44, 39, "B2"), (20, 15, "B2"), (19, 14, "C3"), (-5, -5, "C3")],
)
def test_a_grade_begins_at_its_threshold(fit, readiness, grades):
    bands = CRITERIA.bands
    assert bands.fit_grade(fit) + bands.readiness_grade(readiness) == grades


@pytest.mark.parametrize(
    ("decay", "age", "half_life", "window", "share"),
    [
        ("none", 30, None, 30, WHOLE),
        ("none", 3_650, None, None, WHOLE),
        ("linear", 0, None, 30, WHOLE),
        ("linear", 15, None, 30, WHOLE // 2),
        ("linear", 30, None, 30, 0),
        ("half_life", 7, 7, None, WHOLE // 2),
        ("half_life", 14, 7, 90, WHOLE // 4),
    ],
)
def test_decay_leaves_a_share_by_whole_days(decay, age, half_life, window, share):
    assert shares(decay, half_life, window)[age] == share


@pytest.mark.parametrize(
    ("decay", "half_life"), [("half_life", 0), ("half_life", None), ("linear", None)]
)
def test_decay_that_cannot_be_worked_out_is_refused(decay, half_life):
    with pytest.raises(ValueError, match="at least a day"):
        shares(decay, half_life, None)


@pytest.mark.parametrize(
    ("millionths", "points"),
    [(499_999, 0), (500_000, 1), (-500_000, -1), (-499_999, 0), (2_500_000, 3)],
)
def test_points_round_halves_away_from_zero(millionths, points):
    assert whole_points(millionths) == points


@given(fact_sets, activity_lists, criterias)
def test_the_breakdown_sums_exactly(facts, activities, criteria):
    found = score(facts, activities, criteria, AT)
    sums = dict.fromkeys(("fit", "readiness"), 0)
    for each in found.breakdown:
        sums[each.section] += (
            each.earned - each.lost_to_decay - each.lost_to_cap - each.lost_to_group_cap
        )
    assert sums == {"fit": found.fit, "readiness": found.readiness}


@given(fact_sets, activity_lists, criterias, st.randoms())
def test_the_same_inputs_give_the_same_score_in_any_order(facts, activities, criteria, random):
    shuffled = random.sample(activities, len(activities))
    assert score(facts, activities, criteria, AT) == score(
        dict(facts), shuffled, replace(criteria), AT
    )


@given(fact_sets, activity_lists, criterias, st.integers(0, 86_399))
def test_a_score_is_constant_within_a_utc_day(facts, activities, criteria, second):
    midnight = datetime(2026, 3, 11, tzinfo=UTC)
    first, later = (
        score(facts, activities, criteria, midnight + timedelta(seconds=s)) for s in (0, second)
    )
    assert first == later
