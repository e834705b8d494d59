"""Measure the rule language and the score beside what plain Python can do.

    .venv/bin/python -m bench.scoring

Each goal is a ratio or a rate within this run; the command fails if one is missed.
"""

import operator
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Any, NamedTuple

from leads.activity_series import ActivityRecord, Series, series_of
from leads.conditions import Compiled, Evidence, compile_conditions
from leads.facts import FUNCTIONS, REGIONS, SENIORITIES
from leads.openings import opening_of
from leads.rule_index import PointsIndex, RuleIndex
from leads.score_changes import flips_of, next_change
from leads.scoring import (
    Bands,
    Criteria,
    FitRule,
    GroupCap,
    HandRaise,
    Signal,
    score_of,
)
from leads.standing import Standing

AT = datetime(2026, 3, 10, 15, tzinfo=UTC)
LEADS, RULES, ADDITIVE_RULES, PASSES = 5_000, 200, 40, 5
SOURCES = ("web", "webinar", "partner", "event", "list", "ads")
INDUSTRIES = ("fintech", "retail", "health", "energy", "media", "public", "travel", "food")
COUNTRIES = ("DE", "FR", "GB", "US", "CA", "BR", "JP", "AU")
KINDS = ("page_view", "pricing_view", "email_open", "content_download", "webinar_attendance")

Facts = dict[str, Any]
Condition = dict[str, Any]


class LeadAsKnown(NamedTuple):
    facts: Facts
    series: Sequence[Series]


class Goal(NamedTuple):
    name: str
    reached: float
    at_least: float


def per_second(call: Callable[[Any], object], arguments: Sequence[Any]) -> float:
    """Return the calls a second of processor time: the best of PASSES passes over `arguments`."""
    best = float("inf")
    for _ in range(PASSES):
        began = process_time()
        for argument in arguments:
            call(argument)
        best = min(best, process_time() - began)
    return len(arguments) / best


def random_facts(choose: random.Random) -> Facts:
    """Return the facts of one lead; one in ten of them is unknown."""
    facts = {
        "lead.source": choose.choice(SOURCES),
        "account.industry": choose.choice(INDUSTRIES),
        "account.country": choose.choice(COUNTRIES).casefold(),
        "account.region": choose.choice(REGIONS)[0],
        "account.employees": int(choose.lognormvariate(5.5, 1.5)),
        "person.seniority": choose.choice(SENIORITIES)[0],
        "person.function": choose.choice(FUNCTIONS)[0],
        "person.email_is_free": choose.random() < 0.3,
    }
    return {name: value for name, value in facts.items() if choose.random() > 0.1}


def sample(choose: random.Random, choices: Sequence[str], share: float) -> list[str]:
    return choose.sample(choices, max(1, round(share * len(choices))))


def random_conditions(choose: random.Random) -> list[Condition]:
    """Return one condition on each of the eight facts, about three in four leads passing each."""
    low = choose.choice([5, 10, 20, 50])
    return [
        {"fact": "lead.source", "op": "is", "value": choose.choice(SOURCES)},
        {"fact": "account.country", "op": "is", "value": choose.choice(COUNTRIES)},
        {"fact": "account.industry", "op": "is_any_of", "value": sample(choose, INDUSTRIES, 0.5)},
        {"fact": "account.region", "op": "is_not", "value": choose.choice(REGIONS)[0]},
        {"fact": "account.employees", "op": "between", "value": [low, low * 200]},
        {"fact": "person.seniority", "op": "at_least", "value": "manager"},
        {
            "fact": "person.function",
            "op": "is_none_of",
            "value": sample(choose, [key for key, _ in FUNCTIONS], 0.2),
        },
        {"fact": "person.email_is_free", "op": "is_false"},
    ]


SENIORITY_RANK = {key: rank for rank, (key, _) in enumerate(SENIORITIES)}
PLAIN_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "is": operator.eq,
    "is_not": operator.ne,
    "is_any_of": lambda actual, wanted: actual in wanted,
    "is_none_of": lambda actual, wanted: actual not in wanted,
    "between": lambda actual, wanted: wanted[0] <= actual <= wanted[1],
    "at_least": lambda actual, wanted: SENIORITY_RANK[actual] >= SENIORITY_RANK[wanted],
    "is_true": lambda actual, wanted: actual is True,
    "is_false": lambda actual, wanted: actual is False,
}


def lower_case(condition: Condition) -> Condition:
    """Return the condition as a plain comparison wants it: the facts are lower case already."""
    if condition["fact"] == "account.country":
        return {**condition, "value": condition["value"].casefold()}
    return condition


def naive_first_match(rules: Sequence[Sequence[Condition]], facts: Facts) -> int | None:
    for place, rule in enumerate(rules):
        for condition in rule:
            actual = facts.get(condition["fact"])
            if actual is None or not PLAIN_TESTS[condition["op"]](actual, condition.get("value")):
                break
        else:
            return place
    return None


def closures_first_match(rules: Sequence[Compiled], facts: Facts) -> int | None:
    evidence = Evidence(facts, (), AT)
    return next((place for place, rule in enumerate(rules) if rule.matches(evidence)), None)


def first_match_goals(leads: Sequence[Facts]) -> list[Goal]:
    choose = random.Random(2)
    stored = [random_conditions(choose) for _ in range(RULES)]
    plain = [[lower_case(each) for each in rule] for rule in stored]
    compiled = [compile_conditions([rule]) for rule in stored]
    began = process_time()
    index = RuleIndex(compiled)
    built = process_time() - began

    def first_match(facts: Facts) -> int | None:
        return index.first_match(Evidence(facts, (), AT))

    def full_trace(facts: Facts) -> object:
        evidence = Evidence(facts, (), AT)
        return [rule.trace(evidence) for rule in compiled]

    expected = [naive_first_match(plain, facts) for facts in leads]
    if expected != [first_match(facts) for facts in leads]:
        raise AssertionError("The index and the naive loop disagree.")
    naive = per_second(lambda facts: naive_first_match(plain, facts), leads)
    closures = per_second(lambda facts: closures_first_match(compiled, facts), leads)
    ours, traced = per_second(first_match, leads), per_second(full_trace, leads[:50])
    matched = 1 - expected.count(None) / len(leads)
    print(f"first match of {RULES} rules of 8 conditions; {matched:.0%} match; leads/s:")
    print(f"  naive loop {naive:,.0f}   closures {closures:,.0f}   index {ours:,.0f}", end="")
    print(f" (built in {built * 1000:.1f} ms)   full trace {traced:,.0f}")
    return [
        Goal("first match, leads/s", ours, 20_000),
        Goal("first match / naive loop", ours / naive, 1),
    ]


def additive_rules() -> list[tuple[int, Condition]]:
    """Return the first forty conditions of random rules, with points."""
    choose = random.Random(3)
    conditions = [each for _ in range(ADDITIVE_RULES) for each in random_conditions(choose)]
    return [(choose.choice([-10, 5, 10, 15, 20]), each) for each in conditions[:ADDITIVE_RULES]]


def plain_source(rules: Sequence[tuple[int, Condition]]) -> str:
    """Return what a programmer would write for `rules`: one function of forty ifs."""
    comparison = {
        "is": "{name} == {value!r}",
        "is_not": "{name} != {value!r}",
        "is_any_of": "{name} in {value!r}",
        "is_none_of": "{name} not in {value!r}",
        "between": "{value[0]} <= {name} <= {value[1]}",
        "at_least": "rank[{name}] >= {value}",
        "is_false": "{name} is False",
    }
    names = sorted({each["fact"] for _, each in rules})
    lines = ["def plain(facts):", "    points = 0"]
    lines += [f"    {name.replace('.', '_')} = facts.get({name!r})" for name in names]
    for points, condition in rules:
        name, value = condition["fact"].replace(".", "_"), lower_case(condition).get("value")
        if condition["op"] == "at_least":
            value = SENIORITY_RANK[str(value)]
        test = comparison[condition["op"]].format(name=name, value=value)
        lines.append(f"    if {name} is not None and {test}: points += {points}")
    return "\n".join([*lines, "    return points"])


def additive_goals(leads: Sequence[Facts]) -> list[Goal]:
    rules = additive_rules()
    space: dict[str, Any] = {"rank": SENIORITY_RANK}
    exec(plain_source(rules), space)
    index = PointsIndex([(points, compile_conditions([[each]])) for points, each in rules])

    def total(facts: Facts) -> int:
        return index.total(Evidence(facts, (), AT))

    if [space["plain"](facts) for facts in leads] != [total(facts) for facts in leads]:
        raise AssertionError("The index and the plain function disagree.")
    plain, ours = per_second(space["plain"], leads), per_second(total, leads)
    print(
        f"{ADDITIVE_RULES} additive rules, leads/s: plain function {plain:,.0f}   index {ours:,.0f}"
    )
    return [Goal("additive rules / plain function", ours / plain, 0.25)]


def random_series(choose: random.Random, count: int) -> list[Series]:
    records = (
        ActivityRecord(choose.choice(KINDS), {}, AT - timedelta(days=choose.uniform(0, 120)))
        for _ in range(count)
    )
    return series_of(records, AT)


def whole_criteria() -> Criteria:
    """Return forty fit rules and ten signals, in a capped group."""
    fit = tuple(
        FitRule(f"fit_{place}", f"Fit {place}", [[condition]], points)
        for place, (points, condition) in enumerate(additive_rules())
    )
    halving = Signal("", "", "", {}, 4, "supportive", "half_life", 14, 90, 20, "all")
    fading = replace(halving, decay="linear", half_life_days=None)
    signals = tuple(
        replace(each, key=f"{kind}_{each.decay}", label=kind, kind=kind)
        for kind in KINDS
        for each in (halving, fading)
    )
    hand_raises = (HandRaise("demo", "Demo request", "demo_request"),)
    bands, caps = Bands(120, 60, 60, 25, frozenset({"A1"})), (GroupCap("all", 90),)
    return Criteria(fit, (), signals, (), caps, hand_raises, (), (), bands)


def score_goals(leads: Sequence[Facts]) -> list[Goal]:
    choose, criteria = random.Random(4), whole_criteria()
    evidence = [LeadAsKnown(facts, random_series(choose, 10)) for facts in leads[:500]]
    busy = [LeadAsKnown(facts, random_series(choose, 500)) for facts in leads[:20]]

    def standing(lead: LeadAsKnown) -> Standing:
        return Standing(Evidence(lead.facts, lead.series, AT), criteria)

    def band(lead: LeadAsKnown) -> str:
        return standing(lead).band

    def with_everything(lead: LeadAsKnown) -> object:
        found = standing(lead)
        return score_of(found), opening_of(found, None), next_change(found)

    def flips(lead: LeadAsKnown) -> object:
        return flips_of(standing(lead))

    bands, scores = per_second(band, evidence), per_second(with_everything, evidence)
    everything = 1000 / per_second(with_everything, busy)
    flipping = 1000 / per_second(flips, busy)
    print(f"10 activities, leads/s: band {bands:,.0f}   score, opening, next change {scores:,.0f}")
    print(
        f"500 activities, ms: score, opening, next change {everything:.2f}   flips {flipping:.2f}"
    )
    return [
        Goal("band with 10 activities, leads/s", bands, 5_000),
        Goal("5 ms / whole score with 500 activities", 5 / everything, 1),
    ]


def main() -> int:
    choose = random.Random(1)
    leads = [random_facts(choose) for _ in range(LEADS)]
    goals = [*additive_goals(leads), *first_match_goals(leads), *score_goals(leads)]
    for goal in goals:
        verdict = "ok" if goal.reached >= goal.at_least else "MISSED"
        print(f"{goal.name:40} {goal.reached:14,.2f}  goal {goal.at_least:,g}  {verdict}")
    return int(any(goal.reached < goal.at_least for goal in goals))


if __name__ == "__main__":
    sys.exit(main())
