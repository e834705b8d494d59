"""The processes that make up a running product."""

import sys
from dataclasses import dataclass
from pathlib import Path

CELERY = ("-m", "celery", "-A", "revops", "--quiet")
WORKER = (*CELERY, "worker", "-l", "WARNING", "--without-gossip", "--without-mingle")


@dataclass(frozen=True)
class Program:
    """One process, as the arguments that Python gets, and when it stops: lower turns first."""

    name: str
    stop_turn: int
    arguments: tuple[str, ...]

    @property
    def command(self) -> list[str]:
        return [sys.executable, *self.arguments]


def programs(*, port: int, data: Path) -> tuple[Program, ...]:
    """Return the web, then the others; they stop from those that make work to the workers."""
    web = ("gunicorn", "revops.wsgi", "--bind", f"127.0.0.1:{port}", "--graceful-timeout", "10")
    threads = ("--worker-class", "gthread", "--workers", "2", "--threads", "4")
    schedule = str(data / "celerybeat-schedule")
    return (
        Program(
            "web",
            2,
            ("-m", *web, *threads, "--no-control-socket", "--preload", "--log-level", "warning"),
        ),
        Program("hot", 3, (*WORKER, "-Q", "hot", "-n", "hot@%h", "-c", "2")),
        Program("long", 3, (*WORKER, "-Q", "long", "-n", "long@%h", "-c", "1")),
        Program("sweep", 3, ("manage.py", "sweep", "--loop")),
        Program("beat", 1, (*CELERY, "beat", "-l", "WARNING", "-s", schedule)),
    )
