"""What a draft of the criteria would have done, and what came out of asking."""

from __future__ import annotations

from datetime import timedelta

from django.db import models

from leads.models import DraftRun, Job, Version

DAYS_A_MONTH = 30
A_WEEK = timedelta(days=7)


class Backtest(DraftRun):
    """A draft against what is live, over the leads of some past months as they were known then.
    What `result` holds says `feedback/backtest_result.py`.
    """

    version = models.ForeignKey(
        Version, models.SET_NULL, null=True, blank=True, related_name="backtests"
    )
    job = models.OneToOneField(Job, models.PROTECT, related_name="backtest")
    months = models.PositiveSmallIntegerField()

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


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
