"""The two servers of a local run, together."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from devstack.failure import StackError
from devstack.postgres import Postgres
from devstack.progress import say
from devstack.valkey import Valkey

MEMORY = Path("/dev/shm")
ROOM_NEEDED_BYTES = 1 << 30
PREFIX = "handoff-test-"
# Who dies twice within so long is not started a third time.
DIES_OFTEN_SECONDS = 30


class Servers:
    """PostgreSQL and Valkey in the folder `home`; `durable` ones keep what was committed."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.postgres = Postgres(home / "postgres", durable=durable)
        self.valkey = Valkey(home / "valkey", durable=durable)
        self.healed_at: dict[str, float] = {}

    def environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.postgres.url(), "REDIS_URL": self.valkey.url()}

    def are_answering(self) -> bool:
        return self.postgres.is_answering() and self.valkey.is_answering()

    def stop_leftovers(self) -> None:
        self.postgres.stop_leftover()
        self.valkey.stop_leftover()

    def start(self) -> None:
        self.postgres.start()
        self.valkey.start()

    def heal(self) -> None:
        """Start again what has died. Raises StackError if that fails, or if it died just before."""
        for name, server in (("PostgreSQL", self.postgres), ("Valkey", self.valkey)):
            if server.process is None or server.process.poll() is None:
                continue
            now = time.monotonic()
            if now - self.healed_at.get(name, -DIES_OFTEN_SECONDS) < DIES_OFTEN_SECONDS:
                raise StackError(f"{name} has died again, so the run ends.")
            say(f"{name} has died: starting it again")
            self.healed_at[name] = now
            server.start()

    def stop(self) -> None:
        self.valkey.stop()
        self.postgres.stop()


@contextmanager
def throwaway_servers() -> Iterator[Servers]:
    """Yield running servers that keep nothing, in memory where there is room for them."""
    base = Path(tempfile.gettempdir())
    if MEMORY.exists() and shutil.disk_usage(MEMORY).free > ROOM_NEEDED_BYTES:
        base = MEMORY
    remove_leftovers(base)
    home = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=base))
    home.chmod(0o755)
    servers = Servers(home, durable=False)
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()
        shutil.rmtree(home, ignore_errors=True)


def remove_leftovers(base: Path) -> None:
    """Remove the folders of test runs that were killed."""
    for folder in base.glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).split("-")[0]
        if not Path(f"/proc/{owner}").exists():
            with suppress(OSError):
                shutil.rmtree(folder)
