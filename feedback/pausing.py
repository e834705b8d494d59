"""A lead that rests with its rep: put off, or waiting for the prospect. It comes back by itself.

Each function is one transaction and holds the lead and the handoff locked.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from feedback.errors import AnswerRefused
from feedback.packets import kind_label
from leads import handoffs
from leads.errors import LostRace
from leads.models import Activity, Assignment, Handoff, User
from sla import clocks, pauses
from sla.models import Pause

# Who rests longer than that is recycled, to be looked at again by marketing.
LONGEST = timedelta(days=60)
Kind = Pause.Kind
# Machines open mails too, and an import tells of what is past.
NO_ANSWER = ("email_open", "import_note")


@transaction.atomic
def pause(
    handoff: Handoff, *, kind: str, until: datetime, reason: str, by: User, at: datetime
) -> Pause:
    """Let an accepted lead rest till `until`; its clocks stand still where their promise says so.
    In place of a pause that runs.

    Raises AnswerRefused for an instant that can't be, LostRace if the lead is not `by`'s to work,
    or was put to rest or taken up again after `at`.
    """
    assignment = _worked(handoff, by=by)
    if not at < until <= at + LONGEST:
        wrong = f"Choose a time to come, within {LONGEST.days} days; recycle what rests longer."
        raise AnswerRefused({"until": wrong})
    if pauses.changed_since(assignment, at):
        raise LostRace("This lead was put to rest, or taken up again, in the meantime.")
    begun = pauses.begin(assignment, kind=kind, until=until, reason=reason, by=by, at=at)
    clocks.retime(handoff)
    return begun


@transaction.atomic
def resume(handoff: Handoff, *, by: User, at: datetime) -> bool:
    """End the pause of a lead before its time. Returns whether one ran.

    Raises LostRace if the lead is not `by`'s to work.
    """
    assignment = _worked(handoff, by=by)
    ended = pauses.end(assignment, at=at, because=f"Ended by {by}")
    clocks.retime(handoff)
    return bool(ended)


def they_answered(handoff: Handoff, *, answered_at: datetime, at: datetime, because: str) -> None:
    """End the wait for the prospect, which they did at `answered_at`; one that began later goes on.
    The handoff is locked.
    """
    waiting = _waits(handoff, at).filter(since__lte=answered_at)
    if waiting.exists():
        pauses.end(handoff, at=at, because=because, kinds=[Kind.WAITING])
        clocks.retime(handoff)


def look_for_answer(handoff: Handoff, *, at: datetime) -> None:
    """End the wait for the prospect if they did something since. The handoff is locked."""
    waiting = _waits(handoff, at).first()
    if waiting is None:
        return
    own = Activity.objects.filter(lead=handoff.lead_id, occurred_at__gte=waiting.since)
    if answer := own.exclude(kind__in=NO_ANSWER).order_by("occurred_at", "id").first():
        because = f"They answered: {kind_label(answer.kind).lower()}"
        they_answered(handoff, answered_at=answer.occurred_at, at=at, because=because)


def hand_raised(handoff: Handoff, *, at: datetime, because: str) -> None:
    """Let a lead rest no longer, since it asked for a person. The handoff is locked."""
    if pauses.end(handoff, at=at, because=because):
        clocks.retime(handoff)


def _waits(handoff: Handoff, at: datetime) -> QuerySet[Pause]:
    running = Pause.objects.running(at)
    return running.filter(assignment__handoff=handoff, kind=Kind.WAITING)


def _worked(handoff: Handoff, *, by: User) -> Assignment:
    """Lock a handoff and return `by`'s turn at it. Raises LostRace unless they accepted it."""
    fresh = handoffs.locked(handoff.pk)
    assignment = handoffs.open_assignment(fresh)
    if assignment is None or assignment.rep_id != by.pk or fresh.state != Handoff.State.ACCEPTED:
        raise handoffs.lost_answer(handoff.pk)
    return assignment
