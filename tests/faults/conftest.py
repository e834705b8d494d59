"""A running product of a test's own: real processes, a broker and a database server that may break."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from celery import Celery
from django.conf import settings
from django.db import connection
from kombu.exceptions import OperationalError

from devstack.postgres import Postgres, find_programs
from devstack.valkey import Valkey

CELERY = ("-m", "celery", "-A", "revops", "--quiet")
WORKER = (*CELERY, "worker", "-Q", "hot", "-c", "1", "--without-gossip", "--without-mingle")


class Stack:
    """Processes on servers of their own. The database is a copy of the test's, and keeps what was
    committed.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.postgres = Postgres(home / "postgres", durable=True)
        self.postgres.start()
        self.broker = Valkey(home / "valkey", durable=False)
        self.broker.start()
        url = f"redis+socket://{self.broker.socket}?virtual_host=0"
        self.nudges = Celery(broker=url, set_as_current=False)
        self.nudges.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
        self.started: list[subprocess.Popen[bytes]] = []
        self.mail: dict[str, str] = {}

    @property
    def environment(self) -> dict[str, str]:
        servers = {"DATABASE_URL": self.postgres.url(), "REDIS_URL": self.broker.url()}
        return {**os.environ, **servers, **self.mail, "PYTHONWARNINGS": "ignore"}

    def send_mail_to(self, port: int) -> None:
        """Have processes that start from now on send their mail to this port."""
        self.mail = {"EMAIL_URL": f"smtp://127.0.0.1:{port}"}

    @contextmanager
    def in_use(self):
        """Have the test ask this database, which begins with what lies in the test's own."""
        usual = {name: connection.settings_dict[name] for name in ("HOST", "NAME")}
        copy_database(
            f"postgresql://app@/{usual['NAME']}?host={usual['HOST']}", self.postgres.url()
        )
        connection.close()
        connection.settings_dict |= {"HOST": str(self.postgres.sockets), "NAME": "handoff"}
        try:
            yield
        finally:
            connection.close()
            connection.settings_dict |= usual

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
    def broker_stopped(self):
        """Stop it as a machine that hangs does: it takes connections and answers nothing."""
        assert self.broker.process
        self.broker.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.broker.process.send_signal(signal.SIGCONT)

    def restart_database(self) -> None:
        """Restart the server as `pg_ctl restart -m immediate` does: it ends in the middle of all
        that it does and takes what was committed from its log.
        """
        assert self.postgres.process
        self.postgres.process.send_signal(signal.SIGQUIT)
        self.postgres.process.wait(30)
        connection.close()
        self.postgres.start()

    def end(self) -> None:
        for process in self.started:
            kill(process)
        self.broker.stop()
        self.postgres.stop()


def copy_database(source: str, target: str) -> None:
    programs = find_programs()
    dump = subprocess.run([programs / "pg_dump", source], capture_output=True, check=True).stdout
    command = [programs / "psql", target, "-q", "-v", "ON_ERROR_STOP=1"]
    subprocess.run(command, input=dump, stdout=subprocess.DEVNULL, check=True)


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
def stack(tmp_path, alice, carol):
    """Processes can be started on it; the reps are those of its rota."""
    tmp_path.chmod(0o755)
    stack = Stack(tmp_path)
    try:
        with stack.in_use():
            yield stack
    finally:
        stack.end()
