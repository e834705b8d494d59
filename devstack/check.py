"""`./check`: everything that must pass, on servers that are thrown away afterwards."""

import argparse
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from devstack.browser import provide_browser
from devstack.failure import StackError
from devstack.pytest_plugin import environment_for_tests
from devstack.servers import throwaway_servers

# Playwright keeps an event loop in the thread of the tests.
FOR_TESTS = {"DJANGO_ALLOW_ASYNC_UNSAFE": "true"}
PRODUCTION = {
    "BASE_URL": "https://handoff.example",
    "ALLOWED_HOSTS": "handoff.example",
    "BEHIND_PROXY": "yes",
    "DEBUG": "no",
}


@dataclass(frozen=True)
class Step:
    """One command for Python that passes or fails."""

    name: str
    arguments: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    name: str
    passed: bool
    seconds: float
    last_line: str = ""

    def __str__(self) -> str:
        return f"{'ok    ' if self.passed else 'FAILED'} {self.name} ({self.seconds:.1f} s)"


STEPS = (
    Step("ruff format", ("-m", "ruff", "format", "--check", ".")),
    Step("ruff check", ("-m", "ruff", "check", ".")),
    Step(
        "floors (import-linter)", ("-c", "import importlinter.cli as c; c.lint_imports_command()")
    ),
    Step("migrations match the models", ("manage.py", "makemigrations", "--check", "--dry-run")),
    Step(
        "ready for production (check --deploy)",
        ("manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        PRODUCTION,
    ),
    Step("mypy", ("-m", "mypy")),
)


def run_step(step: Step, environment: dict[str, str]) -> Outcome:
    """Run the step in silence; print its line, and after a failure all that it said."""
    began_at = time.monotonic()
    done = subprocess.run(
        [sys.executable, *step.arguments],
        env=environment | step.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    outcome = Outcome(step.name, done.returncode == 0, time.monotonic() - began_at)
    said = "" if outcome.passed else f"{done.stdout.rstrip()}\n"
    print(f"{said}{outcome}", flush=True)
    return outcome


def run_steps(environment: dict[str, str]) -> list[Outcome]:
    return [run_step(step, environment) for step in STEPS]


def run_tests(arguments: Iterable[str], environment: dict[str, str]) -> Outcome:
    """Run pytest, passing on what it says as it comes; its closing line is kept for the end."""
    began_at = time.monotonic()
    last_line = ""
    command = [sys.executable, "-m", "pytest", *arguments]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as tests:
        assert tests.stdout
        for line in tests.stdout:
            print(line, end="", flush=True)
            last_line = line.strip() or last_line
    return Outcome("pytest", tests.returncode == 0, time.monotonic() - began_at, last_line)


def test_arguments(*, fast: bool) -> Iterator[str]:
    # One more than there are processors, since tests also wait: for browsers, servers, each other.
    # Neighbours stay on one worker until another is idle: what a file sets up is set up once.
    workers = str(1 + (os.cpu_count() or 1))
    yield from ("-q", "--color=no", "-n", workers, "--dist", "worksteal")
    if fast:
        yield from ("-m", "not browser and not faults and not pages")


def check(*, fast: bool) -> bool:
    """Run all steps, the tests beside the others; return whether everything passed."""
    with throwaway_servers() as servers, ThreadPoolExecutor() as beside:
        browser = None if fast else beside.submit(provide_browser)
        environment = {
            **os.environ,
            "SECRET_KEY": secrets.token_urlsafe(50),
            **servers.environment(),
        }
        steps = beside.submit(run_steps, environment)
        environment |= environment_for_tests(servers)
        if browser:
            browser.result()
        tests = run_tests(test_arguments(fast=fast), environment | FOR_TESTS)
        outcomes = [*steps.result(), tests]
    print("\n".join(["", *map(str, outcomes), tests.last_line]))
    return all(outcome.passed for outcome in outcomes)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./check", description=__doc__)
    parser.add_argument("--fast", action="store_true", help="leave out tests of pages and faults")
    options = parser.parse_args()
    try:
        return 0 if check(fast=options.fast) else 1
    except StackError as failure:
        print(failure, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
