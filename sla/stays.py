"""Stays in a stage that are too long are said to whoever has the lead, once each."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet

from leads.countdown import minutes_text
from leads.models import Lead
from sla.messages import who
from sla.models import Notification
from sla.outbox import Message, write
from sla.stay_clocks import stays_promised

logger = logging.getLogger(__name__)

BATCH = 100
WAIT = timedelta(minutes=10)


def tell_of_long_stays(at: datetime) -> int:
    """Tell the owners, or the queues' owners, of leads that have stayed too long by `at`, the
    longest overdue first; of a stay that is promised its clock tells. Returns how many leads; at
    most a batch, the next run goes on.

    A batch that fails is done again lead by lead; the one that fails waits.
    """
    try:
        return _tell(_due(at), at)
    except Exception:
        logger.exception("Long stays can't be told of at once, and are one by one")
    ids = list(_due(at).values_list("pk", flat=True)[:BATCH])
    return sum(_tell_alone(lead_id, at) for lead_id in ids)


def _due(at: datetime) -> QuerySet[Lead]:
    return Lead.objects.staying_too_long(at).order_by("stay_due_at", "id")


def _tell_alone(lead_id: int, at: datetime) -> int:
    try:
        return _tell(_due(at).filter(pk=lead_id), at)
    except Exception:
        logger.exception("A long stay can't be told of", extra={"lead": lead_id})
        _due(at).filter(pk=lead_id).update(stay_due_at=at + WAIT)
        return 0


@transaction.atomic
def _tell(due: QuerySet[Lead], at: datetime) -> int:
    locked = due.select_for_update(no_key=True, skip_locked=True, of=("self",))
    leads = list(locked.select_related("stage", "owner__team", "queue__owner__team")[:BATCH])
    if not leads:
        return 0
    promised = stays_promised(leads)  # whose ladder tells of it
    write([_message(lead, at) for lead in leads if lead.pk not in promised], at=at)
    told = Lead.objects.filter(pk__in=[lead.pk for lead in leads])
    told.update(stay_due_at=None, stay_told_seq=F("stage_seq"))
    return len(leads)


def _message(lead: Lead, at: datetime) -> Message:
    minutes = int((at - lead.stage_since).total_seconds()) // 60
    holder = lead.owner or (lead.queue.owner if lead.queue else None)
    assert holder is not None  # constraint lead_owner_or_queue
    return Message(
        recipient=holder,
        kind=Notification.Kind.STAY,
        key=f"stay:{lead.pk}:{lead.stage_seq}",
        subject=f"{minutes_text(minutes)} in {lead.stage}: {who(lead)}",
        body="That is longer than agreed. Move it on, or give it back with a reason.",
        lead=lead,
    )
