"""What a rep achieved this week, and when work begins again: what an empty queue shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from feedback.models import ReasonCode
from leads.models import Assignment, Organisation, Touch, User
from routing.hours import next_open
from sla.calendars import hours_for
from sla.judging import Share, share
from sla.models import Clock

# "Not my lead" is no rejection of the lead and counts against nobody.
REROUTED = Q(disposition__code__consequence=ReasonCode.Consequence.REROUTE)


@dataclass(frozen=True, slots=True)
class Week:
    """The week so far, in the rep's zone.

    promises:   what was asked of the rep and began this week, of any kind; as on the pages of
                promises.
    resumes_at: when office hours begin next; None while they are on.
    """

    passed: int
    accepted: int
    rejected: int
    touches: int
    promises: Share
    resumes_at: datetime | None


def my_week(rep: User, at: datetime) -> Week:
    monday = week_start(at, rep.zone, Organisation.objects.get().first_weekday)
    answers = Assignment.objects.filter(rep=rep).aggregate(
        passed=Count("pk", filter=Q(passed_at__gte=monday)),
        accepted=Count("pk", filter=Q(answer="accepted", answered_at__gte=monday)),
        rejected=Count("pk", filter=Q(answer="rejected", answered_at__gte=monday) & ~REROUTED),
    )
    asked = Clock.objects.filter(assignment__rep=rep, started_at__gte=monday)
    hours = hours_for(rep, at).schedule
    return Week(
        **answers,
        promises=share(asked, at),
        touches=Touch.objects.filter(by=rep, occurred_at__gte=monday).count(),
        resumes_at=None if hours.is_open(at) else next_open(hours, at),
    )


def week_start(at: datetime, zone: str, first_weekday: int) -> datetime:
    """Return the midnight in `zone` with which the week of `at` began; Monday is 0."""
    local = at.astimezone(ZoneInfo(zone))
    first_day = local.date() - timedelta(days=(local.weekday() - first_weekday) % 7)
    return datetime.combine(first_day, time.min, tzinfo=local.tzinfo)
