"""One round of everything that is due. Beat calls it; the standby does when beat is silent."""

from __future__ import annotations

from datetime import timedelta

from leads.instants import database_now
from revops import intake_work, jobs
from sla import instant_answers, outbox
from sla.heartbeats import beat
from sla.models import Heartbeat
from sla.stays import tell_of_long_stays
from sla.sweep import sweep_clocks

NAME = "sweep"
SILENT_AFTER = timedelta(seconds=5)


def sweep(by: str) -> int:
    """Do what is due now: rows in the inbox first, then clocks. Returns how much was done.

    by: which kind of process called, for its pulse.
    """
    at = database_now()
    done = intake_work.work_through(at) + sweep_clocks(at)
    done += intake_work.reroute_unanswered(at) + tell_of_long_stays(at)  # missed first, then taken
    beat(NAME, database_now())
    beat(by, at)
    return done


def send() -> int:
    """Send what is due now, prospects' mail first. Returns how much went out."""
    at = database_now()
    sent = instant_answers.send_due(at) + outbox.send_due(at)
    beat("sender", at)
    return sent


def stand_by() -> int:
    """Sweep, send and go on with jobs if nobody else did for five seconds: a stopped broker or
    scheduler costs lateness and nothing else. Returns how much was done.
    """
    at = database_now()
    beat("standby", at)
    if Heartbeat.objects.filter(name=NAME, beat_at__gt=at - SILENT_AFTER).exists():
        return 0
    done = sweep("standby") + send()
    jobs.run_step()
    return done
