"""Keeps the programs of a run alive, prints what they say, and stops them in order."""

import contextlib
import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from devstack.failure import StackError
from devstack.processes import kill_session, start_child, stop_children
from devstack.programs import Program
from devstack.progress import say

ROOT = Path(__file__).resolve().parent.parent
DRAIN_SECONDS = 20
FIRST_PAGE_SECONDS = 120
LOOK_SECONDS = 0.2
SHORTEST_PAUSE_SECONDS = 1
LONGEST_PAUSE_SECONDS = 30

_printing = threading.Lock()


class Supervised:
    """One program that is started again whenever it ends by itself."""

    def __init__(self, program: Program, environment: dict[str, str]) -> None:
        self.program = program
        self.environment = environment
        self.pause_seconds = SHORTEST_PAUSE_SECONDS
        self.start()

    def start(self) -> None:
        self.started_at = time.monotonic()
        self.restart_at: float | None = None
        self.process = start_child(self.program.command, cwd=ROOT, environment=self.environment)
        self.echo = threading.Thread(target=self._echo, args=(self.process,), daemon=True)
        self.echo.start()

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def heal(self) -> None:
        """Start it again if it has ended, after a pause that doubles while it keeps failing."""
        now = time.monotonic()
        if self.restart_at is not None:
            if now >= self.restart_at:
                self.start()
        elif self.has_ended():
            kill_session(self.process)
            if now - self.started_at > LONGEST_PAUSE_SECONDS:
                self.pause_seconds = SHORTEST_PAUSE_SECONDS
            say(f"{self.program.name} {self.how_it_ended()}: starting it again")
            self.restart_at = now + self.pause_seconds
            self.pause_seconds = min(2 * self.pause_seconds, LONGEST_PAUSE_SECONDS)

    def how_it_ended(self) -> str:
        code = self.process.returncode
        return f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"

    def _echo(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        with process.stdout:
            for line in process.stdout:
                show(self.program.name, line)


def show(name: str, line: bytes) -> None:
    with _printing, contextlib.suppress(BrokenPipeError):
        sys.stdout.buffer.write(f"{name:5} | ".encode() + line)
        sys.stdout.buffer.flush()


class Supervisor:
    def __init__(self, programs: Sequence[Program], environment: dict[str, str]) -> None:
        self.running: list[Supervised] = []
        self.programs = programs
        self.environment = environment

    def start(self, port: int) -> None:
        """Start the web alone, then, when its first page has come, all the others.

        Side by side they would take the processor from each other, and the page twice as long.
        """
        web, *others = self.programs
        self.running.append(Supervised(web, self.environment))
        self._wait_for_first_page(port)
        self.running += [Supervised(program, self.environment) for program in others]

    def _wait_for_first_page(self, port: int) -> None:
        give_up_at = time.monotonic() + FIRST_PAGE_SECONDS
        while not answers_http(port):
            for child in self.running:
                if child.has_ended():
                    raise StackError(f"{child.program.name} {child.how_it_ended()} while starting.")
            if time.monotonic() > give_up_at:
                raise StackError(f"No page came within {FIRST_PAGE_SECONDS} s.")
            time.sleep(LOOK_SECONDS)

    def heal(self) -> None:
        for child in self.running:
            child.heal()

    def stop(self) -> None:
        """Stop all by their turns, and kill what has not drained in time."""
        give_up_at = time.monotonic() + DRAIN_SECONDS
        for turn in sorted({child.program.stop_turn for child in self.running}):
            stop_children(
                [child.process for child in self.running if child.program.stop_turn == turn],
                seconds=give_up_at - time.monotonic(),
            )
        for child in self.running:
            child.echo.join(timeout=1)


def answers_http(port: int) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        line.request("GET", "/accounts/login/", headers={"Host": "localhost"})
        return line.getresponse().status < 500
    except OSError:
        return False
    finally:
        line.close()
