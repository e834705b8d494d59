"""Small criteria, leads and activities that the tests of scores share."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from leads.activity_series import ActivityRecord
from leads.scoring import (
    Bands,
    Criteria,
    DepthRule,
    Disqualifier,
    FitRule,
    GroupCap,
    HandRaise,
    Modifier,
    RequiredField,
    Signal,
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
