"""One round of everything that is due. Beat calls it; the standby does when beat is silent."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection

from leads.instants import database_now
from revops import intake_work, jobs
from sla import answer_sending, invariants, mail_server, outbox
from sla.heartbeats import beat
from sla.models import Heartbeat
from sla.stay_clocks import follow_moves
from sla.stays import tell_of_long_stays
from sla.sweep import sweep_clocks

logger = logging.getLogger(__name__)

NAME, SENDER = "sweep", "sender"
SENDING = 7_236_002  # number of the advisory lock
SILENT_AFTER = timedelta(seconds=5)
# Promises are missed first, then their leads taken; a stay that is promised is none to tell of.
STEPS = (
    intake_work.work_through,
    sweep_clocks,
    intake_work.reroute_unanswered,
    follow_moves,
    tell_of_long_stays,
)
SENDERS = (answer_sending.send_due, outbox.send_due)
T = TypeVar("T")


def sweep(by: str, *, pid: int | None = None) -> int:
    """Do what is due now: rows in the inbox first, then clocks, then what else follows. Returns how
    much was done. Each step is told when it begins: how late a clock fired hangs on it.

    by, pid: which kind of process called, and which one of them, for its pulse.
    After a step that fails there is no pulse, once the others were done: silence is an alarm.
    """
    at = database_now()
    done = _do_each(STEPS, database_now)
    beat(NAME, database_now())
    beat(by, at, pid=pid)
    return done


def send() -> int:
    """Send what is due now, prospects' mail first. Returns how much went out: nothing while another
    process sends, so that a mail server that stalls holds up one of them alone. What fails of the
    one kind of mail keeps none of the other from going.
    """
    with _alone() as is_alone:
        if not is_alone:
            return 0
        sent = _do_each(SENDERS, lambda: database_now)
        mail_server.look_after(database_now())
    beat(SENDER, database_now())
    return sent


def _do_each(steps: Iterable[Callable[[T], int]], told: Callable[[], T]) -> int:
    """Do each of `steps`, whatever the others meet. Returns how much was done.

    told: asked for each step for what it is told. What the first that fails failed with is raised
    once all were done.
    """
    done, failures = 0, []
    for step in steps:
        try:
            done += step(told())
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            logger.exception("A step failed: the others go on.")
            failures.append(error)
    if failures:
        raise failures[0]
    return done


def stand_by() -> int:
    """Sweep and go on with jobs if nobody else swept for five seconds: a stopped broker or
    scheduler costs lateness and nothing else. Returns how much was done.
    """
    at = database_now()
    beat("standby", at, pid=os.getpid())
    if _is_at_work(NAME, at):
        return 0
    done = sweep("standby")
    jobs.run_step()
    invariants.look(database_now())
    return done


def stand_by_to_send() -> int:
    """Send if nobody else did for five seconds. Returns how much went out."""
    return 0 if _is_at_work(SENDER, database_now()) else send()


def _is_at_work(name: str, at: datetime) -> bool:
    """Whether `name` beat just now. A beat of a time to come, from before the clock went back, is
    none.
    """
    just_now = (at - SILENT_AFTER, at + SILENT_AFTER)
    return Heartbeat.objects.filter(name=name, beat_at__range=just_now).exists()


@contextmanager
def _alone() -> Iterator[bool]:
    """Tell whether nobody else sends, and see to it that nobody does before the end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [SENDING])
        (is_alone,) = cursor.fetchone()
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [SENDING])
