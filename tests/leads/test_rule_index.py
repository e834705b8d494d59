"""Rules asked together give the answers that each gives alone."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from leads.activity_series import make_series, microseconds
from leads.conditions import Evidence, compile_conditions
from leads.rule_index import REMEMBERED_VALUES, PointsIndex, RuleIndex

AT = datetime(2026, 3, 10, 15, tzinfo=UTC)
NUMBERS = [100, 200, 200.5, 300]

conditions = st.one_of(
    st.builds(
        lambda op, value: {"fact": "account.employees", "op": op, "value": value},
        st.sampled_from(["is", "at_least", "at_most"]),
        st.sampled_from(NUMBERS),
    ),
    st.just({"fact": "account.employees", "op": "between", "value": [100, 300]}),
    st.just({"fact": "account.employees", "op": "is_unknown"}),
    st.just({"fact": "person.consent", "op": "is_true"}),
    st.just({"fact": "person.consent", "op": "is_false"}),
    st.just({"fact": "person.title", "op": "contains", "value": "VP"}),
    st.just({"fact": "person.title", "op": "is_none_of", "value": ["CFO"]}),
    st.just({"fact": "person.seniority", "op": "at_least", "value": "vp"}),
    st.just({"fact": "account.tech_stack", "op": "contains_any", "value": ["SAP"]}),
    st.just(
        {"fact": "activity.count", "op": "at_least", "value": 1, "kind": "page_view", "days": 3}
    ),
)
rule_lists = st.lists(
    st.lists(st.lists(conditions, min_size=1, max_size=3), max_size=2), min_size=1, max_size=8
)
evidences = st.builds(
    lambda facts, days: Evidence(
        facts,
        [make_series("page_view", {}, [microseconds(AT - timedelta(days=each)) for each in days])],
        AT,
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "account.employees": st.sampled_from(
                [*NUMBERS, 99, 150, 200.2, 301, None, "200", True, float("nan")]
            ),
            "person.consent": st.sampled_from([True, False, 1, None]),
            "person.title": st.sampled_from(["vp sales", "CFO", "", None]),
            "person.seniority": st.sampled_from(["vp", "intern", "wizard"]),
            "account.tech_stack": st.sampled_from([["sap"], [], None]),
        },
    ),
    st.lists(st.integers(0, 6), max_size=2),
)


@given(rule_lists, st.lists(evidences, min_size=1, max_size=6))
def test_rules_together_answer_as_each_alone(rules, leads):
    compiled = [compile_conditions(rule) for rule in rules]
    index = RuleIndex(compiled)
    points = PointsIndex([(7 * place - 9, each) for place, each in enumerate(compiled)])
    for lead in leads:
        alone = [place for place, each in enumerate(compiled) if each.matches(lead)]
        assert index.matching(lead) == alone
        assert index.first_match(lead) == (alone[0] if alone else None)
        assert points.total(lead) == sum(7 * place - 9 for place in alone)


def test_no_rules_match_nothing():
    assert RuleIndex([]).first_match(Evidence({}, [], AT)) is None


def test_a_fact_of_endless_values_does_not_fill_the_memory():
    index = RuleIndex(
        [compile_conditions([[{"fact": "account.name", "op": "contains", "value": "7"}]])]
    )
    names = [str(number) for number in range(2 * REMEMBERED_VALUES)]
    matched = [name for name in names if index.matching(Evidence({"account.name": name}, [], AT))]
    assert matched == [name for name in names if "7" in name]
    assert len(index._columns[0]._survivors) <= REMEMBERED_VALUES
