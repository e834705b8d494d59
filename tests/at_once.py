"""Work on several connections at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection, transaction


def in_thread(work: Callable[[], Any]) -> Callable[[], Any]:
    """Return `work` as a thread does it: it leaves no connection behind."""

    def run() -> Any:
        try:
            return work()
        finally:
            connection.close()

    return run


def in_threads(work: Callable[[Any], Any], items: Sequence[Any], threads: int) -> list[Any]:
    """Do `work` for each of `items` on so many connections at once; return what each gave."""
    start = threading.Barrier(threads)

    def do(share: Sequence[Any]) -> list[Any]:
        start.wait()
        return [work(item) for item in share]

    with ThreadPoolExecutor(threads) as pool:
        shares = [items[place::threads] for place in range(threads)]
        done = [pool.submit(in_thread(lambda share=share: do(share))) for share in shares]
        return [given for share in done for given in share.result()]


def wait_for_a_lock() -> None:
    """Wait till somebody waits for a lock in this database."""
    with connection.cursor() as cursor:
        for _ in range(200):
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees the first
            cursor.execute(
                "SELECT 1 FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone():
                return
            time.sleep(0.05)
    raise AssertionError("Nobody waits for a lock.")


def committed(make_handoff: Any, count: int, **fields: Any) -> list[int]:
    """Return the ids of new handoffs that other connections can see."""
    with transaction.atomic():
        return [make_handoff(**fields).pk for _ in range(count)]
