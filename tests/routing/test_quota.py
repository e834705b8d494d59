from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.quota import Taken, next_member, turns_of_round


def play(weights: dict[int, int], turns: int) -> list[int]:
    taken: list[Taken] = []
    for number in range(1, turns + 1):
        taken.append(Taken(number, next_member(weights, taken, [])))
    return [each.rep_id for each in taken]


@pytest.mark.parametrize(
    ("weights", "turns"),
    [
        pytest.param({1: 1, 2: 1, 3: 1}, [1, 2, 3, 1, 2, 3], id="equal"),
        pytest.param({1: 2, 2: 1}, [1, 2, 1, 1, 2, 1], id="two to one"),
        pytest.param({7: 5}, [7, 7, 7], id="alone"),
    ],
)
def test_turns_rotate_by_weight(weights, turns):
    assert play(weights, len(turns)) == turns


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_nobody_is_ever_a_whole_turn_from_their_share(parts):
    weights = dict(enumerate(parts))
    whole, counts = sum(parts), Counter[int]()
    for number, rep_id in enumerate(play(weights, min(2 * whole, 120)), 1):
        counts[rep_id] += 1
        off = [abs(counts[each] * whole - weights[each] * number) for each in weights]
        assert max(off) < whole


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_after_a_round_the_shares_are_exact(parts):
    weights = dict(enumerate(parts))
    assert Counter(play(weights, turns_of_round(weights))) == weights


def test_of_those_who_are_level_whoever_waited_longest_is_next():
    earlier = [Taken(4, 2), Taken(5, 1), Taken(6, 3)]
    assert next_member({1: 1, 2: 1, 3: 1}, [], earlier) == 2


def test_a_newcomer_goes_first_once_and_is_not_flooded():
    earlier = [Taken(4, 2), Taken(5, 1)]
    stretch: list[Taken] = []
    for number in range(6, 12):
        stretch.append(Taken(number, next_member({1: 1, 2: 1, 9: 1}, stretch, earlier)))
    assert [each.rep_id for each in stretch] == [9, 2, 1, 9, 2, 1]
