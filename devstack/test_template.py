"""A migrated, empty database that each test database starts as a copy of.

Migrating from nothing takes longer than most test runs, so the outcome is kept as a dump for as
long as no migration and no pin changes.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from devstack.failure import StackError
from devstack.postgres import find_programs
from devstack.servers import Servers

TEMPLATE = "handoff_template"
ROOT = Path(__file__).resolve().parent.parent
KEPT_IN = ROOT / ".pytest_cache"
MADE_OF = ("*/migrations/*.py", "requirements*.txt")


def make_template(servers: Servers) -> str:
    """Make the template database on `servers` and return its name."""
    url = servers.postgres.url()
    _run("psql", url, "-qc", f"CREATE DATABASE {TEMPLATE}")
    template = servers.postgres.url(TEMPLATE)
    dump = KEPT_IN / f"migrated-{_digest()}.sql"
    if dump.exists():
        _run("psql", template, "-q", "-v", "ON_ERROR_STOP=1", "-f", str(dump))
    else:
        _migrate(servers, template)
        _keep(template, dump)
    return TEMPLATE


def _migrate(servers: Servers, url: str) -> None:
    environment = {"SECRET_KEY": "only for tests", **os.environ, **servers.environment()}
    environment["DATABASE_URL"] = url
    command = [sys.executable, "-W", "ignore", str(ROOT / "manage.py"), "migrate", "-v0"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"The test database could not be migrated:\n{done.stderr[-2000:]}")


def _keep(url: str, dump: Path) -> None:
    KEPT_IN.mkdir(exist_ok=True)
    for old in KEPT_IN.glob("migrated-*.sql"):
        old.unlink(missing_ok=True)
    unfinished = dump.with_suffix(f".{os.getpid()}")
    _run("pg_dump", "--no-owner", "-f", str(unfinished), url)
    unfinished.rename(dump)


def _digest() -> str:
    files = sorted(path for pattern in MADE_OF for path in ROOT.glob(pattern))
    content = b"".join(path.name.encode() + path.read_bytes() for path in files)
    return hashlib.sha256(content).hexdigest()[:16]


def _run(program: str, *arguments: str) -> None:
    command = [str(find_programs() / program), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"{program} failed: {done.stderr[-2000:]}")
