"""Each lint rule finds what it is for, and leaves alone what only looks like it."""

from dataclasses import replace
from pathlib import Path

import pytest

from leads.activity_series import series_of
from leads.conditions import Evidence
from leads.criteria_lint import RULES, StageInUse, lint
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
from tests.leads.criteria_examples import AT, did, when

BASE = Criteria((), (), (), (), (), (), (), (), Bands(0, -1, 0, -1, frozenset()))
DOCS = {"page": "docs"}


def fit(key, *conditions, points=10, **more):
    return FitRule(
        key, key.title(), [group for each in conditions for group in each], points, **more
    )


def joined(*conditions):
    """One group with all the conditions."""
    return [[each[0][0] for each in conditions]]


def signal(key, kind="page_view", where=None, points=10, cap=20, **more):
    return Signal(key, key.title(), kind, where or {}, points, cap=cap, window_days=90, **more)


def raised(key, kind="demo_request", where=None, window_days=30, times=1):
    return HandRaise(key, key.title(), kind, where or {}, window_days, times)


def leads(count, facts=None, activities=()):
    return [
        (number, Evidence(facts or {}, series_of(activities, AT), AT))
        for number in range(1, count + 1)
    ]


def found(criteria, sample=(), *, next_steps=None, stages=()):
    findings = lint(criteria, sample, next_steps=next_steps or {}, stages=stages)
    return [(each.id.removeprefix("criteria."), each.row_key) for each in findings]


SMALL = when("account.employees", "between", [10, 50])
LARGE = when("account.employees", "at_least", 500)
HAS_PHONE = when("person.has_phone", "is_true")
RIVAL = when("account.status", "is", "competitor")
NOT_CUSTOMER = when("account.status", "is_any_of", ["competitor", "partner"])


def disqualifiers(*rules):
    made = (Disqualifier(key, key.title(), conditions) for key, conditions in rules)
    return replace(BASE, disqualifiers=tuple(made))


def fits(*rules):
    return replace(BASE, fit_rules=rules)


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        pytest.param(
            disqualifiers(("wide", NOT_CUSTOMER), ("rival", RIVAL)), ["rival"], id="disqualifier"
        ),
        pytest.param(
            disqualifiers(("rival", RIVAL), ("wide", NOT_CUSTOMER)), ["rival"], id="whatever order"
        ),
        pytest.param(
            disqualifiers(("a", RIVAL), ("b", when("account.status", "is_any_of", ["competitor"]))),
            ["b"],
            id="the later of two equals",
        ),
        pytest.param(
            disqualifiers(("rival", RIVAL), ("customer", when("account.status", "is", "customer"))),
            [],
            id="two different ones",
        ),
        pytest.param(
            disqualifiers(("tiny", SMALL), ("tiny_rival", joined(SMALL, RIVAL))),
            ["tiny_rival"],
            id="one condition more",
        ),
        pytest.param(
            replace(disqualifiers(("rival", NOT_CUSTOMER)), fit_rules=(fit("rival", RIVAL),)),
            ["rival"],
            id="points for the disqualified",
        ),
        pytest.param(
            fits(fit("wide", when("account.employees", "at_least", 10)), fit("large", LARGE)),
            [],
            id="a narrower rule earns more on top",
        ),
        pytest.param(fits(fit("once", LARGE), fit("again", LARGE)), ["again"], id="asked twice"),
        pytest.param(
            fits(fit("either", LARGE, when("account.employees", "at_least", 900))),
            ["either"],
            id="a group within another",
        ),
        pytest.param(fits(fit("either", LARGE, RIVAL)), [], id="two groups of different facts"),
        pytest.param(
            replace(BASE, hand_raises=(raised("one"), raised("two", times=2))),
            ["two"],
            id="hand-raise above asks for less",
        ),
        pytest.param(
            replace(BASE, hand_raises=(raised("two", times=2), raised("one"))),
            [],
            id="the special one stands first",
        ),
        pytest.param(
            replace(BASE, hand_raises=(raised("week", window_days=7), raised("two", times=2))),
            [],
            id="a longer window may be raised alone",
        ),
        pytest.param(
            replace(
                BASE,
                depth_rules=(
                    DepthRule("two", "Two", 2, 0, 0, 14),
                    DepthRule("three", "Three", 3, 0, 0, 14),
                ),
            ),
            ["three"],
            id="depth rule above asks for less",
        ),
        pytest.param(
            replace(
                BASE,
                depth_rules=(
                    DepthRule("high", "High", 1, 0, 0, 14),
                    DepthRule("more", "More", 1, 1, 0, 14),
                ),
            ),
            [],
            id="the weaker need may be met later",
        ),
    ],
)
def test_shadowed(criteria, expected):
    assert found(criteria) == [("shadowed", key) for key in expected]


@pytest.mark.parametrize(
    ("conditions", "is_contradictory"),
    [
        (joined(RIVAL, when("account.status", "is", "customer")), True),
        (joined(RIVAL, NOT_CUSTOMER), False),
        (joined(SMALL, LARGE), True),
        (joined(LARGE, when("account.employees", "at_most", 500)), False),
        (
            joined(when("account.employees", "is_known"), when("account.employees", "is_unknown")),
            True,
        ),
        (joined(LARGE, when("account.employees", "is_unknown")), True),
        (joined(LARGE, when("account.revenue", "is_unknown")), False),
        (
            joined(
                when("account.status", "is_any_of", ["partner", "customer"]),
                when("account.status", "is_not", "partner"),
                when("account.status", "is_not", "customer"),
            ),
            True,
        ),
        (
            joined(
                when("person.seniority", "at_least", "vp"),
                when("person.seniority", "is_any_of", ["intern", "manager"]),
            ),
            True,
        ),
        (
            joined(
                when("account.tech_stack", "contains_all", ["Slack", "SAP"]),
                when("account.tech_stack", "contains_none", ["sap"]),
            ),
            True,
        ),
        (
            joined(
                when("account.tech_stack", "contains_any", ["Slack", "SAP"]),
                when("account.tech_stack", "contains_none", ["sap"]),
            ),
            False,
        ),
        (
            joined(
                when("activity.count", "at_least", 3, kind="page_view", days=7),
                when("activity.count", "at_most", 2, kind="page_view", days=7),
            ),
            True,
        ),
        (
            joined(
                when("activity.count", "at_least", 3, kind="page_view", days=30),
                when("activity.count", "at_most", 2, kind="page_view", days=7),
            ),
            False,
        ),
        (
            joined(
                when("person.email_is_free", "is_true"), when("person.email_is_free", "is_false")
            ),
            True,
        ),
        (
            joined(
                when("person.email_domain", "starts_with", "a"),
                when("person.email_domain", "starts_with", "b"),
            ),
            True,
        ),
        (
            joined(
                when("person.email_domain", "domain_is", "example.com"),
                when("person.email_domain", "domain_is", "mail.example.com"),
            ),
            False,
        ),
    ],
)
def test_contradictory(conditions, is_contradictory):
    expected = [("contradictory", "rule")] if is_contradictory else []
    assert found(fits(fit("rule", conditions, points=0))) == expected


def test_requirements_that_no_lead_can_meet_together():
    two = fits(fit("small", SMALL, is_required=True), fit("large", LARGE, is_required=True))
    assert ("contradictory", "large") in found(two)
    assert found(fits(fit("small", SMALL, is_required=True), fit("large", LARGE))) == []


@pytest.mark.parametrize(
    ("first", "second", "activities", "expected"),
    [
        (signal("any"), signal("docs", where=DOCS), (), [("counts_twice", "docs")]),
        (signal("home", where={"page": "home"}), signal("docs", where=DOCS), (), []),
        (signal("view"), signal("price", kind="pricing_view"), (), []),
        (signal("docs", where=DOCS), signal("de", where={"language": "de"}), (), []),
        (
            signal("docs", where=DOCS),
            signal("de", where={"language": "de"}),
            (did("page_view", 2, page="Docs", language="de"),),
            [("counts_twice", "de")],
        ),
    ],
)
def test_signals_that_one_activity_counts_for(first, second, activities, expected):
    criteria = replace(BASE, signals=(first, second))
    assert found(criteria, leads(2, activities=activities)) == expected


def test_signals_that_share_a_capped_group_count_once_already():
    pair = signal("any", group="views"), signal("docs", where=DOCS, group="views")
    assert ("counts_twice", "docs") in found(replace(BASE, signals=pair))
    capped = replace(BASE, signals=pair, group_caps=(GroupCap("views", 20),))
    assert found(capped) == []


def test_hand_raises_that_one_activity_raises():
    twice = replace(BASE, hand_raises=(raised("demo"), raised("again", window_days=7)))
    assert found(twice) == [("counts_twice", "again")]
    assert found(replace(BASE, hand_raises=(raised("demo"), raised("call", "inbound_call")))) == []


def test_never_fires_names_the_fact_that_nobody_knows():
    criteria = fits(fit("large", LARGE))
    findings = lint(criteria, leads(100), next_steps={}, stages=())
    assert [(each.id, each.count) for each in findings] == [("criteria.never_fires", 0)]
    assert "nobody's Employees is known" in findings[0].sentence


def test_what_fired_on_one_lead_or_has_too_few_leads_is_no_finding():
    criteria = fits(fit("large", LARGE))
    assert found(criteria, leads(99)) == []
    one = leads(1, {"account.employees": 900})
    assert found(criteria, [*leads(99), *one]) == []


@pytest.mark.parametrize("other", [(), (HAS_PHONE,)], ids=["one", "two together"])
def test_what_is_required_and_nobody_meets_is_said_once(other):
    """What else gives points for fit then changes no band, which is not told of each."""
    required = [fit(f"r{n}", each, is_required=True) for n, each in enumerate((LARGE, *other))]
    criteria = fits(*required, fit("consent", when("person.consent", "is_true")))
    sample = leads(100, {**CONSENTING, "account.employees": 20, "person.has_phone": True})
    if other:
        sample += [(100 + lead_id, known) for lead_id, known in leads(100, CONSENTING)]
    (finding,) = lint(criteria, sample, next_steps={}, stages=())
    assert finding.id == "criteria.never_fires"
    assert "every lead stays at fit C" in finding.sentence


def never_fired(criteria, activities):
    findings = found(criteria, leads(100, activities=activities))
    return [key for rule, key in findings if rule == "never_fires"]


@pytest.mark.parametrize("days_ago", [0, 400])
def test_signals_and_hand_raises_of_long_ago_did_fire(days_ago):
    criteria = replace(
        BASE,
        signals=(signal("demo", kind="demo_request", intent="high"),),
        hand_raises=(raised("twice", times=2),),
        depth_rules=(DepthRule("two", "Two", 2, 0, 0, 14),),
    )
    twice = (did("demo_request", days_ago), did("demo_request", days_ago + 3))
    apart = (did("demo_request", days_ago), did("demo_request", days_ago + 60))
    assert never_fired(criteria, twice) == []
    assert never_fired(criteria, apart) == ["twice", "two"]


NOISE = replace(
    BASE,
    fit_rules=(
        fit("large", LARGE, points=30),
        fit("noise", when("person.consent", "is_true"), points=1),
    ),
    bands=Bands(30, 10, 5, 2, frozenset()),
    signals=(signal("view", points=5, cap=5),),
)
CONSENTING = {"account.employees": 900, "person.consent": True}


def test_a_rule_that_changes_no_band():
    sample = leads(100, CONSENTING, (did("page_view"),))
    assert found(NOISE, sample) == [("changes_no_band", "noise")]


def test_a_rule_that_tips_one_lead_changes_a_band():
    tipped = leads(1, CONSENTING, (did("page_view"),))
    criteria = replace(NOISE, bands=Bands(31, 10, 5, 2, frozenset()))
    assert found(criteria, [*leads(99, CONSENTING, (did("page_view"),)), *tipped]) == []


def test_a_signal_that_only_a_depth_rule_reads_changes_what_opens():
    criteria = replace(
        BASE,
        signals=(signal("view", points=0, intent="high"),),
        depth_rules=(DepthRule("one", "One", 1, 0, 0, 14),),
    )
    assert found(criteria, leads(100, activities=(did("page_view"),))) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"bands": Bands(61, 20, 40, 15, frozenset())}, ["fit_a"]),
        ({"bands": Bands(60, 20, 40, 15, frozenset())}, []),
        ({"bands": Bands(60, 20, 71, 15, frozenset())}, ["readiness_1"]),
        ({"bands": Bands(60, 20, 70, 15, frozenset())}, []),
        (
            {
                "bands": Bands(60, 20, 999, 15, frozenset()),
                "signals": (signal("open", cap=None, group=""),),
            },
            [],
        ),
    ],
)
def test_threshold_out_of_reach(changes, expected):
    """Sizes exclude one another: 40 at most, and 20 for seniority; 60 and 10 for readiness."""
    criteria = replace(
        BASE,
        fit_rules=(
            fit("small", SMALL, points=30),
            fit("large", LARGE, points=40),
            fit("senior", when("person.seniority", "at_least", "vp"), points=20),
            fit("minus", RIVAL, points=-5),
        ),
        signals=(
            signal("one", kind="demo_request", cap=50, group="web"),
            signal("two", kind="page_view", cap=50, group="web"),
        ),
        group_caps=(GroupCap("web", 60),),
        modifiers=(Modifier("hiring", "Hiring", when("account.is_hiring_sales", "is_true"), 10),),
    )
    assert found(replace(criteria, **changes)) == [
        ("threshold_out_of_reach", key) for key in expected
    ]


@pytest.mark.parametrize(
    ("fields", "facts", "expected"),
    [
        (
            (RequiredField("any", "person.email"),),
            {"person.email": "a@b.example"},
            ["any:person.email"],
        ),
        ((RequiredField("any", "person.email"),), {}, []),
        ((RequiredField("score", "person.phone"),), {}, ["score:person.phone"]),
        (
            (RequiredField("any", "person.email"), RequiredField("hand_raise", "person.email")),
            {},
            ["hand_raise:person.email"],
        ),
    ],
)
def test_required_field_that_gates_nothing(fields, facts, expected):
    criteria = replace(BASE, required_fields=fields, hand_raises=(raised("demo"),))
    raises = leads(100, facts, (did("demo_request"),))
    assert found(criteria, raises) == [("required_gates_nothing", key) for key in expected]


BANDS = [fit_grade + ready for fit_grade in "ABC" for ready in "123"]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ({}, ["fit_a", "fit_b", "readiness_1", "readiness_2"]),
        ({"A1": "sales", "A2": "sales"}, ["fit_b", "readiness_1"]),
        ({"A1": "sales", "A2": "later", "B1": "later"}, []),
        ({"A1": "hot", "B1": "sales", "A2": "sales"}, []),
    ],
)
def test_band_without_consequence(steps, expected):
    next_steps = dict.fromkeys(BANDS, "nurture") | steps
    assert found(BASE, next_steps=next_steps) == [
        ("band_without_consequence", key) for key in expected
    ]


def test_stage_without_exit():
    stages = [
        StageInUse("mql", "MQL", has_exit=False, is_final=False),
        StageInUse("sql", "SQL", has_exit=True, is_final=False),
        StageInUse("customer", "Customer", has_exit=False, is_final=True),
    ]
    assert found(BASE, stages=stages) == [("stage_without_exit", "mql")]


def test_every_rule_says_what_to_do():
    assert len(RULES) == 9
    documented = Path("docs/criteria-check.md").read_text()
    assert all(f"`{id}`" in documented for id in RULES)
    assert all(rule.title and rule.help and id == rule.id for id, rule in RULES.items())
