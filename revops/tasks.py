"""Doors for Celery. Each does what rows say is due; a second run finds nothing left to do."""

import os

from celery import shared_task
from celery.signals import worker_shutdown

from leads.instants import database_now
from revops import intake_work, jobs
from revops.pulse import try_to_leave
from revops.sweep import send
from revops.sweep import sweep as sweep_once
from sla import invariants
from sla.heartbeats import beat

# Within the five seconds from tick to tick, so that they don't pile up.
JOBS_S = 4.0


@shared_task
def process_submission(submission_id: int) -> None:
    intake_work.process_submission(submission_id)


@shared_task
def sweep() -> None:
    sweep_once("worker", pid=_pid_of_worker())


@shared_task
def send_notifications() -> None:
    send()


@shared_task
def run_jobs() -> None:
    """Steps of all jobs in turn for some seconds; the next tick goes on."""
    beat("jobs", database_now(), pid=_pid_of_worker())
    jobs.run_steps(for_s=JOBS_S)
    invariants.look(database_now())


@worker_shutdown.connect  # Celery tells of the end of its tasks in no other way
def say_that_it_ends(**_: object) -> None:
    try_to_leave()


def _pid_of_worker() -> int:
    """Return the pid of the worker itself: its children, which do the tasks, come and go."""
    return os.getppid()
