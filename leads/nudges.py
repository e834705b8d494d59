"""Nudges: tasks sent after commit, so that what is due happens at once, not at the next tick."""

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def nudge(task: str, *args: int | str) -> None:
    """Send `task` once the transaction is committed. Rows say what is due, so a nudge may be lost:
    a broker that is away costs lateness and nothing else.
    """
    transaction.on_commit(lambda: _send(task, args), robust=True)


def _send(task: str, args: tuple[int | str, ...]) -> None:
    try:
        current_app.send_task(task, args=args, retry=False)
    except OperationalError:
        logger.warning("The broker is away: %s waits for the next sweep.", task)
