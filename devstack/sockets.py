"""Where the servers' unix sockets lie, and whether anybody answers there."""

import hashlib
import os
import socket
from contextlib import suppress
from pathlib import Path

from devstack.failure import StackError

# The kernel takes 107 bytes; the longest file name in there is ".s.PGSQL.5432.lock".
LONGEST_FOLDER_BYTES = 88


def socket_folder(home: Path) -> Path:
    """Return `home`, or, where its path can't be a socket's, a folder of ours in /tmp.

    A comma separates folders for PostgreSQL.
    """
    if len(os.fsencode(home)) <= LONGEST_FOLDER_BYTES and "," not in str(home):
        return home
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    folder = Path("/tmp") / f"handoff-{os.geteuid()}-{digest}"
    folder.mkdir(mode=0o711, exist_ok=True)
    if folder.is_symlink() or folder.lstat().st_mode & 0o022:
        raise StackError(f"{folder} was made by somebody else: remove it, or use a shorter path.")
    return folder


def remove_socket_folder(folder: Path, home: Path) -> None:
    """Remove the folder in /tmp, once it is empty; nothing happens to `home`."""
    if folder != home:
        with suppress(OSError):
            folder.rmdir()


def answers(path: Path, *, say: bytes = b"", hear: bytes = b"") -> bool:
    """Whether a server listens at `path` and, told `say`, answers with `hear`."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(2)
        try:
            line.connect(os.fspath(path))
            line.sendall(say)
            return not hear or line.recv(len(hear)) == hear
        except OSError:
            return False
