"""`./run`: everything on this machine, until Ctrl-C."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from urllib.parse import quote

from devstack import outside
from devstack.failure import StackError
from devstack.processes import kill_session, start_child
from devstack.programs import programs
from devstack.progress import say
from devstack.servers import Servers
from devstack.supervisor import LOOK_SECONDS, ROOT, Supervisor
from devstack.workspace import Workspace

# That a worker runs as root, and that no static files were collected: so it is in a local run.
EXPECTED_WARNINGS = (
    "ignore::UserWarning:celery.platforms",
    "ignore::UserWarning:django.core.handlers.base",
)


def run(workspace: Workspace, *, port: int, demo: bool | None, fresh: bool) -> None:
    """Run until a signal to stop; raise StackError if it can't start or a server keeps dying.

    demo: None means what fits: yes on the embedded servers, no on others.
    """
    uses_outside = outside.are_named()
    check_port(port)
    if not workspace.claim():
        raise StackError(
            f"Another ./run is using {workspace.folder}: stop it, or name another --data."
        )
    if fresh:
        start_over(workspace, uses_outside=uses_outside)
    (workspace.folder / "address").write_text(f"http://localhost:{port}")
    say("Python environment is ready")
    with stop_signals() as stop_if_asked, running_servers(workspace) as servers:
        environment = application_environment(workspace)
        greeting = prepare(workspace, environment, demo=not uses_outside if demo is None else demo)
        with running_programs(port, workspace, environment) as supervisor:
            say(f"Handoff is at {environment['BASE_URL']}  (Ctrl-C stops it)")
            print(greeting, flush=True)
            watch(supervisor, servers, stop_if_asked)


def check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StackError(
                f"Port {port} can't be used ({error.strerror}): choose another with --port."
            ) from None


def start_over(workspace: Workspace, *, uses_outside: bool) -> None:
    if uses_outside:
        raise StackError("--fresh empties the embedded servers only, never those of DATABASE_URL.")
    workspace.start_over()
    say(f"{workspace.folder} is emptied")


@contextmanager
def stop_signals() -> Iterator[Callable[[], None]]:
    """Turn the first signal to stop into the end of this block; ignore those that follow.

    Yields what ends the block if a signal came: Python drops what its handler raises where it comes
    within a callback, as after a fork.
    """
    came = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        for name in asked:
            signal.signal(name, signal.SIG_IGN)
        raise KeyboardInterrupt

    def stop_if_asked() -> None:
        if came:
            raise KeyboardInterrupt

    asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for name in asked:
        signal.signal(name, stop)
    try:
        yield stop_if_asked
    except KeyboardInterrupt:
        say("everything is stopped")


@contextmanager
def running_servers(workspace: Workspace) -> Iterator[Servers | None]:
    """Yield the embedded servers, running; None where outside ones are to be used."""
    if outside.are_named():
        outside.check_versions()
        say("PostgreSQL and Redis are those of DATABASE_URL and REDIS_URL")
        yield None
        return
    servers = workspace.servers
    try:
        account = servers.postgres.start()
        say(f"PostgreSQL is up (run by {account})")
        servers.valkey.start()
        say("Valkey is up")
        os.environ.update(servers.environment())
        yield servers
    finally:
        servers.stop()


@contextmanager
def running_programs(
    port: int, workspace: Workspace, environment: dict[str, str]
) -> Iterator[Supervisor]:
    supervisor = Supervisor(programs(port=port, data=workspace.folder), environment)
    try:
        supervisor.start(port)
        yield supervisor
    finally:
        say("stopping: running work gets up to 20 s")
        supervisor.stop()


def application_environment(workspace: Workspace) -> dict[str, str]:
    """Return what the programs read; a variable of the caller beats what the folder holds."""
    address = workspace.folder / "address"
    kept = {
        "SECRET_KEY": workspace.secret("secret_key", 50),
        "SETUP_CODE": workspace.secret("setup_code", 12),
        "BASE_URL": address.read_text() if address.exists() else "http://localhost:8000",
        "EMAIL_URL": f"filemail:///{quote(str(workspace.folder / 'mail'))}",
        "DJANGO_SETTINGS_MODULE": "revops.settings",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": ",".join(EXPECTED_WARNINGS),
    }
    return kept | os.environ


def prepare(workspace: Workspace, environment: dict[str, str], *, demo: bool) -> str:
    """Ready the database in a process of its own; return the words that greet the user."""
    greeting = workspace.folder / "greeting"
    command = [sys.executable, "-m", "devstack.prepare", "--greeting", str(greeting)]
    child = start_child(
        [*command, *(["--demo"] if demo else [])],
        cwd=ROOT,
        environment=environment,
        output=sys.stderr.fileno(),
    )
    try:
        if child.wait():
            raise StackError("The database could not be prepared: the reason stands above.")
    finally:
        kill_session(child)
    words = greeting.read_text()
    greeting.unlink()
    workspace.mark_prepared()
    return words


def watch(
    supervisor: Supervisor, servers: Servers | None, stop_if_asked: Callable[[], None]
) -> None:
    """Heal servers and programs until asked to stop; raise StackError when a server keeps dying."""
    while True:
        stop_if_asked()
        if servers:
            servers.heal()
        supervisor.heal()
        time.sleep(LOOK_SECONDS)
