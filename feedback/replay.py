"""What criteria would have done with a lead: when would it have been handed over? Pure.

Both sides of a backtest are replayed by the same function, so that the comparison is like with
like. A lead is judged as the pipeline does it: when something happens or becomes known, when its
band changes by the passing of days, when a rest is over, when sales is done with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from leads.bulk_evidence import History
from leads.evidence import Evidence
from leads.openings import Opening, missing_fields, opening_after_rest, opening_of
from leads.score_changes import next_change
from leads.scoring_rules import Criteria
from leads.standing import Standing


@dataclass(frozen=True, slots=True)
class PastHandoff:
    """A handoff that a lead really had.

    free_at:     when the lead could be handed over again; None if sales still has it.
    rests_until: the day before which its score opens nothing; None if no rest was agreed on.
    """

    opened_at: datetime
    closed_at: datetime | None
    free_at: datetime | None
    rests_until: date | None = None


@dataclass(frozen=True, slots=True)
class WouldOpen:
    """A handoff that would have opened at `at`.

    sent_at: when it would have gone to sales; None if a required field stayed unknown, or the
             stages asked for more till the end.
    """

    at: datetime
    path: str
    key: str
    sent_at: datetime | None


# Whether the stages let a lead on that a handoff opens for, its band then, on what is known.
LetsOn = Callable[[WouldOpen, str, Evidence], bool]


@dataclass(frozen=True, slots=True)
class Turn:
    """A time in which a lead is nobody's in sales. is_new: it has to be judged at once."""

    starts_at: datetime
    since: datetime | None
    rests_until: date | None
    is_new: bool

    def is_resting(self, at: datetime) -> bool:
        return self.rests_until is not None and self.rests_until > at.date()

    def is_rested(self, at: datetime) -> bool:
        return self.rests_until is not None and not self.is_resting(at)

    @property
    def wakes_at(self) -> datetime | None:
        return _midnight(self.rests_until) if self.rests_until else None


def replay(
    history: History,
    past: Sequence[PastHandoff],
    criteria: Criteria,
    *,
    start: datetime,
    end: datetime,
    watches_days: bool,
    lets_on: LetsOn,
    seen: dict[datetime, Standing] | None = None,
) -> list[WouldOpen]:
    """Return the handoffs that `criteria` would have opened after `start` and before `end`.

    past: what the lead really had, oldest first. What opened before `start` counts as it was;
          after that, a handoff that would have opened ends when the next real one did, and if
          there is none, it is taken to be open still.
    watches_days: what `may_open_by_decay` says of `criteria`, worked out once for many leads.
    seen:         where the lead stood when, kept for another replay of the same history.
    """
    walk = _Walk(history, criteria, end, watches_days, lets_on, {} if seen is None else seen)
    turn = _turn_at(past, start)
    found: list[WouldOpen] = []
    while turn is not None:
        opened = walk.first_opening(turn)
        if opened is None:
            break
        turn = _turn_after(past, opened.at)
        found.append(walk.with_sending(opened, until=turn.starts_at if turn else end))
    return found


def may_open_by_decay(criteria: Criteria) -> bool:
    """Whether the passing of days alone may put a lead that was judged where a handoff opens."""
    opens = criteria.bands.opens_at
    is_closed_upward = all(
        band[0] + better in opens for band in opens for better in "123" if better < band[1]
    )
    rules_out_for_a_time = any(compiled.changes_with_time for _, compiled in criteria.disqualifying)
    return rules_out_for_a_time or not is_closed_upward or not criteria.only_falls


@dataclass(frozen=True)
class _Walk:
    """One lead's history under criteria, up to `end`."""

    history: History
    criteria: Criteria
    end: datetime
    watches_days: bool
    lets_on: LetsOn
    seen: dict[datetime, Standing]

    def first_opening(self, turn: Turn) -> WouldOpen | None:
        for at in self._instants(turn):
            found = self._opening(turn, at)
            if found is not None and not (found.path == "score" and turn.is_resting(at)):
                return _would_open(found, at)
        return None

    def with_sending(self, opened: WouldOpen, *, until: datetime) -> WouldOpen:
        """Return `opened` with the instant from which on nothing it requires is missing, and the
        stages let the lead on.
        """
        if self._may_be_sent(opened, opened.at):
            return replace(opened, sent_at=opened.at)
        later = sorted(at for at in self.history.news_at if opened.at < at < until)
        sent_at = next((at for at in later if self._may_be_sent(opened, at)), None)
        return replace(opened, sent_at=sent_at)

    def _may_be_sent(self, opened: WouldOpen, at: datetime) -> bool:
        if missing_fields(self.history.facts_at(at), self.criteria, opened.path):
            return False
        return self.lets_on(opened, self._standing(opened.at).band, self.history.at(at))

    def _instants(self, turn: Turn) -> Iterator[datetime]:
        """Yield when the lead is judged in `turn`, in order."""
        told = self._told(turn)
        at, is_judged = turn.starts_at, turn.is_new
        if turn.is_new and at < self.end:
            yield at
        for then in [*told, self.end]:
            if self._must_watch_days(turn, at, is_judged=is_judged):
                yield from self._changes_of_band(at, then)
            if then < self.end:
                yield then
            at, is_judged = then, True

    def _told(self, turn: Turn) -> list[datetime]:
        """Return when something happened or became known, and when the rest is over."""
        instants = self.history.news_at
        if turn.wakes_at:
            instants |= {turn.wakes_at}
        return sorted(each for each in instants if turn.starts_at < each < self.end)

    def _must_watch_days(self, turn: Turn, at: datetime, *, is_judged: bool) -> bool:
        """Whether a change of band by itself may open a handoff before the next thing happens.

        Where points only fall, it may only if something would open one now and was never asked.
        """
        return self.watches_days or (not is_judged and self._opening(turn, at) is not None)

    def _opening(self, turn: Turn, at: datetime) -> Opening | None:
        find = opening_after_rest if turn.is_rested(at) else opening_of
        return find(self._standing(at), turn.since)

    def _standing(self, at: datetime) -> Standing:
        known = self.seen.get(at)
        if known is None:
            known = self.seen[at] = self._new_standing(self.history.at(at))
        return known if known.criteria is self.criteria else known.under(self.criteria)

    def _new_standing(self, evidence: Evidence) -> Standing:
        before = next(reversed(self.seen.values()), None)
        if before is None or before.criteria is not self.criteria:
            return Standing(evidence, self.criteria)
        return before.on(evidence)

    def _changes_of_band(self, at: datetime, until: datetime) -> Iterator[datetime]:
        while True:
            day = next_change(self._standing(at))
            if day is None or _midnight(day) >= until:
                return
            at = _midnight(day)
            yield at


def _would_open(found: Opening, at: datetime) -> WouldOpen:
    return WouldOpen(at, found.path, found.key, None)


def _turn_at(past: Sequence[PastHandoff], start: datetime) -> Turn | None:
    """Return the turn that `start` lies in, or the next one; None if there is none."""
    before = [each for each in past if each.opened_at < start]
    if not before:
        return Turn(start, None, None, is_new=False)
    last = before[-1]
    if last.free_at is None or last.free_at > start:
        return _turn_from(last)
    return Turn(start, last.closed_at, last.rests_until, is_new=False)


def _turn_after(past: Sequence[PastHandoff], at: datetime) -> Turn | None:
    """Return the turn that begins when what was open at `at` really ended."""
    ended = (each for each in past if each.closed_at is None or each.closed_at >= at)
    last = next(ended, None)
    return _turn_from(last) if last else None


def _turn_from(last: PastHandoff) -> Turn | None:
    if last.free_at is None:
        return None
    return Turn(last.free_at, last.closed_at, last.rests_until, is_new=True)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
