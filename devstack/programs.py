"""The processes that make up a running product."""

import sys
from dataclasses import dataclass
from pathlib import Path

WORKER = (
    "celery",
    "-A",
    "revops",
    "worker",
    "-l",
    "WARNING",
    "--without-gossip",
    "--without-mingle",
)


@dataclass(frozen=True)
class Program:
    """One process, as the arguments that Python gets."""

    name: str
    arguments: tuple[str, ...]

    @property
    def command(self) -> list[str]:
        return [sys.executable, *self.arguments]


def programs(*, port: int, data: Path) -> tuple[Program, ...]:
    """Return them in the order of starting; they stop in the opposite one: no new work first."""
    web = ("gunicorn", "revops.wsgi", "--bind", f"127.0.0.1:{port}", "--graceful-timeout", "10")
    threads = ("--worker-class", "gthread", "--workers", "2", "--threads", "4")
    schedule = str(data / "celerybeat-schedule")
    return (
        Program("hot", ("-m", *WORKER, "-Q", "hot", "-n", "hot@%h", "-c", "2")),
        Program("long", ("-m", *WORKER, "-Q", "long", "-n", "long@%h", "-c", "1")),
        Program("sweep", ("manage.py", "sweep", "--loop")),
        Program("web", ("-m", *web, *threads, "--no-control-socket", "--log-level", "warning")),
        Program("beat", ("-m", "celery", "-A", "revops", "beat", "-l", "WARNING", "-s", schedule)),
    )
