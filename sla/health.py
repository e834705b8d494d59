"""Whether everything that must be at work is: by its heartbeat, and by what has piled up."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import redis
from django.conf import settings
from django.db.models import QuerySet, Value
from django.db.models.functions import Now

from leads.models import Submission
from sla.heartbeats import MAIL_SERVER_AWAY, PROCESSES
from sla.models import Clock, Heartbeat, InstantAnswer, Notification
from sla.models.outgoing import Outgoing

SWEEP = "sweep"
SWEEP_MAY_REST = timedelta(seconds=60)
ALARM_AFTER = timedelta(minutes=2)


DUTIES = {
    "submission": "A submission has been waiting to be processed for {}.",
    "clock": "A clock has been waiting to be looked at for {}.",
    "message": "A message has been waiting to be sent for {}.",
    "answer": "An instant answer has been waiting to be sent for {}.",
}
NO_MAIL = "The mail server has taken no mail for {}."


def alarms(at: datetime) -> list[str]:
    """Return what admins must be told: who has been silent, and what has waited, for two minutes.

    A sentence each; an empty list if all is well.
    """
    since = {what: then for what, then, _ in _pulse()}
    told = _sentences(since, at)
    if SWEEP not in since:
        told.append("No sweep has ever run: no clock fires.")
    return told


def alarms_now() -> list[str]:
    """Return `alarms` of the moment, for every page: one query. A new installation has none yet."""
    rows = list(_pulse())
    return _sentences({what: then for what, then, _ in rows}, rows[0][2]) if rows else []


def backlog(at: datetime) -> dict[str, datetime | None]:
    """Return for each of DUTIES since when the oldest has been due; None: nothing is waiting."""
    since = {what: then for what, then, _ in _pulse() if then <= at}
    return {duty: since.get(duty) for duty in DUTIES}


def given_up() -> dict[str, int]:
    """Return how many messages, and how many instant answers, were given up."""
    return {
        "messages": Notification.objects.filter(state=Outgoing.State.PARKED).count(),
        "answers": InstantAnswer.objects.filter(state=Outgoing.State.PARKED).count(),
    }


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


def _pulse() -> QuerySet[Any]:
    """Return, in one query, when each process was last at work, since when the mail server has been
    away and since when the oldest of each duty waits, perhaps for an instant to come; and the
    present instant with each.
    """
    waiting = Outgoing.State.WAITING
    pending = Submission.objects.filter(state=Submission.State.PENDING)
    beats = Heartbeat.objects.filter(name__in=[*PROCESSES, MAIL_SERVER_AWAY])
    return beats.values_list("name", "beat_at", Now()).union(
        _oldest("submission", pending, "next_attempt_at"),
        _oldest("clock", Clock.objects.filter(next_at__isnull=False), "next_at"),
        _oldest("message", Notification.objects.filter(state=waiting), "send_after"),
        _oldest("answer", InstantAnswer.objects.filter(state=waiting), "send_after"),
        all=True,
    )


def _oldest(what: str, rows: QuerySet[Any], field: str) -> QuerySet[Any]:
    found: QuerySet[Any] = rows.order_by(field).values_list(Value(what), field, Now())
    return found[:1]


def _sentences(since: Mapping[str, datetime], at: datetime) -> list[str]:
    silent = {name: f"“{label}” was last at work {{}} ago." for name, label in PROCESSES.items()}
    return [
        sentence.format(_ago(at - since[what]))
        for what, sentence in {**silent, MAIL_SERVER_AWAY: NO_MAIL, **DUTIES}.items()
        if what in since and since[what] < at - ALARM_AFTER
    ]


def _ago(length: timedelta) -> str:
    minutes = length // timedelta(minutes=1)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
