"""What would move a lead to another band: the passing of days, or one thing more."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from leads.activity_series import ActivityRecord, series_of
from leads.condition_words import shown
from leads.conditions import Condition, Evidence
from leads.decay import LONGEST_WINDOW_DAYS
from leads.facts import ACTIVITY_KINDS, Fact, FactType
from leads.scoring_rules import Criteria, Signal
from leads.standing import Standing

FORECAST_DAYS = 180
LOWEST_READINESS = "3"


def next_band_change(
    facts: Mapping[str, object],
    activities: Sequence[ActivityRecord],
    criteria: Criteria,
    at: datetime,
) -> date | None:
    """Return the next UTC day whose band differs from that at `at` if nothing more happens.

    None if it stays for good. Where days can both give and take, no more than 180 are looked
    ahead: if the band stays for these and may change later, the last of them is returned, to look
    again on it.
    """
    return next_change(Standing(Evidence(facts, series_of(activities, at), at), criteria))


def next_change(now: Standing) -> date | None:
    """Return what `next_band_change` does, from where a lead stands."""
    falls, band = now.criteria.only_falls, now.band
    if falls and band[1] == LOWEST_READINESS:
        return None
    still_change = _days_that_change(now)

    def has_changed(days: int) -> bool:
        return now.band_after(days) != band

    if falls:
        ahead = range(1, still_change + 1)
        place = bisect_left(ahead, True, key=has_changed)
        days = ahead[place] if place < len(ahead) else None
    else:
        days = next(filter(has_changed, range(1, FORECAST_DAYS + 1)), None)
        if days is None and (now.criteria.rules_change_with_time or still_change > FORECAST_DAYS):
            days = FORECAST_DAYS
    return now.evidence.at.astimezone(UTC).date() + timedelta(days=days) if days else None


def _days_that_change(now: Standing) -> int:
    """Return how many days it takes until no activity counts any more; 0 if none counts."""
    ends = (
        each.last_day + (each.signal.window_days or LONGEST_WINDOW_DAYS) + 1
        for each in now.tallies.values()
    )
    return max(0, max(ends, default=0) - now.evidence.day)


@dataclass(frozen=True, slots=True)
class Flip:
    """One single change that puts the lead in another band.

    Either `activity` has happened as well, or the fact named `fact`, unknown now, is `value`.
    """

    key: str
    label: str
    band: str
    activity: ActivityRecord | None = None
    fact: str = ""
    value: object = None

    def applied_to(
        self, facts: Mapping[str, object], activities: Sequence[ActivityRecord]
    ) -> tuple[Mapping[str, object], Sequence[ActivityRecord]]:
        """Return facts and activities with the change made."""
        if self.activity:
            return facts, (*activities, self.activity)
        return {**facts, self.fact: self.value}, activities


def nearest_flips(
    facts: Mapping[str, object],
    activities: Sequence[ActivityRecord],
    criteria: Criteria,
    at: datetime,
    *,
    limit: int = 3,
) -> list[Flip]:
    """Return the single changes that `flips_of` does, from what is known."""
    standing = Standing(Evidence(facts, series_of(activities, at), at), criteria)
    return flips_of(standing, limit=limit)


def flips_of(now: Standing, *, limit: int = 3) -> list[Flip]:
    """Return up to `limit` single changes that flip the band, each tried out.

    Changes to a better band come first, then those that move the fewest points; no signal or
    fact is named twice.
    """
    found = [*_signal_flips(now), *_fact_flips(now)]
    nearest: dict[str, Flip] = {}
    for _, flip in sorted(found, key=lambda each: each[0]):
        nearest.setdefault(flip.key, flip)
    return list(nearest.values())[:limit]


Nearness = tuple[bool, int]


def _nearness(now: Standing, then: Standing) -> Nearness:
    is_worse = then.fit_grade > now.fit_grade or then.band[1] > now.band[1]
    return is_worse, abs(then.fit - now.fit) + abs(then.readiness - now.readiness)


def _signal_flips(now: Standing) -> Iterator[tuple[Nearness, Flip]]:
    for signal in now.criteria.signals:
        activity = ActivityRecord(signal.kind, signal.where, now.evidence.at)
        then = now.with_activity(activity)
        if then.band != now.band:
            label = f"One more: {_name(signal)}"
            yield _nearness(now, then), Flip(signal.key, label, then.band, activity=activity)


def _name(signal: Signal) -> str:
    kind = ACTIVITY_KINDS.get(signal.kind)
    return signal.label or (kind.label if kind else signal.kind)


def _fact_flips(now: Standing) -> Iterator[tuple[Nearness, Flip]]:
    for condition in _unanswered(now):
        fact = condition.fact
        for value in values_that_answer(condition, now.evidence.at):
            then = now.with_fact(fact.name, value)
            if then.band != now.band:
                label = f"If {fact.label} {_outcome(condition, value)}"
                flip = Flip(fact.name, label, then.band, fact=fact.name, value=value)
                yield _nearness(now, then), flip


def _outcome(condition: Condition, value: object) -> str:
    if condition.operator.key == "is_known":
        return "becomes known"
    return f"turns out to be {shown(condition.fact, value)}"


def _unanswered(now: Standing) -> Iterator[Condition]:
    for _, compiled in (*now.criteria.fit, *now.criteria.modifying):
        for condition in compiled.conditions:
            is_fact = not condition.fact.is_behaviour
            if is_fact and condition.read(now.evidence) is None:
                yield condition


def values_that_answer(condition: Condition, at: datetime) -> list[object]:
    """Return values by which the condition would hold, where they can be named."""
    fact, value = condition.fact, condition.value
    match condition.operator.key, value:
        case (("is" | "at_least" | "at_most" | "contains" | "starts_with" | "domain_is"), _):
            return [value]
        case "is_any_of", [*values]:
            return values
        case "between", [low, _]:
            return [low]
        case ("is_true" | "is_false") as key, _:
            return [key == "is_true"]
        case (("contains_any" | "contains_all"), [*values]):
            return [values]
        case "is_known", _:
            return _any_values(fact, at)
        case (("is_not" | "is_none_of" | "contains_none"), _):
            return [each for each in _any_values(fact, at) if _holds(condition, each, at)]
        case (("before" | "after"), str(day)):
            step = timedelta(days=-1 if condition.operator.key == "before" else 1)
            return [(date.fromisoformat(day[:10]) + step).isoformat()]
        case (("within_days" | "within_next_days"), _):
            return [at.astimezone(UTC).date().isoformat()]
    return []


def _any_values(fact: Fact, at: datetime) -> list[object]:
    """Return what a fact of this type may turn out to be: every choice, or one value for all."""
    if fact.type is FactType.CHOICE:
        return [value for value, _ in fact.choices]
    of_type: dict[FactType, list[object]] = {
        FactType.BOOLEAN: [True, False],
        FactType.NUMBER: [0],
        FactType.LIST: [[]],
        FactType.DATE: [at.astimezone(UTC).date().isoformat()],
    }
    return of_type.get(fact.type, ["something else"])


def _holds(condition: Condition, value: object, at: datetime) -> bool:
    return condition.check(Evidence({condition.fact.name: value}, (), at)) is True
