"""The pulse of each process: a row that says when it last did its work."""

from datetime import datetime, timedelta

from sla.models import Heartbeat


def beat(name: str, at: datetime) -> None:
    """Note that `name` was at work at `at`. Safe from any number of processes at once."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, beat_at=at)],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["beat_at"],
    )


def silent(at: datetime, older_than: timedelta) -> list[Heartbeat]:
    """Return the processes that were last heard of before `older_than` ago, by name."""
    return list(Heartbeat.objects.filter(beat_at__lt=at - older_than).order_by("name"))
