"""The score: exact sums, whole UTC days, bands, openings, and what would change the band."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leads.conditions import ActivityRecord, Truth
from leads.decay import WHOLE, shares, whole_points
from leads.facts import Fact, FactType
from leads.scoring import (
    Bands,
    Criteria,
    DepthRule,
    Disqualifier,
    FitRule,
    GroupCap,
    HandRaise,
    Modifier,
    Opening,
    RequiredField,
    Signal,
    missing_fields,
    nearest_flips,
    next_band_change,
    opening,
    score,
)

AT = datetime(2026, 3, 10, 15, tzinfo=UTC)
GOOD_FACTS = {"account.employees": 300, "person.seniority": "vp", "account.status": "prospect"}


def when(fact, op, value=None, **more):
    condition = {"fact": fact, "op": op, **more}
    return [[condition if value is None else {**condition, "value": value}]]


def did(kind, days_ago=0.0, **properties):
    return ActivityRecord(kind, properties, AT - timedelta(days=days_ago))


PRICING = Signal(
    "pricing", "Pricing", "pricing_view", {}, 10, "meaningful", "linear", None, 30, 25, "web"
)
PAGES = Signal("pages", "Pages", "page_view", {}, 2, "supportive", "half_life", 7, 60, 12, "web")
DOCS = Signal(
    "docs", "Docs", "page_view", {"page": "docs"}, 3, "meaningful", "none", None, 14, None, "web"
)
DEMO = Signal("demo", "Demo", "demo_request", {}, 30, "high", "half_life", 30)
UNSUBSCRIBED = Signal(
    "bored", "Opens only", "email_open", {}, -3, "supportive", "none", None, 20, 9
)

CRITERIA = Criteria(
    fit_rules=(
        FitRule("size", "Right size", when("account.employees", "between", [200, 2000]), 30),
        FitRule(
            "senior",
            "Decides",
            when("person.seniority", "at_least", "director"),
            20,
            is_required=True,
        ),
        FitRule("private", "Private address", when("person.email_is_free", "is_true"), -15),
    ),
    disqualifiers=(
        Disqualifier("rival", "Competitor", when("account.status", "is", "competitor")),
    ),
    signals=(PRICING, PAGES, DOCS, DEMO),
    modifiers=(
        Modifier("hiring", "Hiring for sales", when("account.is_hiring_sales", "is_true"), 8),
    ),
    group_caps=(GroupCap("web", 30),),
    hand_raises=(
        HandRaise("demo", "Demo request", "demo_request", window_days=30),
        HandRaise(
            "pricing_twice", "Pricing twice in a week", "pricing_view", window_days=7, times=2
        ),
    ),
    depth_rules=(
        DepthRule("two_meaningful", "Two meaningful", 0, 2, 0, 14),
        DepthRule("high_and_more", "One high-intent and one supportive", 1, 0, 1, 14),
    ),
    required_fields=(
        RequiredField("any", "person.email"),
        RequiredField("hand_raise", "account.name"),
        RequiredField("score", "person.phone"),
    ),
    bands=Bands(45, 20, 40, 15, frozenset({"A1", "A2", "B1"})),
)
FALLING = replace(CRITERIA, fit_rules=CRITERIA.fit_rules[:2])
TIMED = replace(
    CRITERIA,
    signals=(*CRITERIA.signals, UNSUBSCRIBED),
    modifiers=(
        *CRITERIA.modifiers,
        Modifier(
            "quiet",
            "Quiet",
            when("activity.days_since_last", "at_least", 20, kind="page_view"),
            -20,
        ),
        Modifier(
            "keen", "Keen", when("activity.count", "at_least", 2, kind="page_view", days=5), 15
        ),
    ),
)


def line(found, key):
    return next(each for each in found.breakdown if each.key == key)


# -- the sum ------------------------------------------------------------------------------------


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


# -- decay --------------------------------------------------------------------------------------


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


# -- properties ---------------------------------------------------------------------------------

KINDS = ["demo_request", "pricing_view", "page_view", "email_open", "import_note"]
activity_lists = st.lists(
    st.builds(
        ActivityRecord,
        st.sampled_from(KINDS),
        st.sampled_from([{}, {"page": "docs"}, {"page": "home"}]),
        st.floats(0, 100).map(lambda days: AT - timedelta(days=days)),
    ),
    max_size=15,
)
fact_sets = st.fixed_dictionaries(
    {},
    optional={
        "account.employees": st.sampled_from([10, 200, 5000, None]),
        "person.seniority": st.sampled_from(["intern", "vp"]),
        "person.email_is_free": st.booleans(),
        "account.is_hiring_sales": st.booleans(),
        "account.status": st.sampled_from(["prospect", "competitor"]),
    },
)
criterias = st.sampled_from([CRITERIA, FALLING, TIMED])


@given(fact_sets, activity_lists, criterias)
@settings(deadline=None)
def test_the_breakdown_sums_exactly(facts, activities, criteria):
    found = score(facts, activities, criteria, AT)
    sums = dict.fromkeys(("fit", "readiness"), 0)
    for each in found.breakdown:
        sums[each.section] += (
            each.earned - each.lost_to_decay - each.lost_to_cap - each.lost_to_group_cap
        )
    assert sums == {"fit": found.fit, "readiness": found.readiness}


@given(fact_sets, activity_lists, criterias, st.randoms())
@settings(deadline=None)
def test_the_same_inputs_give_the_same_score_in_any_order(facts, activities, criteria, random):
    shuffled = random.sample(activities, len(activities))
    assert score(facts, activities, criteria, AT) == score(
        dict(facts), shuffled, replace(criteria), AT
    )


@given(fact_sets, activity_lists, criterias, st.integers(0, 86_399))
@settings(deadline=None)
def test_a_score_is_constant_within_a_utc_day(facts, activities, criteria, second):
    midnight = datetime(2026, 3, 11, tzinfo=UTC)
    first, later = (
        score(facts, activities, criteria, midnight + timedelta(seconds=s)) for s in (0, second)
    )
    assert first == later


@given(fact_sets, activity_lists, criterias)
@settings(deadline=None, max_examples=60)
def test_the_next_band_change_is_what_a_walk_over_the_days_finds(facts, activities, criteria):
    now = score(facts, activities, criteria, AT).band
    walk = (AT + timedelta(days=days) for days in range(1, 181))
    changes = (at.date() for at in walk if score(facts, activities, criteria, at).band != now)
    assert next_band_change(facts, activities, criteria, AT) == next(changes, None)


@given(fact_sets, activity_lists, criterias)
@settings(deadline=None)
def test_each_flip_flips_the_band_when_applied(facts, activities, criteria):
    now = score(facts, activities, criteria, AT).band
    flips = nearest_flips(facts, activities, criteria, AT)
    assert len(flips) == len({flip.key for flip in flips}) <= 3
    for flip in flips:
        changed = score(*flip.applied_to(facts, activities), criteria, AT)
        assert changed.band == flip.band != now


# -- what would change the band -----------------------------------------------------------------


def test_a_lead_cools_off_on_a_day_that_is_known():
    criteria = replace(CRITERIA, signals=(PRICING,), bands=replace(CRITERIA.bands, readiness_2=10))
    cools_on = next_band_change({}, [did("pricing_view", 0)], criteria, AT)
    assert cools_on == date(2026, 3, 12)


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


# -- what opens a handoff -----------------------------------------------------------------------


def test_the_latest_hand_raise_opens():
    seen = [did("demo_request", 2), did("pricing_view", 1), did("pricing_view", 0.5)]
    assert opening({}, seen, CRITERIA, AT, None) == Opening(
        "hand_raise", "pricing_twice", "Pricing twice in a week", AT - timedelta(days=0.5)
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
