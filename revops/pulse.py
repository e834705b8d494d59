"""The pulse of processes that have nothing to do for a while: web without visitors, and beat, which
does nothing but send ticks. They tell of it through the database, so that a stopped broker is not
taken for theirs.
"""

from __future__ import annotations

import logging
import os
import threading
import time

from django.db import DatabaseError, connection

from leads.instants import database_now
from sla.heartbeats import beat, leave

logger = logging.getLogger(__name__)

EVERY_SECONDS = 15.0


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


def keep_beating(name: str) -> None:
    """Tell every 15 seconds that this process is at work, for as long as it lives."""
    threading.Thread(target=_beat_on, args=(name,), name="pulse", daemon=True).start()


def _beat_on(name: str) -> None:
    while True:
        try_to_beat(name)
        time.sleep(EVERY_SECONDS)
