"""What past handoffs show: rows that never held, and what only the last row would take. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from leads.facts import Fact, FactType
from routing.linting.checked import ENOUGH_HANDOFFS, TABLE, Checked, Finding, Passed, Row, about

NEVER_FIRES, GAP = "routing.never_fires", "routing.gap"
# What a gap is told by: facts with few values, of those that the table asks for.
FACTS_TOLD = 3
GAPS_TOLD = 5
# Read from the account when routing asks: whether it has one says nothing of what is missing.
ASKED_OF_OWNERS = frozenset({"account.has_owner", "account.has_open_opportunity"})


def never_fires(checked: Checked) -> Iterator[Finding]:
    if len(checked.past) < ENOUGH_HANDOFFS:
        return
    for row in checked.asked:
        if not any(_holds(row, each) for each in checked.past):
            sentence = f"“{row.label}” held for none of {len(checked.past):,} handoffs of 90 days."
            yield about(NEVER_FIRES, row, sentence, [])


def gap(checked: Checked) -> Iterator[Finding]:
    """Yield the kinds of leads that no row but the last would take, most traffic first."""
    missed = [each for each in checked.past if not any(_holds(row, each) for row in checked.asked)]
    facts = _facts_told(checked)
    kinds: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for each in missed:
        kinds[tuple(_told(fact, each.evidence.facts) for fact in facts)].append(each.lead_id)
    most_first = sorted(kinds.items(), key=lambda kind: -len(kind[1]))
    for words, leads in most_first[:GAPS_TOLD]:
        yield _gap(words, leads, of=len(checked.past))


def _gap(words: Sequence[str], leads: Sequence[int], *, of: int) -> Finding:
    kind = ", ".join(words) or "Whatever they are"
    count = f"{len(leads):,} of {of:,} handoffs of 90 days ({len(leads) / of:.0%})"
    sentence = f"{kind}: {count} would be left to the last row."
    return Finding(GAP, kind, sentence, "", TABLE, tuple(leads), len(leads))


def _holds(row: Row, passed: Passed) -> bool:
    return row.compiled is not None and row.compiled.matches(passed.evidence)


def _facts_told(checked: Checked) -> list[Fact]:
    """Return the facts that rows ask for and that sort leads into kinds, most asked first."""
    times: dict[str, int] = defaultdict(int)
    facts: dict[str, Fact] = {}
    for row in checked.asked:
        for condition in row.compiled.conditions if row.compiled else ():
            fact = condition.fact
            if fact.name not in ASKED_OF_OWNERS and _sorts(fact):
                facts[fact.name] = fact
                times[fact.name] += 1
    return sorted(facts.values(), key=lambda fact: -times[fact.name])[:FACTS_TOLD]


def _sorts(fact: Fact) -> bool:
    return not fact.is_behaviour and fact.type in (
        FactType.CHOICE,
        FactType.TEXT,
        FactType.BOOLEAN,
    )


def _told(fact: Fact, facts: Mapping[str, object]) -> str:
    value = facts.get(fact.name)
    if value is None:
        return f"{fact.label} unknown"
    if isinstance(value, bool):
        return f"{fact.label} {'yes' if value else 'no'}"
    return f"{fact.label} {fact.choice_label(str(value))}"
