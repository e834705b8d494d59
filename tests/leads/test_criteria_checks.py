"""Criteria that can't be used are refused, each mistake in its own words."""

from dataclasses import replace

import pytest

from leads.criteria_checks import criteria_problems
from leads.scoring import (
    Bands,
    Criteria,
    DepthRule,
    Disqualifier,
    FitRule,
    GroupCap,
    HandRaise,
    RequiredField,
    Signal,
)

BIG = [[{"fact": "account.employees", "op": "at_least", "value": 200}]]
FIT = FitRule("big", "Big", BIG, 30)
DEMO = Signal("demo", "Demo", "demo_request", {}, 30, "high", "half_life", 14, 90, 60, "asks")
ASKED = HandRaise("demo", "Demo request", "demo_request", {}, 30)
DEEP = DepthRule("deep", "Deep", 0, 2, 0, 14)
CAP = GroupCap("asks", 50)
GOOD = Criteria(
    fit_rules=(FIT,),
    disqualifiers=(),
    signals=(DEMO,),
    modifiers=(),
    group_caps=(CAP,),
    hand_raises=(ASKED,),
    depth_rules=(DEEP,),
    required_fields=(RequiredField("any", "person.email"),),
    bands=Bands(60, 30, 50, 20, frozenset({"A1", "B1"})),
)


def test_good_criteria_have_no_problems():
    assert criteria_problems(GOOD) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"fit_rules": (replace(FIT, conditions=[]),)},
            "Big: Add at least one condition: only a fallback rule may apply to everybody.",
        ),
        (
            {"disqualifiers": (Disqualifier("gone", "Gone", [[{"fact": "a.b", "op": "is"}]]),)},
            "Gone: Condition 1: the fact “a.b” does not exist or no longer exists; choose another.",
        ),
        ({"signals": (replace(DEMO, half_life_days=0),)}, "Demo: a half-life is at least a day."),
        (
            {"signals": (replace(DEMO, decay="linear", window_days=None),)},
            "Demo: linear decay needs a window to fade over.",
        ),
        ({"signals": (replace(DEMO, cap=-1),)}, "Demo: a cap is never below 0."),
        (
            {"signals": (replace(DEMO, kind="sneeze"),)},
            "Demo: the activity “sneeze” does not exist.",
        ),
        ({"signals": (replace(DEMO, window_days=0),)}, "Demo: a window is 1 to 3,650 days."),
        (
            {"signals": (DEMO, DEMO)},
            "The key “demo” is used 2 times; each rule of a kind needs its own.",
        ),
        (
            {"hand_raises": (replace(ASKED, times=0),)},
            "Demo request: it must happen at least once.",
        ),
        (
            {"hand_raises": (replace(ASKED, window_days=4000),)},
            "Demo request: a window is 1 to 3,650 days.",
        ),
        (
            {"depth_rules": (replace(DEEP, meaningful=0),)},
            "Deep: ask for at least one activity, and for none below zero.",
        ),
        ({"depth_rules": (replace(DEEP, window_days=0),)}, "Deep: a window is 1 to 3,650 days."),
        ({"group_caps": (GroupCap("asks", -5),)}, "Group asks: a cap is never below 0."),
        ({"group_caps": (CAP, CAP)}, "Group asks has 2 caps; it needs one."),
        (
            {"required_fields": (RequiredField("any", "person.shoe"),)},
            "The required field “person.shoe” does not exist or no longer exists.",
        ),
        (
            {"required_fields": (RequiredField("any", "activity.count"),)},
            "Number of activities can't be a required field: it is counted, not known.",
        ),
        (
            {"bands": replace(GOOD.bands, fit_a=30)},
            "Fit A must need more points than fit B, not 30 against 30.",
        ),
        (
            {"bands": replace(GOOD.bands, readiness_1=10)},
            "Readiness 1 must need more points than readiness 2, not 10 against 20.",
        ),
        (
            {"bands": replace(GOOD.bands, opens_at=frozenset({"D4"}))},
            "The band “D4” does not exist.",
        ),
    ],
)
def test_a_mistake_is_told_in_a_sentence(change, sentence):
    assert criteria_problems(replace(GOOD, **change)) == [sentence]
