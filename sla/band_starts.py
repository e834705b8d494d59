"""From when a promise counts that starts with a change of the lead's band."""

from __future__ import annotations

from datetime import datetime, timedelta

from leads.models import Handoff
from leads.rescoring import band_changed_at

# What changes of bands lead to is worked off within minutes; an older one opened nothing.
AGE = timedelta(days=1)


def opened_by(handoff: Handoff) -> datetime:
    """Return when the band changed that led to `handoff`; its opening, if something else did."""
    opened_at, changed_at = handoff.opened_at, band_changed_at(handoff.lead)
    if changed_at is None or not opened_at - AGE <= changed_at <= opened_at:
        return opened_at
    earlier = Handoff.objects.filter(lead=handoff.lead_id, closed_at__gt=changed_at)
    return opened_at if earlier.exists() else changed_at


def rose_at(handoff: Handoff, at: datetime) -> datetime:
    """Return when the lead of an open handoff came into the band in which it was found at `at`."""
    changed_at = band_changed_at(handoff.lead)
    return changed_at if changed_at and handoff.opened_at <= changed_at <= at else at
