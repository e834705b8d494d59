"""A data folder: the embedded servers' files, the generated secrets, and who is using it."""

import fcntl
import os
import secrets
import shutil
from pathlib import Path

from devstack.failure import StackError
from devstack.servers import Servers

PREPARED = "prepared"
MARKER = ".handoff-data"
RUN_LOCK = "run.lock"
USERS_LOCK = "users.lock"
KEPT_WHEN_STARTING_OVER = {MARKER, RUN_LOCK, USERS_LOCK}


class Workspace:
    """The folder `folder`, made if it is not there; refused if it holds something else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.locks: dict[str, int] = {}
        marker = self.folder / MARKER
        if self.folder.exists() and not marker.exists() and any(self.folder.iterdir()):
            raise StackError(
                f"{folder} holds something else, nothing in it was touched: name another."
            )
        self.folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        marker.touch()
        self.servers = Servers(self.folder)

    def has_been_prepared(self) -> bool:
        return (self.folder / PREPARED).exists()

    def mark_prepared(self) -> None:
        (self.folder / PREPARED).touch()

    def claim(self) -> bool:
        """Take the folder for this process until it ends; False if another one has it."""
        return self._lock(RUN_LOCK, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def join_users(self) -> None:
        """Keep whoever started the servers from stopping them while this process lives.

        The lock outlives exec, so that it covers a command this process turns into.
        """
        self._lock(USERS_LOCK, fcntl.LOCK_SH)
        os.set_inheritable(self.locks[USERS_LOCK], True)

    def outstay_users(self) -> None:
        """Return when no other process uses the servers, and let none begin to."""
        os.close(self.locks.pop(USERS_LOCK))
        self._lock(USERS_LOCK, fcntl.LOCK_EX)

    def release(self) -> None:
        """Let go of every lock; the end of the process does the same."""
        while self.locks:
            os.close(self.locks.popitem()[1])

    def start_over(self) -> None:
        """Remove all that the folder holds; claim it before."""
        self.servers.stop_leftovers()
        for path in self.folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name not in KEPT_WHEN_STARTING_OVER:
                path.unlink()
        self.servers = Servers(self.folder)

    def secret(self, name: str, characters: int) -> str:
        """Return the secret kept as file `name`, made up the first time."""
        path = self.folder / name
        if not path.exists():
            with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(characters)[:characters])
        return path.read_text().strip()

    def _lock(self, name: str, operation: int) -> bool:
        file = os.open(self.folder / name, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(file, operation)
        except BlockingIOError:
            os.close(file)
            return False
        self.locks[name] = file
        return True
