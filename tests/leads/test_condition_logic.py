"""Whatever is said to follow from conditions does, for every value that was tried."""

from hypothesis import given
from hypothesis import strategies as st

from leads.condition_logic import can_hold, exclude, groups_of, imply
from leads.conditions import Evidence, compile_conditions
from leads.facts import Fact, FactType
from tests.leads.criteria_examples import AT

SENIORITIES = ["intern", "individual", "manager", "director", "vp", "c_level", "owner"]
TEXTS = ["a", "ab", "b", "a.example", "b.a.example"]
DAYS = ["2026-03-01", "2026-03-09", "2026-03-11"]
VALUES = {
    "account.employees": [0, 1, 1.5, 2, 3, 5, None],
    "person.seniority": [*SENIORITIES, "nonsense", None],
    "person.email_domain": [*TEXTS, "c", None],
    "person.email_is_free": [True, False, None],
    "account.tech_stack": [[], ["a"], ["b"], ["a", "b"], ["a", "b", "c"], None],
    "custom.renewal": [*DAYS, "2026-03-10", None],
}
NUMBERS = st.integers(0, 4)
PER_FACT = {
    "account.employees": st.one_of(
        st.tuples(st.sampled_from(["is", "at_least", "at_most"]), NUMBERS),
        st.tuples(st.just("between"), st.lists(NUMBERS, min_size=2, max_size=2).map(sorted)),
    ),
    "person.seniority": st.one_of(
        st.tuples(st.sampled_from(["is", "is_not", "at_least"]), st.sampled_from(SENIORITIES)),
        st.tuples(
            st.sampled_from(["is_any_of", "is_none_of"]),
            st.lists(st.sampled_from(SENIORITIES), min_size=1, max_size=3),
        ),
    ),
    "person.email_domain": st.one_of(
        st.tuples(
            st.sampled_from(["is", "is_not", "contains", "starts_with"]), st.sampled_from(TEXTS)
        ),
        st.tuples(st.just("domain_is"), st.sampled_from(TEXTS[3:])),
        st.tuples(
            st.sampled_from(["is_any_of", "is_none_of"]),
            st.lists(st.sampled_from(TEXTS), min_size=1, max_size=2),
        ),
    ),
    "person.email_is_free": st.tuples(st.sampled_from(["is_true", "is_false"]), st.none()),
    "account.tech_stack": st.tuples(
        st.sampled_from(["contains_any", "contains_all", "contains_none"]),
        st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=2),
    ),
    "custom.renewal": st.one_of(
        st.tuples(st.sampled_from(["before", "after"]), st.sampled_from(DAYS)),
        st.tuples(st.sampled_from(["within_days", "within_next_days"]), st.integers(1, 3)),
    ),
}
KNOWN = st.tuples(st.sampled_from(["is_known", "is_unknown"]), st.none())
DATE = {"custom.renewal": Fact("custom.renewal", FactType.DATE, "Renewal", "")}


def conditions_on(fact):
    def as_stored(pair):
        operator, value = pair
        stored = {"fact": fact, "op": operator}
        return stored if value is None else {**stored, "value": value}

    return st.one_of(PER_FACT[fact], KNOWN).map(as_stored)


def rules_on(fact):
    return st.lists(
        st.lists(conditions_on(fact), min_size=1, max_size=3), min_size=1, max_size=2
    ).map(lambda groups: (fact, groups))


pairs = st.sampled_from(sorted(PER_FACT)).flatmap(
    lambda fact: st.tuples(rules_on(fact), rules_on(fact))
)


@given(pairs)
def test_what_is_said_to_follow_does(pair):
    (fact, first), (_, second) = pair
    one, other = (compile_conditions(each, extra_facts=DATE) for each in (first, second))
    known = [Evidence({fact: value}, (), AT) for value in VALUES[fact]]
    held = [(one.matches(evidence), other.matches(evidence)) for evidence in known]
    groups = groups_of(first, one), groups_of(second, other)
    if imply(*groups):
        assert (True, False) not in held
    if exclude(*groups):
        assert (True, True) not in held
    if not any(can_hold(group) for group in groups[0]):
        assert not any(is_held for is_held, _ in held)
