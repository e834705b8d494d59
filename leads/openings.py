"""What opens a handoff: a hand-raise, enough depth of intent, or the score. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from leads.activity_series import ActivityRecord, Series, count_of, latest_of, series_of
from leads.conditions import Evidence
from leads.facts import FACTS
from leads.operators import NORMALISE
from leads.scoring_rules import Criteria, DepthRule, HandRaise, Intent
from leads.standing import Standing

QUALIFYING, WAKE = "sql", "wake"
STRONGEST_FIRST: tuple[Intent, ...] = ("high", "meaningful", "supportive")


@dataclass(frozen=True, slots=True)
class Opening:
    """Why a handoff opens.

    path:        "hand_raise", "score", or "wake" for a rest that is over.
    key, label:  the hand-raise or depth rule; for the score its band.
    activity_at: the latest activity that speaks for it; None for a score without any activity.
    asked_at:    when the prospect asked for a person; None for depth and score, where nobody did.
    """

    path: str
    key: str
    label: str
    activity_at: datetime | None
    asked_at: datetime | None = None


def opening(
    facts: Mapping[str, object],
    activities: Sequence[ActivityRecord],
    criteria: Criteria,
    at: datetime,
    since: datetime | None,
) -> Opening | None:
    """Return what opens a handoff at `at`, the latest hand-raise before depth before the score.

    since: when the last handoff closed; only what happened after it can open another. None if
           there was none: then a score may open without any activity.
    None if nothing opens, or a disqualifier holds.
    """
    return opening_of(Standing(Evidence(facts, series_of(activities, at), at), criteria), since)


def opening_of(standing: Standing, since: datetime | None) -> Opening | None:
    """Return what `opening` does, from where a lead stands."""
    evidence, criteria = standing.evidence, standing.criteria
    if standing.is_disqualified:
        return None
    raised = [*_hand_raises(evidence, criteria, since)]
    if raised:
        return max(raised, key=_activity_at)
    deep = [*_depths(evidence, criteria, since)]
    return max(deep, key=_activity_at) if deep else _by_score(standing, since)


def opening_after_rest(standing: Standing, since: datetime | None) -> Opening | None:
    """Return what opens a handoff once the rest agreed on at `since` is over: what happened after
    it; else, by the wake date, what stood before. That was answered then: nobody asks anew.
    """
    found = opening_of(standing, since)
    if found is not None:
        return found
    before = opening_of(standing, None)
    if before is None:
        return None
    return Opening(WAKE, before.key, f"Rest is over: {before.label}", before.activity_at)


def missing_fields(facts: Mapping[str, object], criteria: Criteria, path: str) -> list[str]:
    """Return the names of the facts that `path` requires and that are not known.

    What any handoff requires is asked when it opens, not once more to qualify ("sql").
    """
    paths = (path,) if path == QUALIFYING else (path, "any")
    required = (each.fact for each in criteria.required_fields if each.path in paths)
    registry = {**FACTS, **criteria.extra_facts}
    return [
        name
        for name in dict.fromkeys(required)
        if NORMALISE[registry[name].type](facts.get(name)) is None
    ]


def _activity_at(found: Opening) -> datetime:
    if found.activity_at is None:
        raise ValueError("A hand-raise always has an activity.")
    return found.activity_at


def _hand_raises(
    evidence: Evidence, criteria: Criteria, since: datetime | None
) -> Iterator[Opening]:
    for rule in criteria.hand_raises:
        if rule.kind not in evidence.by_kind:
            continue
        found = evidence.done(rule.kind, rule.where, days=rule.window_days)
        if found and count_of(found) >= rule.times:
            yield from _if_new(rule, found, since)


def _depths(evidence: Evidence, criteria: Criteria, since: datetime | None) -> Iterator[Opening]:
    if not any(_may_be_deep_enough(rule, evidence, criteria) for rule in criteria.depth_rules):
        return
    intents = acts_by_intent(evidence, criteria)
    for rule in criteria.depth_rules:
        recent = acts_within(rule, intents, evidence.day)
        if is_deep_enough(rule, recent):
            yield from _if_new(rule, _serving(rule, recent), since)


def _if_new(
    rule: HandRaise | DepthRule, found: Sequence[Series], since: datetime | None
) -> Iterator[Opening]:
    latest = latest_of(found)
    if since is None or (latest is not None and latest > since):
        asked_at = latest if isinstance(rule, HandRaise) else None
        yield Opening("hand_raise", rule.key, rule.label, latest, asked_at)


def acts_by_intent(evidence: Evidence, criteria: Criteria) -> dict[Intent, list[Series]]:
    """Return what happened by intent; each activity once, at the strongest intent it shows."""
    found: dict[Intent, list[Series]] = {intent: [] for intent in STRONGEST_FIRST}
    seen: set[int] = set()
    for intent in STRONGEST_FIRST:
        for signal in criteria.signals:
            if signal.intent == intent:
                for each in evidence.done(signal.kind, signal.where):
                    if id(each) not in seen:
                        seen.add(id(each))
                        found[intent].append(each)
    return found


def _may_be_deep_enough(rule: DepthRule, evidence: Evidence, criteria: Criteria) -> bool:
    """Whether there is enough of the kinds that the needs of a rule are served by: cheaply asked,
    and true of nearly no lead.
    """
    left_over, by_kind = 0, evidence.by_kind
    for intent, needed in zip(STRONGEST_FIRST, needs_of(rule), strict=True):
        kinds = criteria.kinds_of_intent[intent] & by_kind.keys()
        left_over += sum([count_of(by_kind[kind]) for kind in kinds]) - needed
        if left_over < 0:
            return False
    return True


def acts_within(
    rule: DepthRule, acts: Mapping[Intent, Sequence[Series]], day: int
) -> dict[Intent, list[Series]]:
    """Return what of `acts` lies within the rule's window on `day`."""
    first = day - rule.window_days
    return {
        intent: [recent for each in found if (recent := each.within(first, day))]
        for intent, found in acts.items()
    }


def is_deep_enough(rule: DepthRule, found: Mapping[Intent, Sequence[Series]]) -> bool:
    """Whether each need is served by activities of its own, the strong ones left over helping."""
    left_over = 0
    for intent, needed in zip(STRONGEST_FIRST, needs_of(rule), strict=True):
        left_over += count_of(found[intent]) - needed
        if left_over < 0:
            return False
    return True


def needs_of(rule: DepthRule) -> tuple[int, int, int]:
    return rule.high, rule.meaningful, rule.supportive


def _serving(rule: DepthRule, found: Mapping[Intent, Sequence[Series]]) -> list[Series]:
    """Return the activities strong enough for the weakest need of the rule."""
    weakest = max(place for place, needed in enumerate(needs_of(rule)) if needed)
    return [each for intent in STRONGEST_FIRST[: weakest + 1] for each in found[intent]]


def _by_score(standing: Standing, since: datetime | None) -> Opening | None:
    criteria = standing.criteria
    if standing.fit_grade not in criteria.fit_grades_that_open:
        return None
    band = standing.band
    if band not in criteria.bands.opens_at:
        return None
    latest = latest_of(standing.evidence.series)
    if since is not None and (latest is None or latest <= since):
        return None
    return Opening("score", band, f"Score {band}", latest)
