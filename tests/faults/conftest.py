"""A running product of a test's own: real processes, a broker that may break, a database that may
refuse.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from celery import Celery
from django.db import connection
from kombu.exceptions import OperationalError

from devstack.valkey import Valkey

CELERY = ("-m", "celery", "-A", "revops", "--quiet")
WORKER = (*CELERY, "worker", "-Q", "hot", "-c", "1", "--without-gossip", "--without-mingle")
OTHERS = "datname = current_database() AND pid <> pg_backend_pid()"


class Stack:
    """Processes on the test's database with a broker of their own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.broker = Valkey(home / "valkey", durable=False)
        self.broker.start()
        url = f"redis+socket://{self.broker.socket}?virtual_host=0"
        self.nudges = Celery(broker=url, set_as_current=False)
        self.nudges.conf.broker_transport_options = {"socket_connect_timeout": 1}
        self.started: list[subprocess.Popen[bytes]] = []

    @property
    def environment(self) -> dict[str, str]:
        name = connection.settings_dict["NAME"]
        url = re.sub(r"/\w+\?", f"/{name}?", os.environ["DATABASE_URL"])
        broker = {"REDIS_URL": self.broker.url(), "PYTHONWARNINGS": "ignore"}
        return {**os.environ, **broker, "DATABASE_URL": url}

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a process in a group of its own."""
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def start_worker(self) -> subprocess.Popen[bytes]:
        return self.start(*WORKER)

    def start_standby(self) -> subprocess.Popen[bytes]:
        return self.start("manage.py", "sweep", "--loop")

    def start_beat(self, name: str) -> subprocess.Popen[bytes]:
        return self.start(*CELERY, "beat", "-s", str(self.home / name))

    def nudge(self, submission_id: int) -> None:
        """As intake does: what can't be sent is swept later."""
        with suppress(OperationalError):
            task = "revops.tasks.process_submission"
            self.nudges.send_task(task, args=[submission_id], queue="hot", retry=False)

    def kill_broker(self) -> None:
        assert self.broker.process
        self.broker.process.kill()
        self.broker.process.wait(10)

    def flush_broker(self) -> None:
        with self.nudges.connection_for_write() as line:
            line.default_channel.client.flushall()

    @contextmanager
    def database_away(self):
        """Cut every connection and let nobody in: what a server that restarts is to its clients."""
        name = connection.settings_dict["NAME"]
        connection.close()
        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as line:
            line.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            line.execute(
                "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE datname = %s",
                [name],
            )
            yield
            line.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

    def end(self) -> None:
        for process in self.started:
            kill(process)
        # What the server still does for killed processes: the tables are emptied next.
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {OTHERS}"
            )
        self.broker.stop()


def kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def wait_until(is_so, seconds: float, failure) -> None:
    """Wait; `failure` is asked what to say if it takes longer."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            pytest.fail(str(failure()))
        time.sleep(0.1)


@pytest.fixture
def stack(tmp_path):
    stack = Stack(tmp_path)
    yield stack
    stack.end()
