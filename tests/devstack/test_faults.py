"""Kills and stops real processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from devstack.failure import StackError
from devstack.processes import start_child, stop_children
from devstack.programs import Program
from devstack.servers import Servers
from devstack.supervisor import Supervised

pytestmark = pytest.mark.faults

HOLD_SERVERS = """
import sys, time
from pathlib import Path
from devstack.servers import Servers
servers = Servers(Path(sys.argv[1]))
servers.start()
print(servers.postgres.process.pid, servers.valkey.process.pid, flush=True)
time.sleep(60)
"""


def wait_for(is_so, seconds=10.0):
    give_up_at = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up_at, "it did not happen in time"
        time.sleep(0.02)


def is_gone(pid):
    return not Path(f"/proc/{pid}").exists()


@pytest.fixture
def killed_owner(tmp_path):
    """The folder of servers whose owner was killed after one row was committed, and their pids."""
    tmp_path.chmod(0o755)
    command = [sys.executable, "-c", HOLD_SERVERS, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        pids = [int(pid) for pid in owner.stdout.readline().split()]
        with psycopg.connect(Servers(tmp_path).postgres.url()) as line:
            line.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        owner.kill()
    return tmp_path, pids


def test_a_killed_owner_leaves_no_server_and_loses_no_committed_row(killed_owner):
    folder, pids = killed_owner
    servers = Servers(folder)
    servers.start()  # at once: it has to wait for the old ones to end
    try:
        wait_for(lambda: all(map(is_gone, pids)))  # a program that answers no more may still end
        with psycopg.connect(servers.postgres.url()) as line:
            assert line.execute("SELECT answer FROM kept").fetchone() == (42,)
    finally:
        servers.stop()


def test_servers_that_are_killed_are_started_again_and_lose_no_committed_row(tmp_path):
    tmp_path.chmod(0o755)
    servers = Servers(tmp_path)
    servers.start()
    try:
        with psycopg.connect(servers.postgres.url()) as line:
            line.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        for server in (servers.postgres, servers.valkey):
            server.process.kill()
            server.process.wait(10)
        servers.heal()
        with psycopg.connect(servers.postgres.url()) as line:
            assert line.execute("SELECT answer FROM kept").fetchone() == (42,)
        assert servers.are_answering()
        servers.valkey.process.kill()
        servers.valkey.process.wait(10)
        with pytest.raises(StackError, match="Valkey has died again"):
            servers.heal()
    finally:
        servers.stop()


def test_a_server_that_is_killed_amid_work_is_started_again(tmp_path):
    """Who is at work when it dies would go on to the end, and keep the next one from starting."""
    tmp_path.chmod(0o755)
    servers = Servers(tmp_path)
    servers.postgres.start()
    try:
        line = psycopg.connect(servers.postgres.url(), autocommit=True)
        line.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 3000000000)")
        time.sleep(0.3)
        servers.postgres.process.kill()
        servers.postgres.process.wait(10)
        servers.heal()
        line.close()
        assert servers.postgres.is_answering()
    finally:
        servers.stop()


def test_a_program_that_is_killed_is_started_again(capfd):
    sleeper = Supervised(
        Program("sleeper", 1, ("-c", "import time; time.sleep(60)")), dict(os.environ)
    )
    first = sleeper.process.pid
    os.kill(first, signal.SIGKILL)
    try:
        wait_for(lambda: sleeper.heal() or sleeper.process.pid != first)
        assert not sleeper.has_ended()
        assert "sleeper was killed by signal 9: starting it again" in capfd.readouterr().err
    finally:
        stop_children([sleeper.process], seconds=5)
        sleeper.echo.join()


def test_a_stubborn_child_is_killed_with_its_own_children(tmp_path):
    script = f"trap '' TERM; sleep 60 & echo $! > {tmp_path}/pid; wait; wait"
    child = start_child(["sh", "-c", script], output=subprocess.DEVNULL)
    wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
    stop_children([child], seconds=0.3)
    wait_for(lambda: is_gone((tmp_path / "pid").read_text().strip()))
    assert child.returncode == -signal.SIGKILL
