"""Kill workers at random moments, with all their children, while handoffs are made of submissions.

    .venv/bin/python -m bench.with_servers kills [--handoffs 1000] [--kills 50]

Goal: 0 lost, 0 doubled: of each submission one lead, one activity, one handoff that is passed to a
rep, one clock of each kind, one message. Each is counted for itself (`tests/faults/counting.py`).
What was killed when is random; --seed repeats it.
"""

import argparse
import random
import sys
import time

from bench.processes import STANDBY, WORKER, Processes, processes
from bench.rota_passing import prepare  # sets Django up first
from leads import inbox
from leads.instants import database_now
from leads.models import IntakeSource, Submission
from tests.faults.counting import amiss

LONGEST_WAIT_S = 600.0
COMPANIES = 200


def address(number: int) -> str:
    return f"person{number}@company{number % COMPANIES}.example"


def hand_in(source: IntakeSource, number: int) -> None:
    payload = {
        "email": address(number),
        "name": f"Person {number}",
        "company": f"Company {number % COMPANIES}",
        "country": "SE",
        "title": "Sales Director",
        "employees": 400,
    }
    inbox.receive(
        source,
        door=Submission.Door.API,
        payload=payload,
        body=inbox.canonical(payload),
        key=f"key-{number}",
        at=database_now(),
    )


def count_done() -> int:
    return Submission.objects.filter(state=Submission.State.DONE).count()


def wait_for(done: int) -> None:
    give_up_at = time.monotonic() + LONGEST_WAIT_S
    while count_done() < done and time.monotonic() < give_up_at:
        time.sleep(0.05)


def kill_while_at_work(running: Processes, number: int, kills: int, chance: random.Random) -> None:
    """Hand in `number` in so many shares; somewhere within each, kill the worker."""
    source = IntakeSource.objects.get(slug="demo-request")
    worker, handed_in = running.start(*WORKER), 0
    for kill in range(1, kills + 1):
        done = count_done()
        until = number * kill // kills
        for each in range(handed_in, until):
            hand_in(source, each)
        handed_in = until
        # Killed as it starts, it would die with nothing in hand.
        wait_for(min(done + chance.randint(1, number // kills), until))
        time.sleep(chance.uniform(0.0, 0.4))
        running.kill(worker)
        worker = running.start(*WORKER)
        print(f"\r{kill} kills, {count_done()} of {number} done", end="", flush=True)
    wait_for(number)
    print()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--handoffs", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=20260310)
    options = parser.parse_args()
    prepare(0)
    began = time.monotonic()
    with processes() as running:
        running.start(*STANDBY)
        chance = random.Random(options.seed)
        kill_while_at_work(running, options.handoffs, options.kills, chance)
    found = amiss({address(number) for number in range(options.handoffs)})
    lost, doubled = (sum(each) for each in zip(*found.values(), strict=True))
    print(
        f"{options.kills} kills during {options.handoffs} handoffs: lost {lost}, doubled {doubled}"
    )
    print(f"goal 0 and 0; {time.monotonic() - began:.0f} s; {found}")
    return int(lost > 0 or doubled > 0)


if __name__ == "__main__":
    sys.exit(main())
