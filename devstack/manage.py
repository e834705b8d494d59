"""`./run manage …`: a management command against the servers of a workspace."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from devstack import outside
from devstack.processes import bind_to_parent, wait_until
from devstack.run import application_environment, prepare, running_servers
from devstack.supervisor import ROOT
from devstack.workspace import Workspace

SERVERS_SECONDS = 60


def manage(workspace: Workspace, arguments: Sequence[str]) -> int:
    """Run the command and return its exit code; become it where the servers are up already."""
    if outside.are_named():
        become(workspace, arguments)
    workspace.join_users()
    started_by_us = False

    def are_up() -> bool:
        nonlocal started_by_us
        started_by_us = workspace.claim()
        return started_by_us or workspace.servers.are_answering()

    wait_until(are_up, seconds=SERVERS_SECONDS, failure="The servers of this folder don't answer.")
    if not started_by_us:
        os.environ.update(workspace.servers.environment())
        become(workspace, arguments)
    with running_servers(workspace):
        environment = application_environment(workspace)
        if not workspace.has_been_prepared():
            prepare(workspace, environment, demo=False)
        code = run_to_end(command(arguments), environment)
        workspace.outstay_users()
    return code


def command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), *arguments]


def become(workspace: Workspace, arguments: Sequence[str]) -> None:
    words = command(arguments)
    os.execve(words[0], words, application_environment(workspace))


def run_to_end(words: Sequence[str], environment: dict[str, str]) -> int:
    """Return the exit code as a shell would; Ctrl-C is the command's to answer."""
    bound = bind_to_parent(signal.SIGTERM)
    with subprocess.Popen(words, env=environment, preexec_fn=bound) as child:
        signal.signal(signal.SIGINT, lambda number, frame: None)
        signal.signal(signal.SIGTERM, lambda number, frame: child.terminate())
        code = child.wait()
    return code if code >= 0 else 128 - code
