"""Retiring a calendar that nobody is to work by any more, and bringing it back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from leads.models import Document, User
from sla.cover import served_by
from sla.errors import StillWorkedBy
from sla.models import RetiredCalendar


@transaction.atomic
def retire(calendar: Document, *, by: User, at: datetime) -> None:
    """Offer `calendar` to nobody any more; clocks that are counted by it run on. A second call
    changes nothing. Raises StillWorkedBy if it is somebody's, or whoever's who has no other.
    """
    # Who gives these hours to somebody meanwhile holds the row for less: one of both waits.
    Document.objects.select_for_update().get(pk=calendar.pk)
    if not served_by(calendar).is_nobody:
        raise StillWorkedBy(f"Somebody works by {calendar}: give them other hours first.")
    RetiredCalendar.objects.get_or_create(calendar=calendar, defaults={"at": at, "by": by})


def bring_back(calendar: Document) -> None:
    """Offer `calendar` again."""
    RetiredCalendar.objects.filter(calendar=calendar).delete()
