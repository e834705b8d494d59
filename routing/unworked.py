"""A handoff that its rep leaves lying, unanswered or accepted and not touched, goes to another one,
and after some of them to a person who decides.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from leads import handoffs
from leads.models import Assignment, Handoff, Organisation, OwnershipChange, User
from leads.nudges import nudge
from sla import clocks, handoff_clocks, outbox
from sla.messages import headline
from sla.models import Clock, Notification, Target

Outcome = Assignment.Outcome
SWEEP = "revops.tasks.sweep"


@transaction.atomic
def reroute_unworked(assignment: Assignment, *, at: datetime) -> bool:
    """Take a handoff from a rep who has not answered, or accepted it and did not get in touch, for
    another to get who never had it; who had it is told. After as many as the organisation allows it
    goes to review instead, and the manager of the last rep is told.

    An acceptance stays on record, and the lead leaves the stage that it entered by it, as when a
    manager passes it on. Returns whether it was still to be taken: what was answered or touched,
    passed on or closed meanwhile, or somebody is on, is left alone; a second call does nothing.
    """
    handoff = handoffs.locked(assignment.handoff_id)
    current = handoffs.open_assignment(handoff)
    if current is None or current.pk != assignment.pk or not _lies(current, at):
        return False
    clocks.end(current, at=at)
    earlier = _left_lying(handoff)
    if len(earlier) < Organisation.objects.get().reroutes_before_manager:
        _to_the_next(handoff, current, at)
    else:
        _to_a_person(handoff, [*earlier, current], at)
    return True


def _lies(assignment: Assignment, at: datetime) -> bool:
    """Whether its rep has let it lie till now: not answered or, once accepted, not touched it, and
    nobody said that they are on it. Its clocks are held, so that nobody says so meanwhile.
    """
    running = Clock.objects.running().filter(assignment=assignment).order_by("id")
    held = [clock.pk for clock in running.select_for_update(no_key=True)]
    return clocks.unanswered(at).filter(pk__in=held).exists()


def _left_lying(handoff: Handoff) -> list[Assignment]:
    """Return the assignments that were taken away before anybody answered or got in touch, oldest
    first; not those that were answered and handed back.
    """
    untouched = Clock.objects.filter(
        assignment=OuterRef("pk"),
        kind=Target.Kind.FIRST_TOUCH,
        reroute_at__isnull=False,
        stop_reason=Clock.StopReason.ENDED,
    )
    taken = Assignment.objects.filter(handoff=handoff, outcome=Outcome.REROUTED)
    lay = taken.filter(Q(answer="") | Exists(untouched))
    return list(lay.select_related("rep").order_by("seq"))


def _to_the_next(handoff: Handoff, last: Assignment, at: datetime) -> None:
    reason = f"{last.rep} did not {'get in touch' if last.answer else 'answer'}"
    handoffs.back_to_routing(
        handoff, at=at, reason=reason, source=OwnershipChange.Source.ESCALATION
    )
    _tell(last.rep, last, "Goes to somebody else", f"{reason} in time.", at)
    nudge(SWEEP)


def _to_a_person(handoff: Handoff, lay: list[Assignment], at: datetime) -> None:
    """Send to review what lay with each of `lay`, oldest first."""
    last, names = lay[-1], [str(each.rep) for each in lay]
    nobody = "Nobody got in touch" if any(each.answer for each in lay) else "Nobody answered"
    reason = f"{nobody}: {', '.join(names[:-1])} and {names[-1]} had it."
    handoffs.end_assignment(handoff, Outcome.REROUTED, at=at)
    escalation = OwnershipChange.Source.ESCALATION
    handoffs.send_to_review(handoff, reason=reason[:300], source=escalation, at=at)
    handoff_clocks.start_review_clock(handoff, at)
    _tell(last.rep, last, "Goes to review", reason, at)
    for person in _who_decides(handoff, last.rep, at):
        outbox.notify(
            person,
            Notification.Kind.REVIEW,
            key=f"unworked:assignment:{last.pk}",
            subject=f"{nobody}: {headline(handoff)}",
            body=reason,
            handoff=handoff,
            at=at,
        )


def _who_decides(handoff: Handoff, rep: User, at: datetime) -> list[User]:
    """Return whom to tell, each once: the rep's manager and the owner of the review queue."""
    assert handoff.queue is not None  # constraint handoff_with_a_rep_once_passed
    manager = rep.team.manager if rep.team else None
    told = {each.pk: each for each in (manager, handoff.queue.owner) if each}
    return list(told.values())


def _tell(rep: User, assignment: Assignment, what: str, why: str, at: datetime) -> None:
    outbox.notify(
        rep,
        Notification.Kind.MOVED,
        key=f"moved:assignment:{assignment.pk}",
        subject=f"{what}: {headline(assignment.handoff)}",
        body=why,
        handoff=assignment.handoff,
        at=at,
    )
