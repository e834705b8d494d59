"""Working through the rows that wait: submissions, leads to reconsider, handoffs to reroute and
those that nobody answers."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from time import monotonic

from django.db import transaction
from django.db.models import Exists, F
from django.db.models.functions import Coalesce

from leads.bulk_passing import not_held
from leads.errors import LeadsError, Outranked
from leads.instants import database_now
from leads.models import Assignment, Handoff, Lead, Queue, Submission
from leads.retrying import is_transient, retried
from revops import pipeline
from routing.lines import due
from routing.unworked import reroute_unworked
from routing.waiting import is_time_to_wake, wake
from sla import clocks

logger = logging.getLogger(__name__)

BATCH = 100
# So many wait after a night or when somebody leaves: fewer are quicker one by one.
MANY = 5
MOST_ATTEMPTS = 5
# How often this is called, about; and how long what waits may keep what else is due in that time.
TICK = timedelta(seconds=2)
ROUTING_S = 1.0
WAIT = timedelta(minutes=10)
# Longer than an attempt takes; one that ended with its worker is made again after that.
LEASE = timedelta(seconds=5)
ENDS_ITS_WORKER = "Each of five attempts ended in the middle, with the process that made it."


def process_submission(submission_id: int) -> bool:
    """Process one submission if it waits to be. What fails stays in the inbox with its error, and
    what may have failed by chance is tried again, later each time. Returns whether it was done.
    """
    attempt = _begin(submission_id)
    if attempt is None:
        return False
    if attempt > MOST_ATTEMPTS:
        _fail(submission_id, ENDS_ITS_WORKER)
        return False
    try:
        return retried(pipeline.process, submission_id)
    except LeadsError as error:
        _fail(submission_id, str(error))
        if isinstance(error, Outranked):
            error.asked.at = database_now()
            error.asked.save()
    except Exception as error:
        logger.exception("A submission failed.", extra={"submission": submission_id})
        problem = f"{type(error).__name__}: see the log for what happened."
        _put_off(submission_id, problem, attempt=attempt)
    return False


def _begin(submission_id: int) -> int | None:
    """Count an attempt before it is made, since one that ends its worker can't be counted after,
    and keep others from making the next one for some seconds. Returns its number; None if it is
    not to be made now.
    """
    waiting = Submission.objects.filter(pk=submission_id, state=Submission.State.PENDING)
    now = database_now()
    # Before there is an admin nobody answers for a queue that a lead could lie in.
    is_set_up = Exists(Queue.objects.all())
    begun = waiting.filter(is_set_up, next_attempt_at__lte=now).update(
        attempts=F("attempts") + 1, next_attempt_at=now + LEASE
    )
    return waiting.values_list("attempts", flat=True).first() if begun else None


def work_through(at: datetime) -> int:
    """Process everything that is due by `at`, oldest first. Returns how much of it was done."""
    submissions = Submission.objects.due(at).values_list("pk", flat=True)[:BATCH]
    done = sum(process_submission(pk) for pk in list(submissions))
    leads = Lead.objects.to_reconsider(at).order_by("pk").values_list("pk", flat=True)[:BATCH]
    done += sum(_reconsider(pk) for pk in list(leads))
    if is_time_to_wake(at, TICK):
        _wake(at)
    return done + _route_due(at, for_s=ROUTING_S)


def _wake(at: datetime) -> None:
    """Wake whom hours that changed concern. A failure keeps nothing else from being done."""
    try:
        with transaction.atomic():
            wake(at)
    except Exception:
        logger.exception("Handoffs that are held could not be asked about.")


def _route_due(at: datetime, *, for_s: float) -> int:
    """Route what waits and is due, a hundred at a time, for about `for_s` seconds; the rest comes
    with the next call. Returns how much was done.
    """
    began, done = monotonic(), 0
    ids = list(due(at).values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        if start and monotonic() - began > for_s:
            break
        done += _route_waiting(ids[start : start + BATCH])
    return done


def _route_waiting(ids: list[int]) -> int:
    """Route handoffs in the order in which they wait: many at once where they lead to a rota, in
    between those that have to be routed by themselves. A lead or a rota that others are at is left
    to them till the next call. Returns how many were done.
    """
    done, left, alone = 0, ids, 1
    while len(left) >= MANY:
        passed = _at_once(left)
        if passed is None:
            free = not_held(left)
            if len(free) == len(left):
                return done  # a rota is held
            left = [pk for pk in left if pk in free]
            continue
        # A try that passes few costs as much: where there are such, they come ever more seldom.
        alone = 1 if len(passed) >= MANY else 2 * alone
        left = [pk for pk in left if pk not in passed]
        done += len(passed) + sum(_reroute(pk) for pk in left[:alone])
        left = left[alone:]
    return done + sum(_reroute(pk) for pk in left)


def _at_once(ids: list[int]) -> set[int] | None:
    """Return which of these were passed at once; none if that fails. None: others are at one of
    them or at a rota, and to stand in line would only keep what else is due.
    """
    try:
        return pipeline.reroute_many(ids)
    except Exception as error:
        if is_transient(error):
            return None
        logger.exception("Many handoffs could not be routed at once: they are, one by one.")
        return set()


def _reconsider(lead_id: int) -> bool:
    """Reconsider one lead. One that fails waits, so that it can't starve the others."""
    try:
        return retried(pipeline.reconsider, lead_id)
    except Exception:
        logger.exception("A lead could not be reconsidered.", extra={"lead": lead_id})
        at = database_now()
        Lead.objects.live().filter(pk=lead_id).update(
            reconsider_at=at + WAIT,
            reconsider_fails_since=Coalesce("reconsider_fails_since", at),
            band_changes_on=None,
        )
        return False


def _reroute(handoff_id: int) -> bool:
    """Route one handoff again. One that fails waits, so that it can't starve the others."""
    try:
        return retried(pipeline.reroute, handoff_id)
    except Exception:
        logger.exception("A handoff could not be routed.", extra={"handoff": handoff_id})
        Handoff.objects.filter(pk=handoff_id, reroute_at__isnull=False).update(
            reroute_at=database_now() + WAIT
        )
        return False


def reroute_unanswered(at: datetime) -> int:
    """Give to other reps what nobody has answered for longer than its policy lets it lie. Returns
    how much was taken away.
    """
    due = clocks.unanswered(at).values_list("assignment", flat=True)[:BATCH]
    return sum(_take_away(pk) for pk in list(due))


def _take_away(assignment_id: int) -> bool:
    try:
        return retried(_reroute_unworked, assignment_id)
    except Exception:
        logger.exception("A lead could not be taken away.", extra={"assignment": assignment_id})
        clocks.put_off_rerouting(assignment_id, until=database_now() + WAIT)
        return False


def _reroute_unworked(assignment_id: int) -> bool:
    return reroute_unworked(Assignment.objects.get(pk=assignment_id), at=database_now())


def _fail(submission_id: int, error: str) -> None:
    Submission.objects.filter(pk=submission_id, state=Submission.State.PENDING).update(
        state=Submission.State.FAILED, error=error
    )


def _put_off(submission_id: int, error: str, *, attempt: int) -> None:
    """Wait after a failed attempt; the fifth is the last: 1 minute, 2, 4 and 8 lie between them."""
    if attempt >= MOST_ATTEMPTS:
        _fail(submission_id, error)
        return
    wait = timedelta(minutes=2 ** (attempt - 1))
    Submission.objects.filter(pk=submission_id, state=Submission.State.PENDING).update(
        error=error, next_attempt_at=database_now() + wait
    )
