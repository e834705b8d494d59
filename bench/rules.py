"""Measure the first match of 200 rules of 8 conditions beside the rule-engine package.

    python3 -m pip --python .venv/bin/python install --target /tmp/peers rule-engine
    PYTHONPATH=/tmp/peers .venv/bin/python -m bench.rules

The package is wanted for this measurement alone. Both must give the same answers. Goals: 20,000
leads a second without a trace, 50 times the peer; with the trace of the rule that matched as well.
"""

import json
import random
import sys

import rule_engine

from bench.scoring import AT, LEADS, RULES, Condition, Facts, per_second, random_conditions
from bench.scoring import random_facts as facts_of_one
from leads.conditions import Evidence, compile_conditions
from leads.facts import SENIORITIES
from leads.rule_index import RuleIndex

GOAL, TIMES_PEER, PEERS_LEADS = 20_000, 50, 40
RANK = {key: rank for rank, (key, _) in enumerate(SENIORITIES)}


def name_of(fact: str) -> str:
    return fact.replace(".", "_")


def as_peer_writes(condition: Condition) -> str:
    """Return a condition in the peer's words; what is unknown never holds."""
    name, value = name_of(condition["fact"]), condition.get("value")
    if condition["fact"] == "account.country":
        value = str(value).casefold()
    known = f"{name} != null and "
    match condition["op"]:
        case "is":
            return f'{known}{name} == "{value}"'
        case "is_not":
            return f'{known}{name} != "{value}"'
        case "is_any_of":
            return f"{known}{name} in {json.dumps(value)}"
        case "is_none_of":
            return f"{known}not ({name} in {json.dumps(value)})"
        case "between":
            low, high = value or (0, 0)
            return f"{known}{name} >= {low} and {name} <= {high}"
        case "at_least":
            return f"{name}_rank != null and {name}_rank >= {RANK[str(value)]}"
    return f"{known}{name} == false"


def as_peer_reads(facts: Facts, names: list[str]) -> Facts:
    told = {name_of(name): facts.get(name) for name in names}
    return told | {"person_seniority_rank": RANK.get(facts.get("person.seniority", ""))}


def main() -> int:
    choose = random.Random(1)
    leads = [facts_of_one(choose) for _ in range(LEADS)]
    choose = random.Random(2)
    stored = [random_conditions(choose) for _ in range(RULES)]
    compiled = [compile_conditions([rule]) for rule in stored]
    index = RuleIndex(compiled)
    peer = [rule_engine.Rule(" and ".join(map(as_peer_writes, rule))) for rule in stored]
    names = [each["fact"] for each in stored[0]]

    def first_match(facts: Facts) -> int | None:
        return index.first_match(Evidence(facts, (), AT))

    def with_trace(facts: Facts) -> object:
        evidence = Evidence(facts, (), AT)
        place = index.first_match(evidence)
        return None if place is None else compiled[place].trace(evidence)

    def peers_match(facts: Facts) -> int | None:
        told = as_peer_reads(facts, names)
        return next((place for place, rule in enumerate(peer) if rule.matches(told)), None)

    few = leads[:PEERS_LEADS]
    if [first_match(facts) for facts in few] != [peers_match(facts) for facts in few]:
        raise AssertionError("The index and the peer disagree.")
    theirs = per_second(peers_match, few)
    ours, traced = per_second(first_match, leads), per_second(with_trace, leads)
    print(f"first match of {RULES} rules of 8 conditions, leads/s:")
    print(f"  rule-engine {theirs:,.0f}   index {ours:,.0f}   with the trace {traced:,.0f}")
    print(f"  {ours / theirs:,.0f} times the peer (goal {TIMES_PEER}), goal {GOAL:,} leads/s")
    return int(ours < GOAL or ours < TIMES_PEER * theirs)


if __name__ == "__main__":
    sys.exit(main())
