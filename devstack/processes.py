"""Child processes that never outlive the process that started them."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from devstack.failure import StackError

PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None).prctl


def bind_to_parent(signal_on_death: signal.Signals) -> Callable[[], None]:
    """Return what a new child calls so that it gets the signal when this process dies.

    The kernel watches the thread that started the child: start children from the main thread.
    """
    parent = os.getpid()

    def bind() -> None:
        _prctl(PR_SET_PDEATHSIG, signal_on_death)
        if os.getppid() != parent:  # it died before the binding held
            os._exit(1)

    return bind


def start_child(
    command: Sequence[str],
    *,
    signal_on_death: signal.Signals = signal.SIGKILL,
    cwd: Path = Path("/"),
    environment: dict[str, str] | None = None,
    output: IO[bytes] | int = subprocess.PIPE,
    uid: int | None = None,
    gid: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own: Ctrl-C reaches only whoever started the stack.

    signal_on_death: for a program that has something to put in order; the others would only wait
    for servers that are going down as well.
    """
    return subprocess.Popen(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=bind_to_parent(signal_on_death),
        user=uid,
        group=gid,
        extra_groups=None if uid is None else [],
    )


def stop_children(
    children: Iterable[subprocess.Popen[bytes]],
    *,
    seconds: float,
    signal_to_send: signal.Signals = signal.SIGTERM,
) -> None:
    """Ask all `children` to end, then wait; kill the whole session of each after `seconds`."""
    children = list(children)
    give_up_at = time.monotonic() + seconds
    for child in children:
        child.send_signal(signal_to_send)
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.wait(max(0, give_up_at - time.monotonic()))
        kill_session(child)


def kill_session(child: subprocess.Popen[bytes]) -> None:
    """Kill whatever is left of `child` and of the processes it started."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def wait_until(is_ready: Callable[[], bool], *, seconds: float, failure: str) -> None:
    """Return as soon as `is_ready`; raise StackError(`failure`) after `seconds`."""
    give_up_at = time.monotonic() + seconds
    while not is_ready():
        if time.monotonic() > give_up_at:
            raise StackError(failure)
        time.sleep(0.01)


def last_line(log: Path) -> str:
    """What a server said last; it ends the sentence about its failure."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return lines[-1] if lines else "it said nothing"
