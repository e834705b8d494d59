"""Retiring a calendar that nobody is to work by any more, and bringing it back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from leads.errors import LostRace
from leads.models import Document, User
from sla.cover import served_by
from sla.errors import StillWorkedBy
from sla.models import RepHours, RetiredCalendar


@transaction.atomic
def retire(calendar: Document, *, by: User, at: datetime) -> None:
    """Offer `calendar` to nobody any more; clocks that are counted by it run on. Who worked by it
    and has left has no hours of their own any more, should they come back. A second call changes
    nothing. Raises StillWorkedBy if it is somebody's, or whoever's who has no other.
    """
    _lock(calendar)
    if not served_by(calendar).is_nobody:
        raise StillWorkedBy(f"Somebody works by {calendar}: give them other hours first.")
    RepHours.objects.filter(calendar=calendar, rep__is_active=False).delete()
    RetiredCalendar.objects.get_or_create(calendar=calendar, defaults={"at": at, "by": by})


def bring_back(calendar: Document) -> None:
    """Offer `calendar` again."""
    RetiredCalendar.objects.filter(calendar=calendar).delete()


def hold(calendar: Document) -> None:
    """Keep `calendar` from being retired till the transaction ends, for who gives its hours to
    somebody. Raises LostRace if it is retired by now.
    """
    _lock(calendar)
    if RetiredCalendar.objects.filter(calendar=calendar).exists():
        raise LostRace(f"{calendar} was retired meanwhile: choose other hours.")


def _lock(calendar: Document) -> None:
    # Foreign keys are checked at the end of the transaction, and hold nothing before.
    Document.objects.select_for_update(no_key=True).get(pk=calendar.pk)
