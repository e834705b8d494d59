"""Which clocks stand still when: the only writer of pauses. `sla.clocks` moves the deadlines."""

from collections.abc import Collection, Iterable
from datetime import datetime

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


def pauses_of(clocks: Iterable[Clock]) -> Pauses:
    """Return when each of `clocks` stands still by its promise: a rep's by what that rep said, the
    prospect's by what any rep did. No query where no promise knows pauses.
    """
    asked = [clock for clock in clocks if clock.pauses]
    if not asked:
        return {}
    handoffs = {handoff for clock in asked for handoff in (clock.handoff_id, *clock.ran_in)}
    found = Pause.objects.filter(assignment__handoff__in=handoffs).select_related("assignment")
    said = list(found.order_by("since", "id"))
    return {clock.pk: _stretches(clock, said) for clock in asked}


def _stretches(clock: Clock, said: Iterable[Pause]) -> list[Stretch]:
    held = ((pause.since, pause.ends_at) for pause in said if _holds(pause, clock))
    return [Stretch(*each) for each in merged(held)]


def _holds(pause: Pause, clock: Clock) -> bool:
    if clock.assignment_id is None:
        is_of_it = pause.assignment.handoff_id in (clock.handoff_id, *clock.ran_in)
    else:
        is_of_it = pause.assignment_id == clock.assignment_id
    return is_of_it and pause.kind in clock.pauses
