"""Who is told by a step of a ladder."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from leads.models import Absence, Role, User
from sla.models import Clock, ClockEvent, Target

Action = Target.Action


@dataclass(frozen=True, slots=True)
class Others:
    """Who may be told beside whoever has the lead.

    covers: by the ids of those they stand in for.
    admins: the RevOps admins, if anybody is to be told in whose place they are.
    """

    covers: Mapping[int, User]
    admins: Sequence[User]


def told(event: ClockEvent, others: Others) -> list[User]:
    """Return who is told of `event`: whoever has the lead, and with them who covers or backs them
    where the step says so; the RevOps admins, where nobody does.
    """
    holder, backing = responsible(event.clock)
    own = [holder] if holder else []
    behind = [backing] if backing else others.admins
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
    Nobody backs themselves.
    """
    handoff, queue = clock.handoff, clock.handoff.queue
    holder = clock.assignment.rep if clock.assignment else handoff.owner
    if holder and clock.kind != Target.Kind.REVIEW:
        backing = holder.team.manager if holder.team else None
    else:
        holder, backing = (queue.owner, queue.backup) if queue else (handoff.owner, None)
    return holder, None if backing == holder else backing


def others_for(events: Collection[ClockEvent]) -> Others:
    """Return who may be told of `events`, asked for only if somebody of them is to be."""
    return Others(_covers(events), _admins() if any(map(_asks_admins, events)) else [])


def _asks_admins(event: ClockEvent) -> bool:
    if event.action in (Action.REMIND_COVER, Action.TELL_MANAGER):
        return responsible(event.clock)[1] is None
    return event.action == Action.TELL_ADMINS


def _admins() -> list[User]:
    admins = User.objects.with_role(Role.ADMIN).select_related("team__manager")
    return list(admins.order_by("pk"))


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
