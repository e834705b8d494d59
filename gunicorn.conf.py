"""Read by gunicorn from the folder that it is started in."""

from typing import Any


def post_worker_init(worker: Any) -> None:
    """Have each web process tell that it is at work: a thread would not outlive the fork."""
    # What it needs can be loaded once the application is.
    from revops.pulse import Pulse

    worker.pulse = Pulse("web")
    worker.pulse.start()


def worker_exit(server: Any, worker: Any) -> None:
    """Have one that ends as asked say so, unless it never began."""
    if pulse := getattr(worker, "pulse", None):
        pulse.end()
