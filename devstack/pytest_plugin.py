"""Gives each test run servers of its own, up before the settings are read.

Loaded by `-p devstack.pytest_plugin`: a conftest would come too late, pytest-django reads the
settings first. A DATABASE_URL of the caller is not used: tests never touch a server that matters.
"""

import fcntl
import os
import re
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from devstack.servers import Servers, throwaway_servers
from devstack.test_template import make_template

# Set by whoever started the throw-away servers, and inherited by the workers of xdist.
MARK = "HANDOFF_THROWAWAY_SERVERS"
# The name of the database that test databases start as copies of; read by tests/conftest.py.
TEMPLATE = "HANDOFF_TEST_TEMPLATE"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    if MARK in os.environ:
        use_own_valkey_database()
        return
    stack = ExitStack()
    servers = stack.enter_context(throwaway_servers())
    early_config.add_cleanup(stack.close)
    os.environ.setdefault("SECRET_KEY", "only for tests")
    os.environ.update(environment_for_tests(servers))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let one of xdist's workers read the tests before the others: in a new copy of the project it
    compiles them, which each would do for itself if all began together.
    """
    with Path(__file__).open() as door:
        try:
            fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            fcntl.flock(door, fcntl.LOCK_SH)
        return (yield)


def environment_for_tests(servers: Servers) -> dict[str, str]:
    """Return what a test run on `servers` reads, and make the database its own is a copy of."""
    return {**servers.environment(), MARK: "yes", TEMPLATE: make_template(servers)}


def use_own_valkey_database() -> None:
    """Keep the queues and caches of xdist's workers apart: they share one Valkey."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:
        number = int(worker.removeprefix("gw")) + 1
        os.environ["REDIS_URL"] = re.sub(r"db=\d+", f"db={number}", os.environ["REDIS_URL"])
