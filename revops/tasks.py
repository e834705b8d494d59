"""Doors for Celery. Each does what rows say is due; a second run finds nothing left to do."""

from celery import shared_task

from leads.instants import database_now
from revops import intake_work, jobs
from revops.sweep import send
from revops.sweep import sweep as sweep_once
from sla.heartbeats import beat

# Within the five seconds from tick to tick, so that they don't pile up.
JOBS_S = 4.0


@shared_task
def process_submission(submission_id: int) -> None:
    intake_work.process_submission(submission_id)


@shared_task
def sweep() -> None:
    sweep_once("worker")


@shared_task
def send_notifications() -> None:
    send()


@shared_task
def run_jobs() -> None:
    """Steps of all jobs in turn for some seconds; the next tick goes on."""
    beat("jobs", database_now())
    jobs.run_steps(for_s=JOBS_S)
