"""What a draft would have done with what was, worked out by a job: a backtest, a replay."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from leads.models.documents import Version
from leads.models.jobs import Job
from leads.models.people import User


class DraftRun(models.Model):
    """A draft against what is live, over some time that is past. `result` grows with the job's
    steps.
    """

    # Each kind has them under a name of its own. The version is gone when the draft is discarded.
    version: models.ForeignKey[Version | None, Version | None]
    job: models.OneToOneField[Job, Job]
    revision = models.PositiveIntegerField()
    against = models.ForeignKey(Version, models.PROTECT, related_name="+")
    from_at = models.DateTimeField()
    to_at = models.DateTimeField()
    result = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_ends_after_start", condition=Q(to_at__gt=F("from_at"))
            ),
        ]
        indexes = [models.Index(fields=["version", "-id"], name="%(class)s_newest")]

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
    def done_percent(self) -> int:
        total = self.job.total_count
        return 100 * self.job.done_count // total if total else 0
