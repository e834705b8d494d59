"""Who is told by a step of a ladder."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from leads.models import Absence, User
from sla.models import Clock, ClockEvent, Target

Action = Target.Action


def told(event: ClockEvent, covers: Mapping[int, User]) -> list[User]:
    """Return who is told of `event`: whoever has the lead, and with them who covers or backs them
    where the step says so. covers: by the ids of those they stand in for.
    """
    holder, backing = responsible(event.clock)
    match event.action:
        case Action.REMIND:
            people = [holder]
        case Action.REMIND_COVER:
            people = [holder, covers.get(holder.pk, backing) if holder else backing]
        case Action.TELL_MANAGER:
            people = [holder, backing]
        case _:  # written to the prospect, passed on, or noted only
            people = []
    return [person for person in people if person]


def responsible(clock: Clock) -> tuple[User | None, User | None]:
    """Return who has the lead and who backs them: rep and manager, or queue owner and backup."""
    handoff = clock.handoff
    rep = clock.assignment.rep if clock.assignment else handoff.owner
    if rep and clock.kind != Target.Kind.REVIEW:
        return rep, rep.team.manager if rep.team else None
    queue = handoff.queue
    return (queue.owner, queue.backup) if queue else (handoff.owner, None)


def covers_for(events: Collection[ClockEvent]) -> dict[int, User]:
    """Return who covers for those whose cover is to be told too, as their latest absence says. Who
    never named anybody has none: their manager is told instead.
    """
    asked = [event for event in events if event.action == Action.REMIND_COVER]
    if not asked:
        return {}
    people = {holder.pk for event in asked if (holder := responsible(event.clock)[0])}
    named = Absence.objects.filter(user__in=people, cover__is_active=True)
    latest = (
        named.order_by("user", "-ends_at").distinct("user").select_related("cover__team__manager")
    )
    return {absence.user_id: absence.cover for absence in latest if absence.cover}
