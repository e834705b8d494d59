"""Applying the hours that people work by now to what of theirs runs by others: only if somebody
says so, who sees before what it would move. A newer version of the same calendar is
`sla.moving`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from datetime import datetime

from django.db import transaction

from leads.models import User, Version
from sla import clocks, moving
from sla.calendars import WorkingHours
from sla.models import Clock
from sla.moving import Move, Preview

DETAIL = "Other working hours, applied to what runs"
Hours = Mapping[int, WorkingHours]


def mark_of(hours: Hours) -> str:
    """Return what changes whenever one of them works by other hours."""
    return " ".join(f"{pk}:{'.'.join(map(str, _versions(hours[pk])))}" for pk in sorted(hours))


def moves(hours: Hours, at: datetime, *, locks: bool = False) -> list[Move]:
    """Return the running clocks of these people's turns that go by other calendars than they do
    now, are not late and can go by these, as they would be. locks: for whoever moves them.
    """
    running = moving.movable(at).filter(assignment__rep__in=hours, calendar__isnull=False)
    if locks:
        running = running.select_for_update(no_key=True, of=("self",))
    changed = []
    for was in running.order_by("pk"):
        theirs = hours[_rep_of(was)]
        if _goes_by_others(was, theirs):
            now = copy(was)
            now.calendar, now.within = theirs.calendar, theirs.within
            changed.append((was, now))
    return moving.retimed(changed)


def preview(hours: Hours, at: datetime) -> Preview:
    """Return what applying these hours would do. Nothing is written."""
    found = moves(hours, at)
    shown = [move for move in found if move.shows]
    return Preview(at, len(found), len(found), sorted(shown, key=lambda move: move.was.due_at))


@transaction.atomic
def apply(hours: Hours, *, by: User, at: datetime) -> int:
    """Have what runs by other hours go by these, and put on record what that moved. Returns how
    many it moved; a second call moves none.
    """
    found = moves(hours, at, locks=True)
    clocks.give_terms([move.now for move in found])
    moved = [(move.was.due_at, move.now) for move in found if move.shows]
    clocks.note_moves(moved, by=by, at=at, detail=DETAIL)
    return len(moved)


def _goes_by_others(clock: Clock, theirs: WorkingHours) -> bool:
    counted = _document(clock.calendar), _document(clock.within)
    return counted != (_document(theirs.calendar), _document(theirs.within))


def _rep_of(clock: Clock) -> int:
    assert clock.assignment is not None  # a clock of a turn
    return clock.assignment.rep_id


def _document(version: Version | None) -> int | None:
    return version.document_id if version else None


def _versions(hours: WorkingHours) -> tuple[int, int]:
    return hours.calendar.pk, hours.within.pk if hours.within else 0
