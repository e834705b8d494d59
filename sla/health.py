"""Whether everything that must be at work is: by its heartbeat, and by what has piled up."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import redis
from django.conf import settings
from django.db.models import CharField, Count, Min, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Concat, Now

from leads.models import Handoff, Lead, OwnershipChange, Submission
from sla.heartbeats import PROCESSES, missed
from sla.invariants import AMISS
from sla.mail_server import AWAY, TAKES_NONE
from sla.models import Clock, Heartbeat, InstantAnswer, Notification, RunningProcess
from sla.models.outgoing import Outgoing

SWEEP = "sweep"
# Set to work by beat: while that is silent, their silence tells nothing.
TICKED = {"worker", "jobs"}
SWEEP_MAY_REST = timedelta(seconds=60)
ALARM_AFTER = timedelta(minutes=2)


DUTIES = {
    "submission": "A submission has been waiting to be processed for {}.",
    "clock": "A clock has been waiting to be looked at for {}.",
    "message": "A message has been waiting to be sent for {}.",
    "answer": "An instant answer has been waiting to be sent for {}.",
}
FAILS = {
    "clock_fails": "A clock that was due {} ago fails each time it is looked at: see the log.",
    "judging_fails": "A lead that is to be judged anew has failed to be for {}: see the log.",
    "move_fails": "The clock of a stay can’t follow a lead that moved {} ago: see the log.",
}
AHEAD = "“{}” has not been at work since the clock of the database went back."
ONE_OF = (
    "One of several “{}” ({}) was last at work {} ago: start it again, or forget it under Status."
)
# While a row says so.
NOTED = {
    AWAY: "The mail server could not be reached for {}.",
    TAKES_NONE: "The mail server answers, and has taken no mail for {}.",
    AMISS: "Something has been so for {} that must never be: Status says what.",
}


class Sign(NamedTuple):
    """Since when something has been as it is: who was last at work, what waits."""

    what: str
    since: datetime
    now: datetime
    process: str  # one of several that do the same; blank for all of them together


def alarms(at: datetime) -> list[str]:
    """Return what admins must be told: who has been silent, and what has waited, for two minutes.

    A sentence each; an empty list if all is well.
    """
    signs = _signs()
    told = _sentences(signs, at)
    if not any(sign.what == SWEEP for sign in signs):
        told.append("No sweep has ever run: no clock fires.")
    return told


def alarms_now() -> list[str]:
    """Return `alarms` of the moment, for every page: one query. A new installation has none yet."""
    signs = _signs()
    return _sentences(signs, signs[0].now) if signs else []


def backlog(at: datetime) -> dict[str, datetime | None]:
    """Return for each of DUTIES since when the oldest has been due; None: nothing is waiting."""
    since = {sign.what: sign.since for sign in _signs() if sign.since <= at}
    return {duty: since.get(duty) for duty in DUTIES}


def waiting_for_a_rep() -> dict[str, Any]:
    """Return how many leads wait for a rep, and since when the one does that does so longest. No
    process is late with them: nobody who may have them is at work, or has room.
    """
    changes = OwnershipChange.objects.filter(lead=OuterRef("lead")).order_by("-seq")
    waiting = Handoff.objects.filter(state=Handoff.State.WAITING)
    since = waiting.annotate(in_queue_since=Subquery(changes.values("at")[:1]))
    return since.aggregate(count=Count("pk"), since=Min("in_queue_since"))


def given_up() -> dict[str, int]:
    """Return how many messages, and how many instant answers, were given up."""
    return {
        "messages": Notification.objects.filter(state=Outgoing.State.PARKED).count(),
        "answers": InstantAnswer.objects.filter(state=Outgoing.State.PARKED).count(),
    }


def is_swept(at: datetime) -> bool:
    """Whether a sweep, by Celery or by the standby, has run within the last minute."""
    lately = (at - SWEEP_MAY_REST, at + SWEEP_MAY_REST)
    return Heartbeat.objects.filter(name=SWEEP, beat_at__range=lately).exists()


def is_broker_up() -> bool:
    """Ask the broker, for a second at most."""
    client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def _signs() -> list[Sign]:
    """Return, in one query, when each process was last at work, since when what is NOTED has been
    so and since when the oldest of each duty waits, or of what fails was due, perhaps at an
    instant to come.
    """
    waiting = Outgoing.State.WAITING
    pending = Submission.objects.filter(state=Submission.State.PENDING)
    beats = Heartbeat.objects.filter(name__in=[*PROCESSES, *NOTED])
    each = RunningProcess.objects.filter(missed(Now()), name__in=PROCESSES)
    process = Concat("host", Value(", number "), "pid", output_field=CharField())
    found = beats.values_list("name", "beat_at", Now(), Value("")).union(
        each.values_list("name", "beat_at", Now(), process),
        _oldest("submission", pending, "next_attempt_at"),
        _oldest("clock", Clock.objects.filter(next_at__isnull=False), "next_at"),
        _oldest(
            "clock_fails", Clock.objects.filter(next_at__isnull=False, attempts__gt=0), "due_at"
        ),
        _oldest(
            "judging_fails",
            Lead.objects.filter(reconsider_fails_since__isnull=False),
            "reconsider_fails_since",
        ),
        _oldest("move_fails", Lead.objects.filter(follow_at__isnull=False), "stage_since"),
        _oldest("message", Notification.objects.filter(state=waiting), "send_after"),
        _oldest("answer", InstantAnswer.objects.filter(state=waiting), "send_after"),
        all=True,
    )
    return [Sign(*row) for row in found]


def _oldest(what: str, rows: QuerySet[Any], field: str) -> QuerySet[Any]:
    found: QuerySet[Any] = rows.order_by(field).values_list(Value(what), field, Now(), Value(""))
    return found[:1]


def _sentences(signs: Sequence[Sign], at: datetime) -> list[str]:
    late = [sign for sign in signs if sign.since < at - ALARM_AFTER]
    if any(sign.what == "beat" and not sign.process for sign in late):
        late = [sign for sign in late if sign.what not in TICKED]
    since = {sign.what: sign.since for sign in late if not sign.process}
    silent = {name: f"“{label}” was last at work {{}} ago." for name, label in PROCESSES.items()}
    told = [
        sentence.format(_ago(at - since[what]))
        for what, sentence in {**silent, **NOTED, **DUTIES, **FAILS}.items()
        if what in since
    ]
    ahead = {sign.what for sign in signs if sign.since > at + ALARM_AFTER and not sign.process}
    told += [AHEAD.format(label) for name, label in PROCESSES.items() if name in ahead]
    alone = [sign for sign in late if sign.process and sign.what not in since]
    return told + [
        ONE_OF.format(PROCESSES[sign.what], sign.process, _ago(at - sign.since)) for sign in alone
    ]


def _ago(length: timedelta) -> str:
    minutes = length // timedelta(minutes=1)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
