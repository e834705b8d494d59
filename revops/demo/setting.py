"""What the demo plays in: the live rules, the people and their hours, read once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from feedback.models import ReasonCode
from feedback.packets import build_packet
from leads.criteria import criteria_of
from leads.documents import live_version
from leads.evidence import Evidence
from leads.handoffs import FIRST_HOP
from leads.models import (
    Absence,
    ChecklistItem,
    Document,
    Handoff,
    Hop,
    IntakeSource,
    Lead,
    Queue,
    Role,
    User,
    Version,
)
from leads.scoring import Criteria, Score
from routing.hours import Hours
from routing.models import Rota, RotaMember, Territory
from routing.table import Rule, live_table
from sla.calendars import WorkingHours, hours_for
from sla.policies import ReadyPolicy, policies_of

BuildPacket = Callable[[Lead, Handoff, Score, Evidence, datetime], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Setting:
    """hours: by id of the rep; None: the default calendar's.
    rotas:   by id, with the weight of each member.
    """

    now: datetime
    criteria: Criteria
    criteria_version: Version
    checklist: Sequence[ChecklistItem]
    policies: Sequence[ReadyPolicy]
    policy_version: Version
    rules: Sequence[Rule]
    table: Version
    hours: Mapping[int | None, WorkingHours]
    queues: Mapping[str, Queue]
    hop: Hop
    sources: Mapping[str, IntakeSource]
    codes: Mapping[str, ReasonCode]
    rotas: Mapping[int, tuple[Rota, Mapping[User, int]]]
    territories: Sequence[Territory]
    absences: Sequence[Absence]
    reps: Sequence[User]
    reviewer: User
    packet: BuildPacket

    def away(self, user: User, at: datetime) -> Absence | None:
        """Return the absence of `user` at `at`, if there is one."""
        return next(
            (
                each
                for each in self.absences
                if each.user_id == user.pk and each.starts_at <= at < each.ends_at
            ),
            None,
        )

    @property
    def working(self) -> Hours:
        """When reps work, by routing's reckoning."""
        absences: dict[int, list[tuple[datetime, datetime]]] = {}
        for each in self.absences:
            absences.setdefault(each.user_id, []).append((each.starts_at, each.ends_at))
        schedules = {
            rep.pk: (self.hours.get(rep.pk) or self.hours[None]).schedule for rep in self.reps
        }
        return Hours(schedules, absences)

    def after(self, user: User, at: datetime, work: timedelta) -> datetime:
        """Return when `user`, begun at `at`, has done so much work: never while away."""
        schedule = (self.hours.get(user.pk) or self.hours[None]).schedule
        done = schedule.add(at, work)
        absence = self.away(user, done)
        return schedule.add(absence.ends_at, work) if absence else done


def live_setting(now: datetime, since: datetime) -> Setting:
    """Return the setting that the database holds: what was live at `since`."""
    criteria = live_version(Document.Kind.CRITERIA, since)
    policies = live_version(Document.Kind.POLICIES, since)
    table, rules = live_table(since)
    reps = list(User.objects.with_role(Role.REP).select_related("team__manager").order_by("pk"))
    review = Queue.objects.select_related("owner").get(key="review")
    return Setting(
        now=now,
        criteria=criteria_of(criteria),
        criteria_version=criteria,
        checklist=list(ChecklistItem.objects.filter(version=criteria)),
        policies=policies_of(policies),
        policy_version=policies,
        rules=rules,
        table=table,
        hours={None: hours_for(None, since)} | {rep.pk: hours_for(rep, since) for rep in reps},
        queues={queue.key: queue for queue in Queue.objects.select_related("owner", "backup")},
        hop=Hop.objects.select_related("accept_stage").get(key=FIRST_HOP),
        sources={source.slug: source for source in IntakeSource.objects.all()},
        codes={code.key: code for code in ReasonCode.objects.all()},
        rotas=_rotas({rep.pk: rep for rep in reps}),
        territories=list(Territory.objects.select_related("rota")),
        absences=list(Absence.objects.select_related("user", "cover")),
        reps=reps,
        reviewer=review.owner,
        packet=build_packet,
    )


def _rotas(reps: Mapping[int, User]) -> dict[int, tuple[Rota, Mapping[User, int]]]:
    members = RotaMember.objects.order_by("rep").values_list("rota", "rep", "weight")
    in_rota: dict[int, dict[User, int]] = {}
    for rota_id, rep_id, weight in members:
        in_rota.setdefault(rota_id, {})[reps[rep_id]] = weight
    return {rota.pk: (rota, in_rota.get(rota.pk, {})) for rota in Rota.objects.all()}
