"""The pulse of each process: a row that says when it last did its work."""

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


def beat(name: str, at: datetime) -> None:
    """Note that `name` was at work at `at`. Safe from any number of processes at once."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, beat_at=at)],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["beat_at"],
    )
