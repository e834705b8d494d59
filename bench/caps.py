"""Measure that no cap is exceeded: in each round 32 connections pass a handoff each, at the same
instant, to ten reps who together can take half of them.

    .venv/bin/python -m bench.with_servers caps [--rounds 1000] [--minutes 15]

Goal: in no round is anybody over the cap, and all that can be passed is passed. It ends after so
many minutes and says how many rounds there were.
"""

import argparse
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

from bench.rota_passing import make_handoffs, pass_handoffs, prepare  # sets Django up first
from leads import handoffs
from leads.instants import database_now
from leads.models import Assignment, Handoff, User
from routing.models import Capacity

AT_ONCE, ROOM = 32, 16


def make_room(already: Counter[int]) -> dict[int, int]:
    """Give the reps caps above what they have: one more place each, two for six of them."""
    reps = list(User.objects.filter(groups__name="rep").order_by("pk").values_list("pk", flat=True))
    caps = {
        rep: already[rep] + (2 if place < ROOM - len(reps) else 1) for place, rep in enumerate(reps)
    }
    Capacity.objects.bulk_create(
        [Capacity(rep_id=rep, max_open=cap) for rep, cap in caps.items()],
        update_conflicts=True,
        unique_fields=["rep"],
        update_fields=["max_open"],
    )
    return caps


def close_all() -> None:
    how = {"closed_as": "disqualified", "outcome": "rejected", "reason": "Round over"}
    for handoff in Handoff.objects.with_reps():
        handoffs.close(handoffs.locked(handoff.pk), at=database_now(), **how)


def work_of() -> Counter[int]:
    open_ones = Handoff.objects.with_reps().values_list("owner", flat=True)
    return Counter(each for each in open_ones if each is not None)


def one_round(pool: ThreadPoolExecutor) -> tuple[int, int]:
    """Return how many handoffs were given beyond a cap, and how many places stayed free."""
    caps, handoff_ids = make_room(work_of()), make_handoffs(AT_ONCE)
    start = threading.Barrier(AT_ONCE)

    def work(handoff_id: int) -> None:
        start.wait()
        pass_handoffs([handoff_id])

    list(pool.map(work, handoff_ids))
    given = work_of()
    close_all()  # what lies open is counted with each turn: later rounds would take longer
    over = sum(max(0, given[rep] - cap) for rep, cap in caps.items())
    return over, sum(max(0, cap - given[rep]) for rep, cap in caps.items())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=15)
    options = parser.parse_args()
    prepare(1)
    done = over = free = 0
    began = perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while done < options.rounds and perf_counter() - began < options.minutes * 60:
            more, left = one_round(pool)
            done, over, free = done + 1, over + more, free + left
    passed, took_s = Assignment.objects.count(), perf_counter() - began
    print(f"{done} rounds of {AT_ONCE} at once: {passed} passed in {took_s:.0f} s")
    print(f"over a cap {over} (goal 0), places left free {free} (goal 0)")
    return int(over > 0 or free > 0 or done < options.rounds)


if __name__ == "__main__":
    sys.exit(main())
