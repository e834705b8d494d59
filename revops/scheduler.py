"""Celery beat that tells that it is at work."""

from __future__ import annotations

from time import monotonic
from typing import Any

from celery.beat import PersistentScheduler

from revops.pulse import EVERY_SECONDS, try_to_beat, try_to_leave


class BeatingScheduler(PersistentScheduler):
    """What hangs or stops in here beats no more: it is the loop of ticks itself that does."""

    beaten_at = -EVERY_SECONDS

    def tick(self, *args: Any, **kwargs: Any) -> float:
        if monotonic() - self.beaten_at >= EVERY_SECONDS:
            self.beaten_at = monotonic()
            try_to_beat("beat")
        wait: float = super().tick(*args, **kwargs)
        return wait

    def close(self) -> None:
        super().close()
        try_to_leave()
