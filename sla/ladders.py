"""Who is told by a step of a ladder."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from leads.models import Absence, Queue, Role, Team, User
from sla.models import Clock, ClockEvent, Target
from sla.recipients import Presence

Action = Target.Action


@dataclass(frozen=True, slots=True)
class Others:
    """Who may be told beside whoever has the lead.

    covers: by the ids of those they stand in for.
    admins: the RevOps admins, who are here first, if one of them is to be told.
    """

    covers: Mapping[int, User]
    admins: Sequence[User]


def told(event: ClockEvent, others: Others) -> list[User]:
    """Return who is told of `event`: whoever has the lead, and with them who covers or backs them
    where the step says so; one RevOps admin, where nobody does.
    """
    holder, backing = responsible(event.clock)
    own = [holder] if holder else []
    behind = [backing] if backing else [each for each in others.admins if each != holder][:1]
    match event.action:
        case Action.REMIND:
            return own
        case Action.REMIND_COVER if holder and holder.pk in others.covers:
            return [*own, others.covers[holder.pk]]
        case Action.REMIND_COVER | Action.TELL_MANAGER:
            return [*own, *behind]
        case Action.TELL_ADMINS:
            return [*own, *others.admins]
        case _:  # written to the prospect, passed on, or noted only
            return []


def responsible(clock: Clock) -> tuple[User | None, User | None]:
    """Return who has the lead and who backs them: rep and manager, or queue owner and backup.
    Nobody backs themselves. A stay that goes on after its handoff is that of whoever has the lead.
    """
    lies = clock.handoff if clock.handoff.is_open else clock.handoff.lead
    holder, queue = clock.assignment.rep if clock.assignment else lies.owner, lies.queue
    if holder and clock.kind != Target.Kind.REVIEW:
        backing = holder.team.manager if holder.team else None
    else:
        holder, backing = (queue.owner, queue.backup) if queue else (holder, None)
    return holder, None if backing == holder else backing


def others_for(events: Collection[ClockEvent], at: datetime) -> Others:
    """Return who may be told of `events`, asked for only if somebody of them is to be."""
    return Others(_covers(events), _admins(at) if any(map(_asks_admins, events)) else [])


def not_backed() -> list[str]:
    """Name those for whom a RevOps admin is told what a step tells the manager."""
    reps = User.objects.with_role(Role.REP)
    teams = Team.objects.filter(manager=None, members__in=reps).distinct().order_by("name")
    queues = Queue.objects.filter(backup=None).order_by("name")
    return [
        *(f"the team {name} (no manager)" for name in teams.values_list("name", flat=True)),
        *(["reps without a team"] if reps.filter(team=None).exists() else []),
        *(f"the queue {name} (no backup)" for name in queues.values_list("name", flat=True)),
    ]


def _asks_admins(event: ClockEvent) -> bool:
    if event.action in (Action.REMIND_COVER, Action.TELL_MANAGER):
        return responsible(event.clock)[1] is None
    return event.action == Action.TELL_ADMINS


def _admins(at: datetime) -> list[User]:
    admins = User.objects.with_role(Role.ADMIN).select_related("team__manager").order_by("pk")
    presence = Presence(at)
    return sorted(admins, key=lambda admin: not presence.is_here(admin))


def _covers(events: Collection[ClockEvent]) -> dict[int, User]:
    """Return who covers for those whose cover is to be told too, as their latest absence says. Who
    never named anybody has none.
    """
    asked = [event for event in events if event.action == Action.REMIND_COVER]
    if not asked:
        return {}
    people = {holder.pk for event in asked if (holder := responsible(event.clock)[0])}
    named = Absence.objects.filter(user__in=people, cover__is_active=True)
    latest = named.order_by("user", "-ends_at").distinct("user")
    absences = latest.select_related("cover__team__manager")
    return {absence.user_id: absence.cover for absence in absences if absence.cover}
