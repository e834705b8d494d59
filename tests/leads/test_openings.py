"""What opens a handoff, and which fields it misses."""

from dataclasses import replace
from datetime import timedelta

import pytest

from leads.scoring import DepthRule, Opening, missing_fields, opening
from tests.leads.criteria_examples import AT, CRITERIA, GOOD_FACTS, did


def test_the_latest_hand_raise_opens():
    seen = [did("demo_request", 2), did("pricing_view", 1), did("pricing_view", 0.5)]
    when = AT - timedelta(days=0.5)
    assert opening({}, seen, CRITERIA, AT, None) == Opening(
        "hand_raise", "pricing_twice", "Pricing twice in a week", when, asked_at=when
    )


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param([did("demo_request", 31)], id="demo past its window"),
        pytest.param([did("pricing_view", 1)], id="pricing once"),
        pytest.param([did("pricing_view", 1), did("pricing_view", 8)], id="not in one week"),
        pytest.param([did("demo_request", -1)], id="not yet"),
    ],
)
def test_no_hand_raise_opens_nothing(seen):
    assert opening({}, seen, replace(CRITERIA, depth_rules=()), AT, None) is None


def test_a_hand_raise_answered_already_does_not_open_again():
    seen = [did("demo_request", 2)]
    assert opening({}, seen, CRITERIA, AT, AT - timedelta(days=1)) is None
    assert opening({}, seen, CRITERIA, AT, AT - timedelta(days=2)) is None
    assert opening({}, seen, CRITERIA, AT, AT - timedelta(days=3)).key == "demo"


DOC, PAGE, DEMO_ASKED = (
    did("page_view", 1, page="docs"),
    did("page_view", 1),
    did("demo_request", 1),
)


@pytest.mark.parametrize(
    ("needs", "seen", "is_deep"),
    [
        pytest.param((0, 2, 0), [DOC, DOC], True, id="two meaningful"),
        pytest.param((0, 2, 0), [DOC, PAGE], False, id="supportive is not meaningful"),
        pytest.param((0, 2, 0), [DOC, DEMO_ASKED], True, id="high counts as meaningful"),
        pytest.param((1, 0, 1), [DEMO_ASKED], False, id="one activity does not serve two needs"),
        pytest.param((1, 0, 1), [DEMO_ASKED, PAGE], True, id="high and supportive"),
        pytest.param((1, 0, 1), [DEMO_ASKED, DEMO_ASKED], True, id="high left over serves"),
        pytest.param((0, 1, 1), [DOC], False, id="at two signals, still one activity"),
        pytest.param((3, 0, 0), [DEMO_ASKED] * 3, True, id="three high"),
        pytest.param((3, 0, 0), [DEMO_ASKED] * 2 + [DOC] * 5, False, id="two high"),
        pytest.param(
            (0, 2, 0), [DOC, did("page_view", 15, page="docs")], False, id="out of the window"
        ),
    ],
)
def test_depth_is_served_by_activities_of_its_own(needs, seen, is_deep):
    rule = DepthRule("deep", "Deep", *needs, 14)
    criteria = replace(CRITERIA, hand_raises=(), depth_rules=(rule,))
    found = opening({}, seen, criteria, AT, None)
    assert (found is not None) is is_deep
    assert found is None or (found.path, found.key) == ("hand_raise", "deep")


def test_only_a_hand_raise_asks_for_a_person():
    criteria = replace(CRITERIA, depth_rules=(DepthRule("deep", "Deep", 0, 2, 0, 14),))
    deep = opening({}, [DOC, DOC], criteria, AT, None)
    assert (deep.path, deep.key, deep.asked_at) == ("hand_raise", "deep", None)


def test_depth_opens_again_only_by_something_newer_that_serves_it():
    criteria = replace(
        CRITERIA, hand_raises=(), depth_rules=(DepthRule("deep", "Deep", 0, 2, 0, 14),)
    )
    since = AT - timedelta(hours=5)
    assert opening({}, [DOC, DOC, did("page_view")], criteria, AT, since) is None
    assert (
        opening({}, [DOC, DOC, did("page_view", page="docs")], criteria, AT, since).activity_at
        == AT
    )


SCORE_ONLY = replace(CRITERIA, hand_raises=(), depth_rules=())


def test_the_score_opens_in_the_bands_named():
    found = opening(GOOD_FACTS, [did("demo_request", 1)], SCORE_ONLY, AT, None)
    assert found == Opening("score", "A2", "Score A2", AT - timedelta(days=1))
    assert opening(GOOD_FACTS, [], SCORE_ONLY, AT, None) is None


def test_the_score_opens_again_only_by_something_newer():
    seen = [did("demo_request", 1)]
    assert opening(GOOD_FACTS, seen, SCORE_ONLY, AT, AT - timedelta(hours=1)) is None
    assert opening(GOOD_FACTS, [*seen, did("import_note")], SCORE_ONLY, AT, AT - timedelta(hours=1))


def test_a_hand_raise_goes_before_the_score():
    assert opening(GOOD_FACTS, [did("demo_request")], CRITERIA, AT, None).path == "hand_raise"


def test_a_disqualified_lead_opens_nothing():
    facts = {**GOOD_FACTS, "account.status": "competitor"}
    assert opening(facts, [did("demo_request")], CRITERIA, AT, None) is None


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("hand_raise", ["person.email", "account.name"]),
        ("score", ["person.email", "person.phone"]),
        ("manual", ["person.email"]),
    ],
)
def test_each_path_names_the_fields_it_misses(path, missing):
    assert missing_fields({"person.email": " "}, CRITERIA, path) == missing


def test_a_field_that_is_known_is_not_missing():
    facts = {"person.email": "jo@acme.com", "account.name": "Acme"}
    assert missing_fields(facts, CRITERIA, "hand_raise") == []
