"""What a draft of the criteria would have done, and what came out of asking."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import F, Q

from leads.models import Job, User, Version

DAYS_A_MONTH = 30
A_WEEK = timedelta(days=7)


class Backtest(models.Model):
    """A draft against what is live, over the leads of some past months as they were known then.

    `result` grows with the job's steps; what it holds says `feedback/backtest_result.py`.
    """

    # Gone when the draft is discarded.
    version = models.ForeignKey(
        Version, models.SET_NULL, null=True, blank=True, related_name="backtests"
    )
    revision = models.PositiveIntegerField()
    against = models.ForeignKey(Version, models.PROTECT, related_name="+")
    job = models.OneToOneField(Job, models.PROTECT, related_name="backtest")
    months = models.PositiveSmallIntegerField()
    from_at = models.DateTimeField()
    to_at = models.DateTimeField()
    result = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="backtest_ends_after_start", condition=Q(to_at__gt=F("from_at"))
            ),
        ]
        indexes = [models.Index(fields=["version", "-id"], name="backtest_newest")]

    def __str__(self) -> str:
        return f"Backtest of {self.version or 'a discarded draft'} over {self.length}"

    @property
    def length(self) -> str:
        """How long the past was that it went through, in words: what was asked for, or all there is
        where that is less.
        """
        asked = timedelta(days=DAYS_A_MONTH * self.months)
        found = self.to_at - self.from_at
        if found > asked - A_WEEK:
            return f"{self.months} months"
        months = round(found / timedelta(days=DAYS_A_MONTH))
        return (
            f"{_counted(months, 'month') if months else _counted(found.days, 'day')}, all there is"
        )

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


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
