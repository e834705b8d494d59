"""Running clocks as a page shows them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sla import stretches
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
    closed:     how much of the time till it is due is outside working hours, or in pauses.
    resumes_at: when working hours begin again, or the pause ends; None: it runs.
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


def deadlines(clocks: Iterable[Clock], at: datetime) -> list[Deadline]:
    """Return what to show of running clocks at `at`. Their calendars are best fetched with them."""
    clocks = list(clocks)
    still = pauses_of(clocks)
    return [deadline(clock, at, pauses=still.get(clock.pk, ())) for clock in clocks]


def deadline(clock: Clock, at: datetime, *, pauses: Sequence[Stretch]) -> Deadline:
    """Return what to show of a running clock that stands still in `pauses`."""
    word = WORDS[Target.Kind(clock.kind)]
    if clock.due_at <= at:
        return Deadline(clock, word)
    schedule = schedule_of(clock)
    left = stretches.between(at, clock.due_at, schedule=schedule, pauses=pauses)
    runs_from = next((each.end for each in pauses if each.start <= at < each.end), at)
    if schedule and runs_from < clock.due_at and not schedule.is_open(runs_from):
        runs_from = schedule.next_open(runs_from)
    resumes_at = runs_from if runs_from > at else None
    return Deadline(clock, word, clock.due_at - at - left, resumes_at)
