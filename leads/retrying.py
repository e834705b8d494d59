"""Doing a transaction again that lost out to another one by chance."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import OperationalError, connection
from psycopg import errors

from leads.errors import LostRace

logger = logging.getLogger(__name__)

TRIES = 3
PAUSE_S = 0.05
TRANSIENT = (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable)

T = TypeVar("T")


def is_transient(error: BaseException) -> bool:
    """Whether the database gave up a transaction that may well succeed if done again: a deadlock,
    a serialization failure, a lock that somebody else held for too long.
    """
    return isinstance(error, OperationalError) and isinstance(error.__cause__, TRANSIENT)


@contextmanager
def told_of_chance() -> Iterator[None]:
    """Have a person who waits for a transaction told, by LostRace, that it lost out by chance."""
    try:
        yield
    except OperationalError as error:
        if not is_transient(error):
            raise
        raise LostRace("Others were at it just now. Nothing was changed: try again.") from error


def retried(work: Callable[[int], T], row_id: int) -> T:
    """Return what `work` returns for a row; done up to three times if it fails transiently.

    work: one whole transaction of its own. Within another transaction it is done once, since
    that one is lost with it.
    """
    for attempt in range(1, TRIES):
        try:
            return work(row_id)
        except OperationalError as error:
            if connection.in_atomic_block or not is_transient(error):
                raise
            logger.warning("A transaction is done again.", extra={"row": row_id, "try": attempt})
            time.sleep(PAUSE_S * attempt * random.uniform(0.5, 1.5))
    return work(row_id)
