"""What can be told from the rows alone: shadowed, contradictory, in the wrong order. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from leads.condition_logic import Group, can_hold, exclude, group_implies, imply
from routing.linting.checked import TABLE, Checked, Finding, Path, Row, about

NO_FALLBACK, UNKNOWN, GONE, RETIRED = (
    "routing.no_fallback",
    "routing.unknown_fact",
    "routing.unknown_value",
    "routing.retired_fact",
)
CONTRADICTORY, SHADOWED = "routing.contradictory", "routing.shadowed"
LAST_TO_REVIEW = "The last row must lead to the review queue: what no row took has to be looked at."
NURTURE_FIRST, HOLDS = "routing.nurture_above_hand_raise", "routing.holds_without_fallback"


def no_fallback(checked: Checked) -> Iterator[Finding]:
    greedy = [row for row in checked.rows[:-1] if row.is_fallback]
    for row in greedy:
        sentence = f"“{row.label}” has no conditions, so no row below it is ever asked."
        yield about(NO_FALLBACK, row, sentence)
    if not checked.rows or not checked.rows[-1].is_fallback:
        sentence = "The last row must have no conditions: it takes what nothing above did."
        yield Finding(NO_FALLBACK, "The last row", sentence, "", TABLE)
    elif not checked.rows[-1].is_review:
        yield about(NO_FALLBACK, checked.rows[-1], LAST_TO_REVIEW)


def unknown_fact(checked: Checked) -> Iterator[Finding]:
    for row in checked.rows:
        for problem in row.unknown:
            yield about(UNKNOWN, row, f"“{row.label}”: {problem}")


def unknown_value(checked: Checked) -> Iterator[Finding]:
    for row in checked.rows:
        for problem in row.gone:
            yield about(GONE, row, f"“{row.label}”: {problem}")


def retired_fact(checked: Checked) -> Iterator[Finding]:
    for row in checked.rows:
        for label in row.retired:
            sentence = (
                f"“{row.label}” asks for {label}, which was switched off: no new lead has it."
            )
            yield about(RETIRED, row, sentence)


def contradictory(checked: Checked) -> Iterator[Finding]:
    for row in checked.asked:
        broken = [place for place, each in enumerate(row.groups, 1) if not can_hold(each)]
        if broken:
            which = "its conditions" if len(row.groups) == 1 else f"those of group {broken[0]}"
            sentence = f"“{row.label}” contradicts itself: {which} can never hold together."
            yield about(CONTRADICTORY, row, sentence)


def shadowed(checked: Checked) -> Iterator[Finding]:
    """A row above takes whatever this one would."""
    for row in checked.asked:
        above = [each for each in checked.asked if each.place < row.place]
        takers = [each for each in above if _takes_all(each, row)][:1] or _takers(above, row)
        if takers:
            names = " and ".join(f"“{each.label}”" for each in takers)
            verb = "take" if len(takers) > 1 else "takes"
            sentence = f"“{row.label}” gets nothing of its own: {names} above {verb} whatever it"
            yield about(SHADOWED, row, f"{sentence} would, unless nobody there can.")


def _takes_all(upper: Row, row: Row) -> bool:
    """Whether all that `row` would take goes to `upper`. A row that asks for no less and leads
    elsewhere is no mistake: it is there for when nobody can above.
    """
    if not imply(row.groups, upper.groups):
        return False
    is_second_choice = upper.outcome != "queue" and upper.leads_to != row.leads_to
    return not (is_second_choice and imply(upper.groups, row.groups))


def _takers(above: Sequence[Row], row: Row) -> list[Row]:
    """Return rows that each take some groups of `row`, and all of them together; else none."""
    takers: dict[int, Row] = {}
    for group in row.groups:
        if can_hold(group):
            taker = next((each for each in above if _takes_group(each, group)), None)
            if taker is None:
                return []
            takers[taker.place] = taker
    return list(takers.values()) if len(takers) > 1 else []


def _takes_group(upper: Row, group: Group) -> bool:
    return any(group_implies(group, other) for other in upper.groups)


def nurture_above_hand_raise(checked: Checked) -> Iterator[Finding]:
    """Whoever asked for a person comes first: in the order of rows, and among those that wait."""
    for upper, lower in combinations(checked.asked, 2):
        if upper.path is Path.NURTURE and lower.path is Path.HAND_RAISE:
            sentence = f"“{upper.label}” takes leads that were only scored, and stands above"
            yield about(
                NURTURE_FIRST,
                upper,
                f"{sentence} “{lower.label}”, which takes people who asked for somebody.",
            )
        yield from _served_first(upper, lower)


def _served_first(one: Row, other: Row) -> Iterator[Finding]:
    raised = next((each for each in (one, other) if each.path is Path.HAND_RAISE), None)
    scored = next((each for each in (one, other) if each.path is Path.NURTURE), None)
    if raised and scored and scored.priority > raised.priority:
        sentence = f"Of those that wait, what “{scored.label}” takes goes before people who asked"
        yield about(
            NURTURE_FIRST,
            scored,
            f"{sentence} for somebody (“{raised.label}”): priority {scored.priority} against"
            f" {raised.priority}.",
        )


def holds_without_fallback(checked: Checked) -> Iterator[Finding]:
    """A hand-raise is held, and if nobody opens within a week no other row would take it."""
    for row in checked.asked:
        below = [each for each in checked.asked if each.place > row.place]
        if (
            row.holds
            and row.path is Path.HAND_RAISE
            and all(exclude(row.groups, each.groups) for each in below)
        ):
            sentence = (
                f"“{row.label}” holds people who asked for somebody till a rep opens. If none"
            )
            yield about(
                HOLDS, row, f"{sentence} does in a week, no row below takes them but the last."
            )
