"""Running clocks as a page shows them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from leads.countdown import minutes_text
from sla import stretches
from sla.business_time import NoWorkingTime, WorkingTime
from sla.clocks import schedule_of
from sla.models import Clock, Target
from sla.pauses import pauses_of
from sla.stretches import Stretch

PROSPECT_WAITS = "prospect waits"
WORDS = {
    Target.Kind.PASSED: "to be passed on",
    Target.Kind.RECEIVED: "to open",
    Target.Kind.QUALIFIED: "to qualify",
    Target.Kind.ACCEPT: "to accept",
    Target.Kind.FIRST_TOUCH: "first touch",
    Target.Kind.FOLLOW_UP: "next touch",
    Target.Kind.OUTCOME: "say the outcome",
    Target.Kind.FIRST_RESPONSE: PROSPECT_WAITS,
    Target.Kind.REVIEW: "to review",
    Target.Kind.STAY_MQL: "to move on",
    Target.Kind.STAY_SAL: "to move on",
    Target.Kind.STAY_SQL: "to move on",
}


@dataclass(frozen=True, slots=True)
class Deadline:
    """A clock, and what the countdown of it needs.

    word:       what ends it.
    closed:     how much of the time till it is due, or since, is in pauses or outside working
                hours.
    resumes_at: when working hours begin again, or the pause ends; None: it runs. What is late
                stands still too.
    """

    clock: Clock
    word: str
    closed: timedelta = timedelta()
    resumes_at: datetime | None = None

    @property
    def is_prospects(self) -> bool:
        """Whether it was promised to the prospect, not by a rep or reviewer to the team."""
        return self.clock.kind == Target.Kind.FIRST_RESPONSE

    @property
    def late(self) -> str:
        """What is said of it once it is over."""
        return PROSPECT_WAITS if self.is_prospects else "missed"


def runs_on(due: Deadline, at: datetime) -> str:
    """Return what goes on while its lead rests, in a sentence.

    "First touch runs on, due Mon 9 Nov, 09:30." in the reader's zone, or "First response is 2h 05m
    late and runs on." in its own time.
    """
    what = due.clock.get_kind_display()
    if due.clock.due_at > at:
        local = timezone.localtime(due.clock.due_at)
        return f"{what} runs on, due {local:%a} {local.day} {local:%b, %H:%M}."
    late = at - due.clock.due_at - due.closed
    minutes = late // timedelta(minutes=1)
    is_working = due.clock.measure == Target.Measure.WORKING
    return f"{what} is {minutes_text(minutes, is_working=is_working)} late and runs on."


def deadlines(clocks: Iterable[Clock], at: datetime) -> list[Deadline]:
    """Return what to show of running clocks at `at`. Their calendars are best fetched with them."""
    clocks = list(clocks)
    still = pauses_of(clocks)
    return [deadline(clock, at, pauses=still.get(clock.pk, ())) for clock in clocks]


def deadline(clock: Clock, at: datetime, *, pauses: Sequence[Stretch]) -> Deadline:
    """Return what to show of a running clock that stands still in `pauses`."""
    word = WORDS[Target.Kind(clock.kind)]
    schedule = schedule_of(clock)
    first, last = sorted([at, clock.due_at])
    counted = stretches.between(first, last, schedule=schedule, pauses=pauses)
    runs_from = next((each.end for each in pauses if each.start <= at < each.end), at)
    is_asked = last == at or runs_from < clock.due_at
    if schedule and is_asked and not schedule.is_open(runs_from):
        runs_from = _next_open(schedule, runs_from)
    resumes_at = runs_from if runs_from > at else None
    return Deadline(clock, word, last - first - counted, resumes_at)


def _next_open(schedule: WorkingTime, at: datetime) -> datetime:
    """Return when `schedule` opens next; `at` itself if it never does, as what is late may find."""
    try:
        return schedule.next_open(at)
    except NoWorkingTime:
        return at
