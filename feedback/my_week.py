"""What a rep achieved this week, and when work begins again: what an empty queue shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from feedback.models import ReasonCode
from leads.models import Assignment, Organisation, Touch, User
from sla.calendars import hours_for
from sla.models import Clock, Target

# "Not my lead" is no rejection of the lead and counts against nobody.
REROUTED = Q(disposition__code__consequence=ReasonCode.Consequence.REROUTE)


@dataclass(frozen=True, slots=True)
class Week:
    """The week so far, in the rep's zone.

    promises:   how many of the rep's clocks stopped, `kept` of them in time.
    resumes_at: when office hours begin next; None while they are on.
    """

    passed: int
    accepted: int
    rejected: int
    touches: int
    promises: int
    kept: int
    resumes_at: datetime | None

    @property
    def kept_share(self) -> float | None:
        return self.kept / self.promises if self.promises else None


def my_week(rep: User, at: datetime) -> Week:
    monday = week_start(at, rep.zone, Organisation.objects.get().first_weekday)
    answers = Assignment.objects.filter(rep=rep).aggregate(
        passed=Count("pk", filter=Q(passed_at__gte=monday)),
        accepted=Count("pk", filter=Q(answer="accepted", answered_at__gte=monday)),
        rejected=Count("pk", filter=Q(answer="rejected", answered_at__gte=monday) & ~REROUTED),
    )
    clocks = Clock.objects.filter(
        assignment__rep=rep,
        stopped_at__gte=monday,
        kind__in=[Target.Kind.ACCEPT, Target.Kind.FIRST_TOUCH],
        stop_reason=Clock.StopReason.MET,
    ).aggregate(promises=Count("pk"), kept=Count("pk", filter=Q(breached_at=None)))
    hours = hours_for(rep, at).schedule
    return Week(
        **answers,
        **clocks,
        touches=Touch.objects.filter(by=rep, occurred_at__gte=monday).count(),
        resumes_at=None if hours.is_open(at) else hours.next_open(at),
    )


def week_start(at: datetime, zone: str, first_weekday: int) -> datetime:
    """Return the midnight in `zone` with which the week of `at` began; Monday is 0."""
    local = at.astimezone(ZoneInfo(zone))
    first_day = local.date() - timedelta(days=(local.weekday() - first_weekday) % 7)
    return datetime.combine(first_day, time.min, tzinfo=local.tzinfo)
