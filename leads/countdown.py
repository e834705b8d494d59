"""What a running clock shows: how much is left, in which state, in which words."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


class State(StrEnum):
    OK = "ok"
    SOON = "soon"
    URGENT = "urgent"
    MISSED = "missed"
    PAUSED = "paused"
    MET = "met"


class Deadline(Protocol):
    """Whatever has a start, a deadline, and an end once it is answered."""

    @property
    def started_at(self) -> datetime: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def stopped_at(self) -> datetime | None: ...


@dataclass(frozen=True)
class Countdown:
    """One clock as a page shows it.

    left_percent: 0 to 100, what the ring shows.
    is_live:      whether the browser has to keep counting.
    """

    state: State
    text: str
    note: str
    left_percent: int
    is_live: bool


def seconds_text(seconds: int, *, is_working: bool = False) -> str:
    """Return m:ss under an hour, then as `minutes_text`."""
    minutes, rest = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes}:{rest:02}"
    return minutes_text(minutes, is_working=is_working)


def minutes_text(minutes: int, *, is_working: bool = False) -> str:
    """Return 12m under an hour, then 2h 36m, and from two days on 3d 4h.

    is_working: of working time, of which no day has 24 hours: 76h.
    """
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours}h" if is_working else f"{hours // 24}d {hours % 24}h"
    return f"{hours}h {rest:02}m" if hours else f"{rest}m"


def overdue_text(late: timedelta, *, is_working: bool = False) -> str:
    minutes = late // timedelta(minutes=1)
    return f"+{minutes_text(minutes, is_working=is_working)}" if minutes else "+<1m"


def place(zone: str) -> str:
    """Return the city of a zone name: "London" for Europe/London."""
    return zone.rpartition("/")[2].replace("_", " ")


def instant_text(at: datetime, zone: str) -> str:
    """Return `at` on the wall of `zone`, with its place: "Tue 17 Nov, 14:12 London"."""
    local = at.astimezone(zoneinfo.ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b, %H:%M} {place(zone)}"


def countdown(
    clock: Deadline,
    at: datetime,
    *,
    waits_for: str,
    late: str = "missed",
    answered: str = "met",
    closed: timedelta = timedelta(),
    target: timedelta | None = None,
    resumes_at: datetime | None = None,
    is_working: bool = False,
) -> Countdown:
    """Return what `clock` shows at `at`.

    waits_for:  what ends it, shown while there is time: "to accept".
    late:       what is shown once the time is over.
    answered:   what ended it in time: "accepted".
    closed:     how much of the time between `at` and the deadline, whichever is first, does not
                count: it is outside working hours, say.
    target:     the whole length in working time; None: from start to deadline on the wall.
    resumes_at: when working hours begin again, in the reader's zone; None: they are on.
    is_working: the time that counts is working time.
    """
    if clock.stopped_at:
        return _stopped(clock, clock.stopped_at, answered=answered)
    if at >= clock.due_at:
        over = overdue_text(at - clock.due_at - closed, is_working=is_working)
        return Countdown(State.MISSED, over, late, 0, is_live=resumes_at is None)
    left = max(clock.due_at - at - closed, timedelta())
    percent = left_percent(left, target or clock.due_at - clock.started_at)
    if resumes_at:
        note = f"till {resumes_at:%a %H:%M}"
        return Countdown(State.PAUSED, "Paused", note, percent, is_live=False)
    state = state_for(percent)
    note = {State.SOON: "due soon", State.URGENT: "due now"}.get(state, waits_for)
    text = seconds_text(left // timedelta(seconds=1), is_working=is_working)
    return Countdown(state, text, note, percent, is_live=True)


def left_percent(left: timedelta, whole: timedelta) -> int:
    """Return the share of `whole` that is left, 0 to 100, halves rounded down."""
    return max(0, min(100, left * 100 // whole)) if whole else 0


def state_for(percent: int) -> State:
    """Over 50 % left is calm, down to 20 % is due soon, less is due now."""
    if percent > 50:
        return State.OK
    return State.SOON if percent >= 20 else State.URGENT


def _stopped(clock: Deadline, stopped_at: datetime, *, answered: str) -> Countdown:
    if stopped_at > clock.due_at:
        text = overdue_text(stopped_at - clock.due_at)
        return Countdown(State.MISSED, text, f"{answered} late", 0, is_live=False)
    took = seconds_text((stopped_at - clock.started_at) // timedelta(seconds=1))
    return Countdown(State.MET, took, answered, 0, is_live=False)
