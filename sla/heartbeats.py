"""The pulse of each process: a row that says when it last did its work."""

import os
import socket
from datetime import datetime, timedelta

from django.db.models import Q
from django.db.models.functions import Now

from sla.models import Heartbeat, RunningProcess

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

HOST = socket.gethostname()
# So long is one process missed that was killed while others do the same, unless another one begins
# in its place. If none does the same, all of them are, for ever.
MISSED_FOR = timedelta(hours=1)


def beat(name: str, at: datetime, *, pid: int | None = None) -> None:
    """Note that `name` was at work at `at`. Safe from any number of processes at once.

    pid: of the process that is to be missed if it dies, though others of that name beat on.
    """
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=name, beat_at=at)],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["beat_at"],
    )
    if pid is not None:
        _beat_of(name, pid, at)


def leave(pid: int) -> None:
    """Note that this process ends as it was asked to."""
    RunningProcess.objects.filter(host=HOST, pid=pid).update(has_ended=True)


def forget(process_id: int) -> None:
    """Miss a process no more, till it beats again."""
    RunningProcess.objects.filter(pk=process_id).delete()


def missed(at: datetime | Now) -> Q:
    """Return what holds for processes that are, or are to be, at work."""
    return Q(has_ended=False, beat_at__gt=at - MISSED_FOR)


def _beat_of(name: str, pid: int, at: datetime) -> None:
    known = RunningProcess.objects.filter(name=name, host=HOST, pid=pid)
    if known.update(beat_at=at, has_ended=False):
        return
    _forget_replaced(name, at)
    RunningProcess.objects.bulk_create(
        [RunningProcess(name=name, host=HOST, pid=pid, beat_at=at)], ignore_conflicts=True
    )


def _forget_replaced(name: str, at: datetime) -> None:
    """Forget whom a process that begins takes the place of: those that were killed on its machine,
    all that ended, and who has not been heard of for an hour.
    """
    others = RunningProcess.objects.filter(name=name)
    killed = [each.pk for each in others.filter(host=HOST) if not _is_alive(each.pid)]
    others.filter(Q(pk__in=killed) | ~missed(at)).delete()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is somebody else's
        return True
    return True
