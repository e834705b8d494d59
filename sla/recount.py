"""Counting again what stopped clocks have used: a million of them in seconds.

What is stored was counted once, when each was stopped. Counted again from its versions it must come
out the same; what does not is a fault of ours or somebody's edit by hand.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import connection, transaction
from django.db.models import Q

from leads.models import Version
from sla.calendars import working_time_of
from sla.clocks import elapsed
from sla.models import Clock

# Both as COPY writes them: instants count from here, a length has its days apart.
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
DAY = 86_400_000_000
HEADER_BYTES, END = 19, b"\xff\xff"
ROW = struct.Struct(">h" + "iq" * 5 + "iqii" * 2)

# Few, and not as simple: they are counted one by one.
PAUSED = """pauses <> '{}' AND (ran_in <> '{}' OR handoff_id IN (
    SELECT handoff_id FROM sla_pause pause JOIN leads_assignment turn ON turn.id = assignment_id
))"""
ROWS = f"""COPY (
    SELECT id, COALESCE(calendar_id, 0)::bigint, COALESCE(within_id, 0)::bigint,
        started_at, stopped_at, used_before, elapsed
    FROM sla_clock WHERE stopped_at IS NOT NULL AND NOT ({PAUSED})
) TO STDOUT (FORMAT BINARY)"""

Count = Callable[[int], int]


@dataclass(slots=True)
class Recount:
    """How many clocks were counted again, and the ids of those that came out otherwise."""

    counted: int = 0
    differing: list[int] = field(default_factory=list)

    def add(self, clock_id: int, *, is_same: bool) -> None:
        self.counted += 1
        if not is_same:
            self.differing.append(clock_id)


@transaction.atomic
def recount(at: datetime) -> Recount:
    """Count again what every stopped clock has used. Writes nothing. at: no clock stopped later."""
    found, counts = Recount(), counts_by_calendar(at)
    for clock_id, calendar, within, start, stop, used, stored in rows():
        count = counts[calendar, within]
        found.add(clock_id, is_same=used + count(stop) - count(start) == stored)
    for clock in _paused():
        assert clock.stopped_at is not None  # they are the stopped ones
        found.add(clock.pk, is_same=elapsed(clock, clock.stopped_at) == clock.elapsed)
    return found


def counts_by_calendar(at: datetime) -> dict[tuple[int, int], Count]:
    """Return what counts, up to `at`, the time of clocks by their calendars, as `rows` names them.
    It is read at first: while rows come, the connection answers nothing else.
    """
    counts: dict[tuple[int, int], Count] = {(0, 0): int}
    stopped = Clock.objects.exclude(stopped_at=None).exclude(calendar=None)
    pairs = list(stopped.order_by().values_list("calendar", "within").distinct())
    versions = Version.objects.in_bulk({pk for pair in pairs for pk in pair if pk})
    for calendar, within in pairs:
        hours = working_time_of(versions[calendar], versions[within] if within else None)
        counts[calendar, within or 0] = hours.counter(BEGINNING, at)
    return counts


def rows() -> Iterator[tuple[int, int, int, int, int, int, int]]:
    """Yield of each clock without pauses its id, calendars (0: none), start and stop, what was used
    before and what is stored; all lengths and instants in microseconds.
    """
    with connection.cursor() as cursor, cursor.copy(ROWS) as copy:
        skipped = HEADER_BYTES
        for data in copy:
            row, skipped = bytes(data)[skipped:], 0
            if row != END:
                told = ROW.unpack(row)
                used, stored = told[12] + told[13] * DAY, told[16] + told[17] * DAY
                yield told[2], told[4], told[6], told[8], told[10], used, stored


def _paused() -> Iterator[Clock]:
    found = Clock.objects.exclude(stopped_at=None).exclude(pauses=[])
    is_paused = ~Q(ran_in=[]) | Q(handoff__assignments__pauses__isnull=False)
    of_paused = found.filter(is_paused).distinct()
    return of_paused.select_related("calendar", "within").iterator(chunk_size=500)
