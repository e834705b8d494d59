"""What a first response promised by the wall means while the office is closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leads.models import Version
from leads.percents import PERCENT
from sla.business_time import WorkingTime
from sla.calendars import office_schedule
from sla.cover import DAYS
from sla.errors import SlaError
from sla.models import Clock, Policy, Target
from sla.policies import BREACH

# From so many on, a share says more than a count.
ENOUGH = 10
# What is promised within less is due before morning, whoever comes late.
NIGHT = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class ClosedHours:
    """A policy whose first response may fall due at night, with nobody mailed before it does.

    came: the leads of 90 days it was promised to, by id. closed: those that fell due before the
          office opened, had it been promised as here. is_expected: nobody came yet, and whoever
          comes late will be one of them.
    """

    policy: Policy
    came: Sequence[int]
    closed: Sequence[int]
    is_expected: bool

    @property
    def counted(self) -> str:
        """How many of how many: "198 of 315 (63 %)"."""
        came, closed = len(self.came), len(self.closed)
        share = f" ({closed * 100 / came:.0f}{PERCENT})" if came >= ENOUGH else ""
        return f"{closed:,} of {came:,}{share}" if came else "nobody came yet"


def closed_hours(version: Version, at: datetime) -> list[ClosedHours]:
    """Return the policies of `version` to warn of, in order; none if nobody knows when the office
    opens.
    """
    targets = Target.objects.filter(
        policy__version=version, kind=Target.Kind.FIRST_RESPONSE, measure=Target.Measure.WALL
    )
    in_order = targets.select_related("policy__version").order_by("policy__position", "policy")
    quiet = [each for each in in_order if not _disturbs(each)]
    try:
        office = office_schedule(at)
        met = [_met(target, office, at) for target in quiet]
    except SlaError:
        return []
    return [each for each in met if each.closed or each.is_expected]


def _disturbs(target: Target) -> bool:
    """Whether it tells somebody in their quiet hours by its deadline."""
    return any(share <= BREACH and share in target.told_at for share in target.urgent)


def _met(target: Target, office: WorkingTime, at: datetime) -> ClosedHours:
    came = list(_came_under(target.policy, at))
    closed = [lead for lead, instant in came if _falls_due_closed(instant, target.allowed, office)]
    is_expected = not came and target.allowed < NIGHT
    return ClosedHours(target.policy, [lead for lead, _ in came], closed, is_expected)


def _came_under(policy: Policy, at: datetime) -> Iterator[tuple[int, datetime]]:
    """Yield lead and start of each first response promised in 90 days by `policy`, whatever it was
    called in the versions of the set; once where it went on in another handoff.
    """
    same = Policy.objects.filter(version__document=policy.version.document_id, key=policy.key)
    promised = Clock.objects.filter(
        kind=Target.Kind.FIRST_RESPONSE,
        seq=1,
        policies__document=policy.version.document_id,
        policy_label__in=same.values("label"),
        started_at__range=(at - timedelta(days=DAYS), at),
    )
    yield from promised.values_list("lead", "started_at").distinct()


def _falls_due_closed(started_at: datetime, allowed: timedelta, office: WorkingTime) -> bool:
    return started_at + allowed <= office.next_open(started_at)
