"""From when a promise counts that starts with a change of the lead's band."""

from __future__ import annotations

from datetime import datetime

from leads import rescoring
from leads.models import Handoff
from leads.rescoring import band_changed_at


def opened_by(handoff: Handoff) -> datetime:
    """Return when the lead rose to the band that opened `handoff` just now: a little earlier, where
    new criteria were applied to all leads at once; its opening, if something else led to it.
    """
    was_to_be_judged_at = handoff.lead.reconsider_at
    if handoff.path != Handoff.Path.SCORE or was_to_be_judged_at is None:
        return handoff.opened_at
    is_this = rescoring.rose_at(handoff.lead) == was_to_be_judged_at
    return was_to_be_judged_at if is_this else handoff.opened_at


def rose_at(handoff: Handoff, at: datetime) -> datetime:
    """Return when the lead of an open handoff came into the band in which it was found at `at`."""
    changed_at = band_changed_at(handoff.lead)
    return changed_at if changed_at and handoff.opened_at <= changed_at <= at else at
