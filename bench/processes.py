"""Real processes of the product for a measurement: workers, beat, standby sweep."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

CELERY = ("-m", "celery", "-A", "revops", "--quiet")
WORKER = (*CELERY, "worker", "-Q", "hot", "-c", "2", "--without-gossip", "--without-mingle")
STANDBY = ("manage.py", "sweep", "--loop")


class Processes:
    """Those started, each in a group of its own, so that a whole one can be killed."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.running: list[subprocess.Popen[bytes]] = []

    def start(
        self, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """environment: what differs from ours."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        own = {"env": os.environ | (environment or {}), "start_new_session": True}
        process = subprocess.Popen([sys.executable, *arguments], **own, **quiet)
        self.running.append(process)
        return process

    def start_beat(self) -> subprocess.Popen[bytes]:
        return self.start(*CELERY, "beat", "-s", str(self.home / "schedule"))

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        self.running.remove(process)


@contextmanager
def processes() -> Iterator[Processes]:
    with tempfile.TemporaryDirectory() as home:
        found = Processes(Path(home))
        try:
            yield found
        finally:
            for process in list(found.running):
                found.kill(process)
