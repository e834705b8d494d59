"""Who is told by a step of a ladder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

from leads.models import Absence, Role, User
from sla.models import Clock, ClockEvent, Target

Action = Target.Action


class Others:
    """Who may be told beside whoever has the lead: read once for all `events`, if at all."""

    def __init__(self, events: Collection[ClockEvent]) -> None:
        self._events = events

    @cached_property
    def covers(self) -> Mapping[int, User]:
        """Who covers for those whose cover is to be told too, by their ids, as their latest absence
        says.
        """
        asked = [event for event in self._events if event.action == Action.REMIND_COVER]
        if not asked:
            return {}
        people = {holder.pk for event in asked if (holder := responsible(event.clock)[0])}
        named = Absence.objects.filter(user__in=people, cover__is_active=True)
        latest = named.order_by("user", "-ends_at").distinct("user")
        absences = latest.select_related("cover__team__manager")
        return {absence.user_id: absence.cover for absence in absences if absence.cover}

    @cached_property
    def admins(self) -> list[User]:
        admins = User.objects.with_role(Role.ADMIN).select_related("team__manager")
        return list(admins.order_by("pk"))


def told(event: ClockEvent, others: Others) -> list[User]:
    """Return who is told of `event`: whoever has the lead, and with them who covers or backs them
    where the step says so; the RevOps admins, where nobody does.
    """
    holder, backing = responsible(event.clock)
    own = [holder] if holder else []
    match event.action:
        case Action.REMIND:
            return own
        case Action.REMIND_COVER if holder and holder.pk in others.covers:
            return [*own, others.covers[holder.pk]]
        case Action.REMIND_COVER | Action.TELL_MANAGER:
            return [*own, backing] if backing and backing != holder else [*own, *others.admins]
        case Action.TELL_ADMINS:
            return [*own, *others.admins]
        case _:  # written to the prospect, passed on, or noted only
            return []


def responsible(clock: Clock) -> tuple[User | None, User | None]:
    """Return who has the lead and who backs them: rep and manager, or queue owner and backup."""
    handoff = clock.handoff
    rep = clock.assignment.rep if clock.assignment else handoff.owner
    if rep and clock.kind != Target.Kind.REVIEW:
        return rep, rep.team.manager if rep.team else None
    queue = handoff.queue
    return (queue.owner, queue.backup) if queue else (handoff.owner, None)
