"""The two servers of a local run, together."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from devstack.postgres import Postgres
from devstack.valkey import Valkey

MEMORY = Path("/dev/shm")
ROOM_NEEDED_BYTES = 1 << 30
PREFIX = "handoff-test-"


class Servers:
    """PostgreSQL and Valkey in the folder `home`; `durable` ones keep what was committed."""

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.postgres = Postgres(home / "postgres", durable=durable)
        self.valkey = Valkey(home / "valkey", durable=durable)

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
