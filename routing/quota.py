"""Whose turn it is in a rota, by the quota method. Pure: no models, no database, no clock.

Among the members who have had less than their share, the one with the largest weight/(turns+1) is
next. Counted from its start, a stretch then never takes anybody a whole turn away from their share,
and equal weights never differ by more than one. (Balinski and Young, "The quota method of
apportionment", 1975.)
"""

from collections.abc import Mapping


def next_member(weights: Mapping[int, int], had: Mapping[int, int], last: Mapping[int, int]) -> int:
    """Return the id of the member whose turn is next.

    weights: of everybody eligible, by id; each 1 or more.
    had:     how many turns each took since these members with these weights are eligible together.
    last:    the number of the newest turn of each, whoever was eligible then; it decides only
             between members who are otherwise level: who has waited longest goes first, then the
             lower id.
    """
    counts = {each: had.get(each, 0) for each in weights}
    whole, turn = sum(weights.values()), sum(counts.values()) + 1
    below_share = [each for each in weights if counts[each] * whole < weights[each] * turn]
    # As floats these quotients are level exactly where they are: weights and turns are small.
    return min(
        below_share,
        key=lambda each: (-weights[each] / (counts[each] + 1), last.get(each, 0), each),
    )


def turns_of_round(weights: Mapping[int, int]) -> int:
    """Return after how many turns the shares are met exactly, so that counting starts afresh."""
    return sum(weights.values())
