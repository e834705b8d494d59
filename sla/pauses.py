"""Which clocks stand still when: the only writer of pauses. `sla.clocks` moves the deadlines."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Greatest

from leads.models import Assignment, Handoff, User
from sla.models import Clock, Pause
from sla.opening_hours import merged
from sla.stretches import Stretch

# By clock: when it stood, or will stand, still.
Pauses = dict[int, list[Stretch]]


def begin(
    assignment: Assignment, *, kind: str, until: datetime, reason: str, by: User, at: datetime
) -> Pause:
    """Let a lead rest from `at` on, in place of a pause that runs."""
    end(assignment, at=at, because=f"Changed by {by}")
    return Pause.objects.create(
        assignment=assignment, kind=kind, since=at, until=until, reason=reason[:200], by=by
    )


def end(
    target: Handoff | Assignment,
    *,
    at: datetime,
    because: str,
    kinds: Collection[str] = Pause.Kind.values,
) -> int:
    """End the pauses of these kinds that run at `at`; one that somebody began since then, as it
    begins. Returns how many.
    """
    of = {"assignment__handoff": target} if isinstance(target, Handoff) else {"assignment": target}
    left = Pause.objects.filter(ended_at=None, until__gt=at, kind__in=kinds, **of)
    return left.update(ended_at=Greatest(at, F("since")), ended_because=because[:200])


def changed_since(assignment: Assignment, at: datetime) -> bool:
    """Whether a pause was begun or ended after `at`."""
    later = Q(since__gt=at) | Q(ended_at__gt=at)
    return Pause.objects.filter(later, assignment=assignment).exists()


def running_pause(assignment: Assignment | None, at: datetime) -> Pause | None:
    return Pause.objects.running(at).filter(assignment=assignment).first() if assignment else None


def resting(handoffs: Collection[Any], at: datetime) -> dict[int, Pause]:
    """Return the pauses of those of `handoffs` (ids, or rows) that rest with their rep at `at`."""
    running = Pause.objects.running(at).filter(assignment__ended_at=None)
    found = running.filter(assignment__handoff__in=handoffs).select_related("assignment")
    return {pause.assignment.handoff_id: pause for pause in found}


def pauses_of(clocks: Iterable[Clock]) -> Pauses:
    """Return when each of `clocks` stands still by its promise: a rep's by what that rep said, the
    prospect's by what any rep did, in each handoff that it runs in while it does. No query where no
    promise knows pauses.
    """
    asked = [clock for clock in clocks if clock.pauses]
    if not asked:
        return {}
    handoffs = {handoff for clock in asked for handoff in (clock.handoff_id, *clock.ran_in)}
    ran_in = [pk for clock in asked for pk in clock.ran_in]
    closes = Handoff.objects.filter(pk__in=ran_in).only("closed_at")
    closed_at = {each.pk: each.closed_at for each in closes if each.closed_at}
    found = Pause.objects.filter(assignment__handoff__in=handoffs).select_related("assignment")
    said = list(found.order_by("since", "id"))
    return {clock.pk: _stretches(clock, said, closed_at) for clock in asked}


def _stretches(
    clock: Clock, said: Iterable[Pause], closed_at: Mapping[int, datetime]
) -> list[Stretch]:
    """closed_at: when each handoff was closed in which one of the clocks ran before."""
    came_at = _came_at(clock, closed_at)
    held = (
        (max(pause.since, came_at.get(pause.assignment.handoff_id, pause.since)), pause.ends_at)
        for pause in said
        if _holds(pause, clock)
    )
    return [Stretch(*each) for each in merged(each for each in held if each[0] < each[1])]


def _came_at(clock: Clock, closed_at: Mapping[int, datetime]) -> Mapping[int, datetime]:
    """Return since when `clock` runs in each handoff that it did not begin in."""
    came_to = (*clock.ran_in, clock.handoff_id)[1:]
    return {to: closed_at[was] for was, to in zip(clock.ran_in, came_to, strict=True)}


def _holds(pause: Pause, clock: Clock) -> bool:
    if clock.assignment_id is None:
        is_of_it = pause.assignment.handoff_id in (clock.handoff_id, *clock.ran_in)
    else:
        is_of_it = pause.assignment_id == clock.assignment_id
    return is_of_it and pause.kind in clock.pauses
