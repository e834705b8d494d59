"""Whose turn it is in a rota, by the quota method. Pure: no models, no database, no clock.

Among the members who have had less than their share, the one with the largest weight/(turns+1) is
next. Counted from its start, a stretch then never takes anybody a whole turn away from their share,
and equal weights never differ by more than one. (Balinski and Young, "The quota method of
apportionment", 1975.)
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple


class Taken(NamedTuple):
    """A turn taken: its number in the rota, and by whom."""

    number: int
    rep_id: int


def next_member(
    weights: Mapping[int, int], stretch: Sequence[Taken], earlier: Sequence[Taken]
) -> int:
    """Return the id of the member whose turn is next.

    weights: of everybody eligible, by id; each 1 or more.
    stretch: the turns since these members with these weights became eligible together.
    earlier: turns before that; they decide only between members who are otherwise level: who has
             waited longest goes first, then the lower id.
    """
    counts = dict.fromkeys(weights, 0)
    for taken in stretch:
        counts[taken.rep_id] += 1
    whole, turn = sum(weights.values()), len(stretch) + 1
    below_share = [each for each in weights if counts[each] * whole < weights[each] * turn]
    last_turn = {taken.rep_id: taken.number for taken in (*earlier, *stretch)}
    return min(
        below_share,
        key=lambda each: (
            -Fraction(weights[each], counts[each] + 1), last_turn.get(each, 0), each
        ),
    )  # fmt: skip


def turns_of_round(weights: Mapping[int, int]) -> int:
    """Return after how many turns the shares are met exactly, so that counting starts afresh."""
    return sum(weights.values())
