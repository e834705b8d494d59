"""What a draft of the routing table would have done with the handoffs of some past days."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from leads.models import Job, User, Version


class Replay(models.Model):
    """Past handoffs sent through a draft, with today's people and rotas.

    `result` grows with the job's steps; what it holds says `routing/replay_result.py`.
    """

    # Gone when the draft is discarded.
    version = models.ForeignKey(
        Version, models.SET_NULL, null=True, blank=True, related_name="replays"
    )
    revision = models.PositiveIntegerField()
    against = models.ForeignKey(Version, models.PROTECT, related_name="+")
    job = models.OneToOneField(Job, models.PROTECT, related_name="replay")
    days = models.PositiveSmallIntegerField()
    from_at = models.DateTimeField()
    to_at = models.DateTimeField()
    result = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="replay_ends_after_start", condition=Q(to_at__gt=F("from_at"))
            ),
        ]
        indexes = [models.Index(fields=["version", "-id"], name="replay_newest")]

    def __str__(self) -> str:
        return f"Replay of {self.version or 'a discarded draft'} over {self.days} days"

    @property
    def is_running(self) -> bool:
        return self.job.state in (Job.State.WAITING, Job.State.RUNNING)

    @property
    def is_done(self) -> bool:
        return self.job.state == Job.State.DONE

    @property
    def is_outdated(self) -> bool:
        """Whether the draft was changed since."""
        return self.version is None or self.revision != self.version.revision

    @property
    def with_imports(self) -> bool:
        """Whether handoffs that were imported as history count too."""
        return bool(self.job.parameters.get("with_imports"))

    @property
    def done_percent(self) -> int:
        total = self.job.total_count
        return 100 * self.job.done_count // total if total else 0
