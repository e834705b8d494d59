"""The pulse of processes that have nothing to do for a while: web without visitors, and beat, which
does nothing but send ticks. They tell of it through the database, so that a stopped broker is not
taken for theirs.
"""

from __future__ import annotations

import logging
import os
import threading

from django.db import DatabaseError, connection

from leads.instants import database_now
from sla.heartbeats import beat, leave

logger = logging.getLogger(__name__)

EVERY_SECONDS = 15.0
# What a beat on its way to the database gets when its process is to end.
PATIENCE_SECONDS = 5.0


def try_to_beat(name: str) -> None:
    """Note that this process is at work. A database that is away is no reason to end."""
    try:
        beat(name, database_now(), pid=os.getpid())
    except DatabaseError:
        logger.warning("The database is away: %s can't tell that it is at work.", name)
    finally:
        connection.close()


def try_to_leave() -> None:
    """Note that this process ends as it was asked to, so that nobody misses it."""
    try:
        leave(os.getpid())
    except DatabaseError:
        logger.warning("The database is away: it will say that this process died.")
    finally:
        connection.close()


class Pulse(threading.Thread):
    """Tells every 15 seconds that this process is at work, for as long as it lives."""

    def __init__(self, name: str) -> None:
        super().__init__(name="pulse", daemon=True)
        self.process = name
        self.is_to_end = threading.Event()

    def run(self) -> None:
        while not self.is_to_end.is_set():
            try_to_beat(self.process)
            self.is_to_end.wait(EVERY_SECONDS)

    def end(self) -> None:
        """Note that this process ends as it was asked to. No beat comes after that, unless one
        takes longer than is waited for.
        """
        self.is_to_end.set()
        self.join(PATIENCE_SECONDS)
        try_to_leave()
