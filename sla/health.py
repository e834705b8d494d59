"""Whether everything that must be at work is: by its heartbeat, and by what has piled up."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db.models import Min

from leads.models import Submission
from sla.heartbeats import silent
from sla.models import Clock, Heartbeat, InstantAnswer, Notification
from sla.models.outgoing import Outgoing

SWEEP = "sweep"
SWEEP_MAY_REST = timedelta(seconds=60)
ALARM_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Backlog:
    """Since when the oldest of each duty has been due; None: nothing is waiting."""

    submission: datetime | None
    clock: datetime | None
    notification: datetime | None
    parked: int


def backlog(at: datetime) -> Backlog:
    """Return what was due by `at` and is not done."""
    messages = [
        rows.to_send(at).aggregate(oldest=Min("send_after"))["oldest"]
        for rows in (Notification.objects, InstantAnswer.objects)
    ]
    submissions = Submission.objects.due(at).aggregate(oldest=Min("next_attempt_at"))
    clocks = Clock.objects.to_fire(at).aggregate(oldest=Min("next_at"))
    parked = sum(
        rows.filter(state=Outgoing.State.PARKED).count()
        for rows in (Notification.objects, InstantAnswer.objects)
    )
    oldest = min(filter(None, messages), default=None)
    return Backlog(submissions["oldest"], clocks["oldest"], oldest, parked)


def alarms(at: datetime) -> list[str]:
    """Return what admins must be told: who has been silent, and what has waited, for two minutes.

    A sentence each; an empty list if all is well.
    """
    return [*_silences(at), *_delays(backlog(at), at)]


def is_swept(at: datetime) -> bool:
    """Whether a sweep, by Celery or by the standby, has run within the last minute."""
    return Heartbeat.objects.filter(name=SWEEP, beat_at__gte=at - SWEEP_MAY_REST).exists()


def is_broker_up() -> bool:
    """Ask the broker, for a second at most."""
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def _silences(at: datetime) -> list[str]:
    told = [
        f"“{each.name}” was last at work {_ago(at - each.beat_at)} ago."
        for each in silent(at, ALARM_AFTER)
    ]
    if not Heartbeat.objects.filter(name=SWEEP).exists():
        told.append("No sweep has ever run: no clock fires.")
    return told


def _delays(waiting: Backlog, at: datetime) -> list[str]:
    oldest = [
        ("A submission", "processed", waiting.submission),
        ("A clock", "looked at", waiting.clock),
        ("A message", "sent", waiting.notification),
    ]
    return [
        f"{what} has been waiting to be {done} for {_ago(at - since)}."
        for what, done, since in oldest
        if since and since <= at - ALARM_AFTER
    ]


def _ago(length: timedelta) -> str:
    minutes = length // timedelta(minutes=1)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
