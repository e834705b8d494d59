"""What a sample of leads shows: rules that never hold, and rules that change nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from leads.conditions import Evidence
from leads.facts import FACTS, Fact
from leads.linting.checked import Checked, Finding, Row
from leads.openings import opening_of
from leads.operators import NORMALISE
from leads.scoring_rules import Criteria, FitRule, RequiredField, Signal
from leads.standing import Standing

NEVER_FIRES, CHANGES_NO_BAND, GATES_NOTHING = (
    "criteria.never_fires",
    "criteria.changes_no_band",
    "criteria.required_gates_nothing",
)
# A rule that held for fewer leads than this may well change the band of the next one.
ENOUGH_HELD = 30


def never_fires(checked: Checked) -> Iterator[Finding]:
    if not checked.is_enough:
        return
    for table, row in checked.rows:
        if not checked.fired[table, row.key]:
            why = _why_unknown(checked, table, row) + _consequence(row)
            yield Finding(
                NEVER_FIRES,
                row.label,
                f"“{row.label}” held for none of {len(checked.sample):,} leads{why}.",
                row.key,
                table,
                count=0,
            )
    yield from _never_together(checked)


def _consequence(row: Row) -> str:
    is_required = isinstance(row, FitRule) and row.is_required
    return "; it is required, so every lead stays at fit C" if is_required else ""


def _never_together(checked: Checked) -> Iterator[Finding]:
    """Yield that nobody meets all required rules, where each alone held for somebody."""
    required = [rule for rule, _ in checked.criteria.required]
    each_held = all(checked.fired["fit", rule.key] for rule in required)
    if each_held and checked.nobody_meets_requirements:
        names = " and ".join(f"“{rule.label}”" for rule in required)
        sentence = (
            f"None of {len(checked.sample):,} leads meets {names}, which are required, so every"
            " lead stays at fit C."
        )
        yield Finding(NEVER_FIRES, "Required rules", sentence, required[-1].key, "fit", count=0)


def _why_unknown(checked: Checked, table: str, row: Row) -> str:
    """Return which facts nobody knows that the rule asks for, if that is why."""
    asked = [each for each in checked.ruled if (each.table, each.row.key) == (table, row.key)]
    facts = [
        each.fact for ruled in asked for each in ruled.compiled.conditions if _is_stored(each.fact)
    ]
    unknown = [fact.label for fact in dict.fromkeys(facts) if not _known_of(checked, fact)]
    return f"; nobody's {', '.join(unknown)} is known" if unknown else ""


def _is_stored(fact: Fact) -> bool:
    return not fact.is_behaviour


def _known_of(checked: Checked, fact: Fact) -> list[int]:
    normalise = NORMALISE[fact.type]
    return [
        lead_id
        for lead_id, evidence in checked.sample
        if normalise(evidence.facts.get(fact.name)) is not None
    ]


def changes_no_band(checked: Checked) -> Iterator[Finding]:
    """Yield the fit rules, modifiers and signals without which nobody's band or handoff changes."""
    known = dict(checked.sample)
    outcomes: dict[int, tuple[str, str]] = {}
    for table, row in checked.rows:
        if table not in REMOVABLE or (table == "fit" and checked.nobody_meets_requirements):
            continue  # where nobody meets what is required, that says it all of fit
        held = _held_now(checked.fired[table, row.key], row, known)
        if len(held) < ENOUGH_HELD:
            continue
        without = _without(checked.criteria, table, row.key)
        if not any(
            _outcome(known[lead_id], without) != _kept(outcomes, lead_id, known, checked.criteria)
            for lead_id in held
        ):
            yield Finding(
                CHANGES_NO_BAND,
                row.label,
                f"“{row.label}” held for {len(held):,} of {len(checked.sample):,} leads and changes"
                " the band of none.",
                row.key,
                table,
                held,
                len(held),
            )


REMOVABLE = {"fit": "fit_rules", "modifiers": "modifiers", "signals": "signals"}


def _held_now(fired: tuple[int, ...], row: Row, known: dict[int, Evidence]) -> tuple[int, ...]:
    """Return the leads that a row gives points to today: a signal may be past its window."""
    if not isinstance(row, Signal):
        return fired
    return tuple(
        lead_id
        for lead_id in fired
        if known[lead_id].done(row.kind, row.where, days=row.window_days)
    )


def _without(criteria: Criteria, table: str, key: str) -> Criteria:
    field = REMOVABLE[table]
    rows: Sequence[Row] = getattr(criteria, field)
    kept: dict[str, Any] = {field: tuple(row for row in rows if row.key != key)}
    return replace(criteria, **kept)


def _kept(
    outcomes: dict[int, tuple[str, str]],
    lead_id: int,
    known: dict[int, Evidence],
    criteria: Criteria,
) -> tuple[str, str]:
    if lead_id not in outcomes:
        outcomes[lead_id] = _outcome(known[lead_id], criteria)
    return outcomes[lead_id]


def _outcome(evidence: Evidence, criteria: Criteria) -> tuple[str, str]:
    """Return a lead's band, and what would open a handoff for it: depth rules read signals too."""
    standing = Standing(evidence, criteria)
    band = standing.band
    if not criteria.depth_rules:
        return band, ""
    found = opening_of(standing, None)
    return band, found.key if found else ""


def required_gates_nothing(checked: Checked) -> Iterator[Finding]:
    everywhere = {each.fact for each in checked.criteria.required_fields if each.path == "any"}
    for field in checked.criteria.required_fields:
        if reason := _why_idle(checked, field, everywhere):
            fact = {**FACTS, **checked.criteria.extra_facts}[field.fact]
            yield Finding(
                GATES_NOTHING,
                fact.label,
                f"The required field “{fact.label}” holds nothing back: {reason}.",
                f"{field.path}:{field.fact}",
                "required",
            )


def _why_idle(checked: Checked, field: RequiredField, everywhere: set[str]) -> str:
    criteria = checked.criteria
    fact = {**FACTS, **criteria.extra_facts}[field.fact]
    if field.path != "any" and field.fact in everywhere:
        return "it is required for every handoff already"
    if field.path == "score" and not criteria.bands.opens_at:
        return "no band opens a handoff"
    if field.path == "hand_raise" and not (criteria.hand_raises or criteria.depth_rules):
        return "there is no hand-raise"
    if checked.is_enough and len(_known_of(checked, fact)) == len(checked.sample):
        return f"it is known of all {len(checked.sample):,} leads"
    return ""
