"""The pulse of each process: a row that says when it last did its work. And of what no process of
ours is, since when it has been away.
"""

from datetime import datetime

from sla.models import Heartbeat

# Whose silence is an alarm, and what each is called.
PROCESSES = {
    "web": "web",
    "beat": "beat",
    "worker": "hot worker",
    "jobs": "long worker",
    "standby": "standby sweep",
    "sweep": "sweep",
    "sender": "sender",
}

# A row that is there while the mail server is not.
MAIL_SERVER_AWAY = "mail_server_away"


def beat(name: str, at: datetime) -> None:
    """Note that `name` was at work at `at`. Safe from any number of processes at once."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, beat_at=at)],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["beat_at"],
    )


def note_since(name: str, at: datetime) -> None:
    """Note that what `name` says began at `at`, unless it did before."""
    Heartbeat.objects.bulk_create([Heartbeat(name=name, beat_at=at)], ignore_conflicts=True)


def forget(name: str) -> None:
    Heartbeat.objects.filter(name=name).delete()
