"""What a draft of the routing table would have done with the handoffs of some past days."""

from __future__ import annotations

from django.db import models

from leads.models import DraftRun, Job, Version


class Replay(DraftRun):
    """Past handoffs sent through a draft, with today's people and rotas. What `result` holds says
    `routing/replay_result.py`.
    """

    version = models.ForeignKey(
        Version, models.SET_NULL, null=True, blank=True, related_name="replays"
    )
    job = models.OneToOneField(Job, models.PROTECT, related_name="replay")
    days = models.PositiveSmallIntegerField()

    def __str__(self) -> str:
        return f"Replay of {self.version or 'a discarded draft'} over {self.days} days"

    @property
    def with_imports(self) -> bool:
        """Whether handoffs that were imported as history count too."""
        return bool(self.job.parameters.get("with_imports"))
