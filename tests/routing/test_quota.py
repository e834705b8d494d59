from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.quota import next_member, turns_of_round


def play(weights: dict[int, int], turns: int) -> list[int]:
    return go_on(weights, turns, {})


def go_on(weights: dict[int, int], turns: int, last: dict[int, int]) -> list[int]:
    """Take turns after those that were the last of each."""
    taken: list[int] = []
    for number in range(max(last.values(), default=0) + 1, turns + 1):
        taken.append(next_member(weights, Counter(taken), last))
        last = {**last, taken[-1]: number}
    return taken


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
    assert next_member({1: 1, 2: 1, 3: 1}, {}, {2: 4, 1: 5, 3: 6}) == 2


def test_a_newcomer_goes_first_once_and_is_not_flooded():
    assert go_on({1: 1, 2: 1, 9: 1}, 11, {2: 4, 1: 5}) == [9, 2, 1, 9, 2, 1]
