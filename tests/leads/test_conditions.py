"""The rule language: every operator on every type it takes, and on the unknown."""

from datetime import UTC, datetime, timedelta

import pytest

from leads.activity_series import ActivityRecord, series_of
from leads.conditions import (
    Evidence,
    InvalidConditions,
    Truth,
    compile_conditions,
    describe,
    validate,
)
from leads.facts import FACTS, Fact, FactType
from leads.forms.typed_conditions import TypedCondition
from leads.operators import OPERATORS, operators_for

AT = datetime(2026, 3, 10, 15, tzinfo=UTC)
CUSTOM = {
    "custom.renewal": Fact("custom.renewal", FactType.DATE, "Renewal", ""),
    "custom.discount": Fact("custom.discount", FactType.NUMBER, "Discount", "", unit="%"),
    "custom.crm": Fact("custom.crm", FactType.BOOLEAN, "Uses a CRM", ""),
}
TYPE_FACT = {
    FactType.TEXT: "person.title",
    FactType.NUMBER: "account.employees",
    FactType.BOOLEAN: "person.consent",
    FactType.CHOICE: "person.seniority",
    FactType.LIST: "account.tech_stack",
    FactType.DATE: "custom.renewal",
}
T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN

# operator, type, value in the rule, then what the fact may be and the answer it gets.
OPERATOR_CASES = [
    ("is", "text", "CFO", [(" cfo ", T), ("STRASSE", F), ("", U), (7, U), (None, U)]),
    ("is", "text", "Straße", [("STRASSE", T)]),
    (
        "is",
        "number",
        200,
        [(float("nan"), U), (200, T), (200.0, T), (201, F), ("200", U), (True, U), (None, U)],
    ),
    ("is", "choice", "vp", [("vp", T), ("owner", F), ("", U), (None, U)]),
    ("is_not", "text", "CFO", [("ceo", T), ("Cfo", F), (None, U)]),
    ("is_not", "choice", "vp", [("owner", T), ("vp", F), (None, U)]),
    ("is_any_of", "text", ["CFO", "CEO"], [("ceo", T), ("cto", F), (None, U)]),
    ("is_any_of", "choice", ["vp", "owner"], [("owner", T), ("intern", F), (None, U)]),
    ("is_none_of", "text", ["CFO", "CEO"], [("cto", T), ("CEO", F), (None, U)]),
    ("is_none_of", "choice", ["vp", "owner"], [("intern", T), ("vp", F), (None, U)]),
    ("contains", "text", "Sales", [("VP of sales", T), ("CFO", F), (None, U)]),
    ("starts_with", "text", "VP", [("vp of sales", T), ("the vp", F), (None, U)]),
    (
        "domain_is",
        "text",
        "Acme.com",
        [
            ("jo@acme.com", T),
            ("jo@mail.ACME.com", T),
            ("acme.com", T),
            ("https://www.acme.com/jobs", T),
            ("jo@notacme.com", F),
            ("acme.com.evil.org", F),
            (None, U),
        ],
    ),
    ("at_least", "number", 200, [(200, T), (199.9, F), (None, U), ("many", U)]),
    (
        "at_least",
        "choice",
        "director",
        [("director", T), ("vp", T), ("manager", F), ("boss", U), (None, U)],
    ),
    ("at_most", "number", 200, [(200, T), (201, F), (None, U)]),
    (
        "at_most",
        "choice",
        "director",
        [("director", T), ("intern", T), ("vp", F), ("boss", U), (None, U)],
    ),
    ("between", "number", [200, 2000], [(200, T), (2000, T), (199, F), (2001, F), (None, U)]),
    ("is_true", "boolean", None, [(True, T), (False, F), (1, U), (None, U)]),
    ("is_false", "boolean", None, [(False, T), (True, F), (0, U), (None, U)]),
    (
        "contains_any",
        "list",
        ["SAP", "Slack"],
        [(["slack", "x"], T), (["x"], F), ([], F), ("sap", U), (None, U)],
    ),
    ("contains_all", "list", ["SAP", "Slack"], [(["slack", "sap"], T), (["sap"], F), (None, U)]),
    ("contains_none", "list", ["SAP"], [([], T), (["x"], T), (["sap"], F), (None, U)]),
    (
        "before",
        "date",
        "2026-03-10",
        [("2026-03-09", T), ("2026-03-10", F), ("soon", U), (None, U)],
    ),
    ("after", "date", "2026-03-10", [("2026-03-11", T), ("2026-03-10", F), (None, U)]),
    (
        "within_days",
        "date",
        7,
        [
            ("2026-03-10", T),
            ("2026-03-03", T),
            ("2026-03-02", F),
            ("2026-03-11", F),
            (AT, T),
            (None, U),
        ],
    ),
    (
        "within_next_days",
        "date",
        7,
        [("2026-03-17", T), ("2026-03-18", F), ("2026-03-09", F), (None, U)],
    ),
    *[
        (operator, type_, None, [(known, yes), (None, no)])
        for operator, yes, no in (("is_known", T, F), ("is_unknown", F, T))
        for type_, known in (
            ("text", "CFO"),
            ("number", 0),
            ("boolean", False),
            ("choice", "vp"),
            ("list", []),
            ("date", "2026-03-10"),
        )
    ],
]
FLAT_CASES = [
    pytest.param(operator, type_, wanted, actual, answer, id=f"{operator}-{type_}-{actual!r}")
    for operator, type_, wanted, answers in OPERATOR_CASES
    for actual, answer in answers
]


def one(fact, op, value=None, **more):
    condition = {"fact": fact, "op": op, **more}
    return [[condition if value is None else {**condition, "value": value}]]


def evidence(*activities, at=AT, **facts):
    known = {name.replace("__", "."): value for name, value in facts.items()}
    return Evidence(known, series_of(activities, at), at)


def viewed(days_ago, page="pricing", kind="page_view"):
    return ActivityRecord(kind, {"page": page}, AT - timedelta(days=days_ago))


@pytest.mark.parametrize(("operator", "type_", "wanted", "actual", "answer"), FLAT_CASES)
def test_an_operator_answers_true_false_or_unknown(operator, type_, wanted, actual, answer):
    name = TYPE_FACT[FactType(type_)]
    conditions = one(name, operator, wanted)
    known = Evidence({} if actual is None else {name: actual}, (), AT)
    assert validate(conditions, extra_facts=CUSTOM) == []
    compiled = compile_conditions(conditions, extra_facts=CUSTOM)
    assert compiled.truth(known) == answer
    assert compiled.trace(known).truth == answer
    assert compiled.matches(known) is (answer is T)
    assert compiled.unknown_facts(known) == ((name,) if answer is U else ())


def test_every_operator_is_tried_on_every_type_it_takes_and_on_the_unknown():
    tried = {(operator, type_) for operator, type_, _, _ in OPERATOR_CASES}
    assert tried == {(each.key, type_.value) for each in OPERATORS.values() for type_ in each.types}
    for operator, type_, _, answers in OPERATOR_CASES[2:]:
        assert None in [actual for actual, _ in answers], (operator, type_)


@pytest.mark.parametrize("operator", OPERATORS.values(), ids=lambda operator: operator.key)
def test_an_operator_of_another_type_is_refused(operator):
    refused = {fact.name for fact in FACTS.values() if is_refused(fact, operator)}
    assert refused == {fact.name for fact in FACTS.values() if operator not in operators_for(fact)}


def is_refused(fact, operator):
    conditions = [[{"fact": fact.name, "op": operator.key, "value": 1, "kind": "email_open"}]]
    return any("can't be asked" in message for message in validate(conditions))


def test_all_conditions_of_a_group_and_any_group_must_hold():
    conditions = [
        [
            {"fact": "person.title", "op": "is", "value": "cfo"},
            {"fact": "person.consent", "op": "is_true"},
        ],
        [{"fact": "account.employees", "op": "at_least", "value": 50}],
    ]
    compiled = compile_conditions(conditions)
    assert compiled.matches(evidence(person__title="CFO", person__consent=True))
    assert compiled.matches(evidence(account__employees=50))
    assert not compiled.matches(evidence(person__title="CFO", person__consent=False))


@pytest.mark.parametrize(
    ("facts", "truth"),
    [
        pytest.param({"person__title": "ceo"}, F, id="false beats unknown in a group"),
        pytest.param({"person__title": "cfo"}, U, id="unknown beats true in a group"),
        pytest.param({"person__title": "cfo", "person__consent": True}, T, id="all true"),
    ],
)
def test_a_group_is_false_before_it_is_unknown(facts, truth):
    conditions = [[*one("person.title", "is", "CFO")[0], *one("person.consent", "is_true")[0]]]
    assert compile_conditions(conditions).truth(evidence(**facts)) == truth


def test_groups_are_true_before_they_are_unknown():
    conditions = [*one("person.consent", "is_true"), *one("person.title", "is", "CFO")]
    compiled = compile_conditions(conditions)
    assert compiled.truth(evidence(person__title="cfo")) is T
    assert compiled.truth(evidence(person__title="ceo")) is U


def test_no_conditions_mean_always():
    compiled = compile_conditions([])
    assert compiled.matches(evidence())
    assert compiled.truth(evidence()) is T
    assert describe([]) == "Always"


@pytest.mark.parametrize(
    ("fact", "more", "actual"),
    [
        pytest.param("activity.count", {}, 5, id="ever"),
        pytest.param("activity.count", {"days": 7}, 4, id="seven days take in the seventh"),
        pytest.param("activity.count", {"where": {"page": "PRICING"}}, 4, id="filtered"),
        pytest.param(
            "activity.count", {"where": {"page": "pricing"}, "days": 1}, 3, id="filtered, a day"
        ),
        pytest.param("activity.count", {"where": {"topic": "x"}}, 0, id="no such property"),
        pytest.param("activity.distinct_days", {}, 4, id="days"),
        pytest.param("activity.days_since_last", {}, 0, id="last"),
        pytest.param(
            "activity.days_since_last", {"where": {"page": "home"}}, 7, id="last of one page"
        ),
    ],
)
def test_behaviour_is_counted_in_a_window(fact, more, actual):
    seen = (viewed(8), viewed(7, "home"), viewed(1), viewed(0), viewed(0), viewed(-1))
    conditions = one(fact, "is", actual, kind="page_view", **more)
    trace = compile_conditions(conditions).trace(evidence(*seen))
    assert trace.groups[0].conditions[0].actual == actual
    assert trace.truth is T


def test_days_since_something_that_never_happened_are_unknown():
    conditions = one("activity.days_since_last", "at_least", 3, kind="demo_request")
    assert compile_conditions(conditions).truth(evidence(viewed(1))) is U


def test_an_activity_after_the_instant_never_counts():
    conditions = one("activity.count", "at_least", 1, kind="page_view")
    late = evidence(viewed(0), at=AT - timedelta(seconds=1))
    assert not compile_conditions(conditions).matches(late)


def test_a_window_steps_at_whole_utc_days():
    compiled = compile_conditions(one("activity.count", "at_least", 1, kind="page_view", days=1))
    seen = ActivityRecord("page_view", {}, datetime(2026, 3, 8, 0, 1, tzinfo=UTC))
    assert compiled.matches(evidence(seen, at=datetime(2026, 3, 9, 23, 59, tzinfo=UTC)))
    assert not compiled.matches(evidence(seen, at=datetime(2026, 3, 10, 0, 0, tzinfo=UTC)))


def test_an_instant_without_a_zone_is_refused():
    naive = Evidence({}, [], datetime(2026, 3, 10))  # noqa: DTZ001
    with pytest.raises(ValueError, match="zone"):
        _ = naive.day


def test_a_trace_says_what_was_asked_and_found():
    conditions = [
        [
            {"fact": "account.employees", "op": "between", "value": [200, 2000]},
            {
                "fact": "activity.count",
                "kind": "pricing_view",
                "days": 7,
                "op": "at_least",
                "value": 2,
            },
        ],
        one("person.seniority", "at_least", "vp")[0],
    ]
    trace = compile_conditions(conditions).trace(evidence(account__employees=1500))
    assert trace.to_json() == {
        "truth": "unknown",
        "groups": [
            {
                "truth": "false",
                "conditions": [
                    {
                        "text": "Employees is between 200 and 2,000",
                        "fact": "account.employees",
                        "found": 1500,
                        "actual": "1,500",
                        "truth": "true",
                    },
                    {
                        "text": "Pricing views in 7 days is at least 2",
                        "fact": "activity.count",
                        "found": 0,
                        "actual": "0",
                        "truth": "false",
                    },
                ],
            },
            {
                "truth": "unknown",
                "conditions": [
                    {
                        "text": "Seniority is at least VP",
                        "fact": "person.seniority",
                        "found": None,
                        "actual": "unknown",
                        "truth": "unknown",
                    }
                ],
            },
        ],
    }


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        (one("person.consent", "is_true"), "Consent"),
        (one("person.consent", "is_false"), "No consent"),
        (one("person.consent", "is_unknown"), "Consent is unknown"),
        (one("person.has_phone", "is_true"), "Has a phone number"),
        (one("person.has_phone", "is_false"), "Has no phone number"),
        (one("account.has_owner", "is_false"), "Account has no owner"),
        (one("custom.crm", "is_false"), "Uses a CRM: no"),
        (one("person.phone", "is_known"), "Phone is known"),
        (
            one("person.seniority", "is_any_of", ["vp", "c_level"]),
            "Seniority is any of VP or C-level",
        ),
        (one("custom.renewal", "within_days", 1), "Renewal is in the last 1 day"),
        (one("custom.discount", "at_most", 10), "Discount is at most 10%"),
        (
            one(
                "activity.distinct_days",
                "at_least",
                3,
                kind="page_view",
                where={"page": "docs"},
                days=30,
            ),
            "Days with page views with page docs in 30 days is at least 3",
        ),
        (
            one("activity.days_since_last", "at_most", 3, kind="email_reply"),
            "Days since the last email reply is at most 3",
        ),
        (
            [*one("person.title", "is", "CFO"), *one("person.title", "contains", "chief")],
            "Job title is CFO, or Job title contains chief",
        ),
    ],
)
def test_conditions_are_told_in_plain_english(conditions, words):
    assert describe(conditions, extra_facts=CUSTOM) == words


@pytest.mark.parametrize(
    ("conditions", "sentence"),
    [
        ("always", "Conditions must be a list of groups, each a list of conditions."),
        ([], "Add at least one condition: only a fallback rule may apply to everybody."),
        ([[]], "The group is empty: add a condition or remove the group."),
        ([{}], "The group must be a list of conditions."),
        ([[{}]], "Condition 1: it is blank; choose what to ask about."),
        ([[{"fact": "", "op": "is"}]], "Condition 1: it is blank; choose what to ask about."),
        ([[7]], "Condition 1: it is blank; choose what to ask about."),
        (
            one("person.shoe_size", "is", 42),
            "Condition 1: the fact “person.shoe_size” does not exist or no longer exists; choose another.",
        ),
        (
            one("person.consent", "at_least", 1),
            "Condition 1: Consent can't be asked “is at least”; use is true, is false, is known, is unknown.",
        ),
        (
            one("person.consent", ""),
            "Condition 1: choose how to compare Consent: is true, is false, is known, is unknown.",
        ),
        (one("person.title", "is"), "Condition 1: Job title needs a value to compare with."),
        (one("person.title", "is", "  "), "Condition 1: Job title needs a text, not “  ”."),
        (
            one("account.employees", "is", "lots"),
            "Condition 1: Employees needs a number, not “lots”.",
        ),
        (
            one("account.employees", "is", float("nan")),
            "Condition 1: Employees needs a number, not “nan”.",
        ),
        (
            one("account.employees", "between", [2000, 200]),
            "Condition 1: the range is upside down: 2,000 is more than 200.",
        ),
        (
            one("account.employees", "between", 5),
            "Condition 1: Employees needs two numbers, from and to.",
        ),
        (
            one("custom.discount", "at_least", 120),
            "Condition 1: Discount is a percentage, so it lies between 0 and 100, not at 120.",
        ),
        (one("person.title", "is", "a\ud800"), "Condition 1: it holds a character that can't be"),
        (one("account.employees", "is", 10**18), "Condition 1: Employees needs a number of at "),
        (one("account.region", "is", "moon"), "Condition 1: Region needs one of Americas, "),
        (one("account.region", "is", ["emea"]), "Condition 1: Region needs one of Americas, "),
        (one("account.region", "is_any_of", []), "Condition 1: Region needs at least one value"),
        (
            one("account.tech_stack", "contains_any", [" "]),
            "Condition 1: Tech stack needs a text, not “ ”.",
        ),
        (
            one("custom.renewal", "before", "soon"),
            "Condition 1: Renewal needs a date such as 2026-01-31, not “soon”.",
        ),
        (
            one("custom.renewal", "within_days", 0),
            "Condition 1: give a whole number of days, 1 to 3,650.",
        ),
        (
            one("person.email", "domain_is", "jo@acme.com"),
            "Condition 1: “jo@acme.com” is not a domain; write it like example.com.",
        ),
        (one("person.consent", "is_true", "yes"), "Condition 1: “is true” takes no value."),
        (one("activity.count", "is", 1), "Condition 1: choose which activity to count."),
        (
            one("activity.count", "is", 1, kind=["page_view"]),
            "Condition 1: the activity “['page_view']” does not exist.",
        ),
        (
            one("activity.count", "is", 1, kind="sneeze"),
            "Condition 1: the activity “sneeze” does not exist.",
        ),
        (
            one("activity.count", "is", 1, kind="page_view", days=0.5),
            "Condition 1: the window must be a whole number of days, 1 to 3,650.",
        ),
        (
            one("activity.count", "is", 1, kind="page_view", where={"page": ["a"]}),
            "Condition 1: each filter needs a property's name and a text, number or yes/no to equal.",
        ),
        (
            one("activity.count", "at_least", -1, kind="page_view"),
            "Condition 1: Number of activities is never below 0.",
        ),
        (
            one("person.title", "is", "CFO", days=7),
            "Condition 1: Job title does not go with “days”.",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(conditions, sentence):
    messages = validate(conditions, extra_facts=CUSTOM)
    assert len(messages) == 1
    assert messages[0].startswith(sentence)


def test_each_mistake_is_named_with_its_place():
    messages = validate(
        [one("person.title", "is", "CFO")[0], [{}, {"fact": "person.title", "op": "is"}]]
    )
    assert [message.split(":")[0] for message in messages] == [
        "Group 2, condition 1",
        "Group 2, condition 2",
    ]


def test_only_a_fallback_may_be_without_conditions():
    assert validate([], allow_always=True) == []


def test_what_is_not_valid_is_not_compiled():
    with pytest.raises(InvalidConditions) as refused:
        compile_conditions(one("custom.renewal", "before", "2026-01-01"))
    assert "no longer exists" in refused.value.messages[0]


@pytest.mark.parametrize(
    ("fact", "usual"),
    [("person.seniority", "is"), ("account.employees", "at_least"), ("custom.crm", "is_true")],
)
def test_a_form_begins_with_the_usual_question(fact, usual):
    assert TypedCondition(fact=fact).refreshed({**FACTS, **CUSTOM}).op == usual
