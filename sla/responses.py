"""The first human response to a prospect: how long it took by the wall and in working time."""

from datetime import datetime

from django.db import transaction
from django.db.models import Min

from leads.handoffs import earlier_of
from leads.models import Handoff, Lead, User
from sla.business_time import WorkingTime
from sla.calendars import hours_for
from sla.models import Clock, Target


@transaction.atomic
def record_first_response(handoff: Handoff, *, at: datetime, rep: User | None = None) -> bool:
    """Note that a person first answered at `at`, on the handoff and on its lead.

    rep: whose working time counts; None: the handoff's owner, and without one the default calendar.
    Only the earliest answer counts: a later one changes nothing, a back-dated earlier one corrects
    the record. An answer before what it would answer is none. Returns whether anything changed.
    Call it for human touches only, with lead and handoff locked.
    """
    schedule = hours_for(rep or handoff.owner, at).schedule
    opened_by = first_asked_at(handoff)
    latest = handoff.lead.last_hand_raise_at or opened_by
    first = handoff.first_response_at  # perhaps from a handoff that this one goes on from
    is_answered = first is not None and first <= at
    on_handoff = not is_answered and _respond(handoff, opened_by, at=at, schedule=schedule)
    on_lead = _respond(handoff.lead, latest, at=at, schedule=schedule)
    return on_handoff or on_lead


def first_asked_at(handoff: Handoff) -> datetime:
    """Return when the prospect first asked in this handoff, or in one that was merged into it or
    that it goes on from, where that was not answered; else when the first of them was opened.
    """
    clocks = Clock.objects.filter(handoff=handoff, kind=Target.Kind.FIRST_RESPONSE)
    started_at = clocks.aggregate(first=Min("started_at"))["first"]
    if known := [each for each in (started_at, handoff.hand_raised_at) if each]:
        return min(known)
    return [handoff, *earlier_of(handoff)][-1].opened_at


def _respond(
    record: Handoff | Lead, asked_at: datetime, *, at: datetime, schedule: WorkingTime
) -> bool:
    """Write the response fields of `record`, unless it was answered by `at` already."""
    earlier = record.first_response_at
    is_answered = earlier is not None and asked_at <= earlier <= at
    if at < asked_at or is_answered:
        return False
    record.first_response_at = at
    record.first_response_wall = at - asked_at
    record.first_response_working = schedule.between(asked_at, at)
    record.save(
        update_fields=["first_response_at", "first_response_wall", "first_response_working"]
    )
    return True
