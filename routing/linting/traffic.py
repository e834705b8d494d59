"""What past handoffs show: rows that never held, what only the last row would take, and who asked
for somebody but would be taken by another row first. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from leads.facts import Fact, FactType
from routing.linting.checked import (
    ENOUGH_HANDOFFS,
    TABLE,
    Checked,
    Finding,
    Passed,
    Path,
    Row,
    about,
)

NEVER_FIRES, GAP = "routing.never_fires", "routing.gap"
TAKEN_BEFORE = "routing.taken_before_hand_raise"
NAMED = "account.is_named"
OF_OWNERS = frozenset({"opportunity_owner", "account_owner"})
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


def taken_before_hand_raise(checked: Checked) -> Iterator[Finding]:
    """Yield the rows that would take people who asked for somebody before the row that is for them.
    Whose deal or account it is, and a named account, may come first.
    """
    taken: dict[str, list[int]] = defaultdict(list)
    whose: dict[str, Row] = {}
    raised = 0
    for each in checked.lately:
        holding = [row for row in checked.asked if row.takes_any and _holds(row, each)]
        own = next((row for row in holding if row.path is Path.HAND_RAISE), None)
        raised += own is not None
        if own is not None and holding[0] is not own and not _may_come_first(holding[0]):
            taken[holding[0].key].append(each.lead_id)
            whose[holding[0].key] = own
    for row in checked.asked:
        if row.key in taken:
            yield _taken(row, whose[row.key], taken[row.key], of=raised)


def _may_come_first(row: Row) -> bool:
    """Whether a row is for a company that somebody has already, or that was singled out."""
    asked = row.compiled.conditions if row.compiled else ()
    return row.outcome in OF_OWNERS or any(each.fact.name == NAMED for each in asked)


def _taken(row: Row, own: Row, leads: Sequence[int], *, of: int) -> Finding:
    count = f"{len(leads):,} of {of:,} handoffs of 30 days ({len(leads) / of:.0%})"
    # Whether it lies in a territory is not looked at.
    most = "up to " if row.outcome == "territory" else ""
    sentence = (
        f"“{row.label}” stands above “{own.label}”, which takes people who asked for somebody, and"
        f" comes before it for {most}{count} that are for that row."
    )
    return about(TAKEN_BEFORE, row, sentence, leads)


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
