"""Running clocks as a page shows them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sla.calendars import working_time_of
from sla.models import Clock, Target

PROSPECT_WAITS = "prospect waits"
WORDS = {
    Target.Kind.PASSED: "to be passed on",
    Target.Kind.RECEIVED: "to open",
    Target.Kind.QUALIFIED: "to qualify",
    Target.Kind.ACCEPT: "to accept",
    Target.Kind.FIRST_TOUCH: "first touch",
    Target.Kind.FIRST_RESPONSE: PROSPECT_WAITS,
    Target.Kind.REVIEW: "to review",
}


@dataclass(frozen=True, slots=True)
class Deadline:
    """A clock, and what the countdown of it needs.

    word:       what ends it.
    closed:     how much of the time till it is due is outside working hours.
    resumes_at: when working hours begin again; None: they are on, or it runs by the wall.
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


def deadline(clock: Clock, at: datetime) -> Deadline:
    """Return what to show of a running clock at `at`. Its calendars are best fetched with it."""
    word = WORDS[Target.Kind(clock.kind)]
    if clock.calendar is None or clock.due_at <= at:
        return Deadline(clock, word)
    hours = working_time_of(clock.calendar, clock.within)
    closed = clock.due_at - at - hours.between(at, clock.due_at)
    resumes_at = None if hours.is_open(at) else hours.next_open(at)
    return Deadline(clock, word, closed, resumes_at)
