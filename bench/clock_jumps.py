"""Let the clocks of machines jump while promises fall due, and see what fires when.

    .venv/bin/python -m bench.with_wrong_clocks clock_jumps [--due 300]

First those of the processes that sweep (beat, worker, standby), each by an hour and a day ahead and
behind. Then the database server's, by which all of them go: five minutes ahead, back, behind and
forth. Goals: nothing fires before it is due by the server's clock, each step and message is there
once, and nothing is left. How late it was is on record, and printed.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from django.db.models import Count, F, Max

from bench.lateness import employ, make_due, rest
from bench.many_clocks import make_clocks
from bench.processes import CELERY, STANDBY, WORKER, Processes, processes
from bench.with_wrong_clocks import SERVER, wrong_by
from leads.instants import database_now
from sla.models import ClockEvent, Notification

HANDOFFS, RUNNING = 100, 5_000
HOUR, DAY = 3_600, 86_400
# Of standby, worker and beat.
PROCESSES_JUMP = (
    (HOUR, -HOUR, DAY),
    (-DAY, HOUR, -HOUR),
    (DAY, -DAY, HOUR),
    (-HOUR, DAY, -DAY),
    (0, 0, 0),
)
SERVER_JUMPS = (300, 0, -300, 0)
JUMP_EACH_S, LOOK_EACH_S, LONGEST_WAIT_S = 20.0, 2.0, 200.0
STEPS = (ClockEvent.Kind.WARNED, ClockEvent.Kind.BREACHED, ClockEvent.Kind.ESCALATED)


def start(started: Processes) -> list[Path]:
    """Start what sweeps; return the files that tell the clock of each."""
    beat = (*CELERY, "beat", "-s", str(started.home / "schedule"))
    clocks = [started.home / name for name in ("standby", "worker", "beat")]
    for clock, command in zip(clocks, (STANDBY, WORKER, beat), strict=True):
        clock.write_text("0")
        started.start(*command, environment=wrong_by(clock))
    return clocks


def jump(clocks: Sequence[Path], *turns: Sequence[int]) -> Iterator[None]:
    """Let each of `clocks` be wrong by so many seconds, from turn to turn by others."""
    for turn in turns:
        for clock, seconds in zip(clocks, turn, strict=True):
            clock.write_text(str(seconds))
        yield


def wait_for(due: dict[int, object], jumps: Iterator[None]) -> int:
    """Let clocks jump, all of `jumps`, and go on till all of `due` have fired. Returns how many did
    not.
    """
    give_up_at, left, are_over = time.monotonic() + LONGEST_WAIT_S, set(due), False
    while (left or not are_over) and time.monotonic() < give_up_at:
        are_over = are_over or next(jumps, jumps) is jumps
        turn_ends_at = time.monotonic() + (LOOK_EACH_S if are_over else JUMP_EACH_S)
        time.sleep(turn_ends_at - time.monotonic())
        fired = ClockEvent.objects.filter(clock__in=left, kind__in=STEPS)
        left -= set(fired.values_list("clock", flat=True))
    return len(left)


def told(what: str, since: int, left: int) -> bool:
    """Print what became of the round that began after event `since`; whether it is as it must."""
    steps = ClockEvent.objects.filter(pk__gt=since, kind__in=STEPS)
    early = steps.filter(processed_at__lt=F("due_at")).count()
    each = steps.order_by().values("clock", "kind", "level").annotate(times=Count("pk"))
    by_key = Notification.objects.order_by().values("key", "recipient", "channel")
    doubled = each.filter(times__gt=1).count()
    doubled += by_key.annotate(times=Count("pk")).filter(times__gt=1).count()
    late = steps.aggregate(late=Max(F("processed_at") - F("due_at")))["late"] or timedelta(0)
    print(
        f"{what}: {steps.count()} steps, {left} left, {early} early, {doubled} doubled;"
        f" the latest was {late.total_seconds():.1f} s late, on record",
        flush=True,
    )
    return (left, early, doubled) == (0, 0, 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--due", type=int, default=300)
    options = parser.parse_args()
    make_clocks(RUNNING, of_handoffs=HANDOFFS)
    employ()
    rest(database_now())
    is_met = True
    with processes() as started:
        server = Path(os.environ[SERVER])
        rounds = {
            "processes": jump(start(started), *PROCESSES_JUMP),
            "server": jump([server], *zip(SERVER_JUMPS)),
        }
        for what, jumps in rounds.items():
            since = ClockEvent.objects.aggregate(last=Max("pk"))["last"] or 0
            is_met &= told(what, since, wait_for(make_due(options.due), jumps))
    return int(not is_met)


if __name__ == "__main__":
    sys.exit(main())
