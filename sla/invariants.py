"""What must never be so, and spans rows, so that no constraint can forbid it. It is looked for
every five minutes, on the status page and after each test of faults. Reads only.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, Q, QuerySet

from leads.models import Handoff, Job, Lead
from sla.heartbeats import beat
from sla.models import Clock, Heartbeat, Target
from sla.models.promises import STAYS

logger = logging.getLogger(__name__)

EVERY = timedelta(minutes=5)
# Rows: there since something is amiss, while it is; and when that was looked for.
AMISS, LOOKED = "amiss", "looked_for_what_is_amiss"
# What is asked of a rep, or of a lead, also after its handoff.
GOES_ON = [*STAYS.values(), Target.Kind.OUTCOME]
OTHER_HOLDER = Q(lead__owner=F("owner")) | Q(lead__queue=F("queue"))


def _never_routed() -> QuerySet[Handoff]:
    return Handoff.objects.filter(state=Handoff.State.WAITING, reroute_at=None)


def _held_by_others() -> QuerySet[Handoff]:
    return Handoff.objects.open().exclude(OTHER_HOLDER)


def _with_who_left() -> QuerySet[Handoff]:
    """None while a job is at work, such as the one that moves on what somebody had. Asked at once:
    who is let go in between would seem to be moved on by nobody.
    """
    at_work = Job.objects.filter(state__in=[Job.State.WAITING, Job.State.RUNNING])
    return Handoff.objects.open().filter(~Exists(at_work), owner__is_active=False)


def _runs_after_its_handoff() -> QuerySet[Clock]:
    closed = Clock.objects.running().filter(handoff__state=Handoff.State.CLOSED)
    return closed.exclude(kind__in=GOES_ON)


def _runs_after_its_turn() -> QuerySet[Clock]:
    over = Clock.objects.running().filter(assignment__ended_at__isnull=False)
    return over.exclude(kind__in=GOES_ON)


def _of_another_lead() -> QuerySet[Clock]:
    running = Clock.objects.running()
    return running.filter(~Q(lead=F("handoff__lead")) | Q(lead__merged_into__isnull=False))


NEVER: dict[str, Callable[[], QuerySet[Any]]] = {
    "It waits for a rep, and nothing will route it": _never_routed,
    "Somebody else has the lead than its open handoff": _held_by_others,
    "Its open handoff is with somebody who was let go": _with_who_left,
    "A promise runs on in a handoff that is closed": _runs_after_its_handoff,
    "A rep’s promise runs on after their turn": _runs_after_its_turn,
    "A promise runs on of another lead than its handoff’s": _of_another_lead,
}


def amiss() -> dict[str, list[Lead]]:
    """Return what is so and must never be, each with the leads of which it is; nothing at best."""
    found = {what: set(rows().values_list("lead", flat=True)) for what, rows in NEVER.items()}
    leads = Lead.objects.in_bulk({lead for each in found.values() for lead in each})
    return {what: [leads[lead] for lead in sorted(each)] for what, each in found.items() if each}


def look(at: datetime) -> None:
    """Look for what is amiss, if nobody has for five minutes, and put on record that something is,
    which is an alarm, or no longer is.
    """
    lately = (at - EVERY, at + EVERY)  # not before the clock went back
    if Heartbeat.objects.filter(name=LOOKED, beat_at__range=lately).exists():
        return
    beat(LOOKED, at)
    found = amiss()
    if not found:
        Heartbeat.objects.filter(name=AMISS).delete()
        return
    Heartbeat.objects.bulk_create([Heartbeat(name=AMISS, beat_at=at)], ignore_conflicts=True)
    ids = {what: [lead.pk for lead in leads] for what, leads in found.items()}
    logger.error("Something is so that must never be.", extra={"amiss": ids})
