"""Are criteria fit to be published? Says what is wrong in a marketer's words."""

from collections import Counter
from collections.abc import Iterator

from leads.conditions import validate
from leads.decay import LONGEST_WINDOW_DAYS
from leads.facts import ACTIVITY_KINDS, FACTS
from leads.scoring_rules import (
    Bands,
    Criteria,
    DepthRule,
    Disqualifier,
    FitRule,
    HandRaise,
    Modifier,
    Signal,
)


def criteria_problems(criteria: Criteria) -> list[str]:
    """Return what makes `criteria` unusable, each as a sentence; an empty list if nothing."""
    return [
        *_rules(criteria),
        *(each for signal in criteria.signals for each in _signal(signal)),
        *(each for rule in criteria.hand_raises for each in _hand_raise(rule)),
        *(each for rule in criteria.depth_rules for each in _depth_rule(rule)),
        *_limits(criteria),
        *_bands(criteria.bands),
        *_doubled_keys(criteria),
    ]


def _rules(criteria: Criteria) -> Iterator[str]:
    rules: list[FitRule | Disqualifier | Modifier] = [
        *criteria.fit_rules,
        *criteria.disqualifiers,
        *criteria.modifiers,
    ]
    for rule in rules:
        for message in validate(rule.conditions, extra_facts=criteria.extra_facts):
            yield f"{rule.label}: {message}"


def _signal(signal: Signal) -> Iterator[str]:
    yield from _kind_and_window(signal)
    if signal.decay == "half_life" and (signal.half_life_days or 0) < 1:
        yield f"{signal.label}: a half-life is at least a day."
    if signal.decay == "linear" and signal.window_days is None:
        yield f"{signal.label}: linear decay needs a window to fade over."
    if signal.cap is not None and signal.cap < 0:
        yield f"{signal.label}: a cap is never below 0."


def _hand_raise(rule: HandRaise) -> Iterator[str]:
    yield from _kind_and_window(rule)
    if rule.times < 1:
        yield f"{rule.label}: it must happen at least once."


def _kind_and_window(rule: Signal | HandRaise) -> Iterator[str]:
    if rule.kind not in ACTIVITY_KINDS:
        yield f"{rule.label}: the activity “{rule.kind}” does not exist."
    if rule.window_days is not None and not 1 <= rule.window_days <= LONGEST_WINDOW_DAYS:
        yield f"{rule.label}: a window is 1 to {LONGEST_WINDOW_DAYS:,} days."


def _depth_rule(rule: DepthRule) -> Iterator[str]:
    needs = (rule.high, rule.meaningful, rule.supportive)
    if min(needs) < 0 or not any(needs):
        yield f"{rule.label}: ask for at least one activity, and for none below zero."
    if not 1 <= rule.window_days <= LONGEST_WINDOW_DAYS:
        yield f"{rule.label}: a window is 1 to {LONGEST_WINDOW_DAYS:,} days."


def _limits(criteria: Criteria) -> Iterator[str]:
    for limit in criteria.group_caps:
        if limit.cap < 0:
            yield f"Group {limit.group}: a cap is never below 0."
    for field in criteria.required_fields:
        fact = FACTS.get(field.fact) or criteria.extra_facts.get(field.fact)
        if fact is None:
            yield f"The required field “{field.fact}” does not exist or no longer exists."
        elif fact.is_off:
            yield f"The required field {fact.label} was switched off: no new lead has it."
        elif fact.is_behaviour:
            yield f"{fact.label} can't be a required field: it is counted, not known."


def _bands(bands: Bands) -> Iterator[str]:
    if bands.fit_a <= bands.fit_b:
        yield f"Fit A must need more points than fit B, not {bands.fit_a} against {bands.fit_b}."
    if bands.readiness_1 <= bands.readiness_2:
        yield (
            "Readiness 1 must need more points than readiness 2, "
            f"not {bands.readiness_1} against {bands.readiness_2}."
        )
    for band in sorted(bands.opens_at - FACTS["score.band"].choice_values):
        yield f"The band “{band}” does not exist."


def _doubled_keys(criteria: Criteria) -> Iterator[str]:
    for keys in (
        [rule.key for rule in criteria.fit_rules],
        [rule.key for rule in criteria.disqualifiers],
        [signal.key for signal in criteria.signals],
        [rule.key for rule in criteria.modifiers],
        [
            *(rule.key for rule in criteria.hand_raises),
            *(rule.key for rule in criteria.depth_rules),
        ],
        [item.key for item in criteria.checklist],
    ):
        for key, times in _repeated(keys):
            yield f"The key “{key}” is used {times} times; each rule of a kind needs its own."
    for group, times in _repeated([limit.group for limit in criteria.group_caps]):
        yield f"Group {group} has {times} caps; it needs one."


def _repeated(keys: list[str]) -> list[tuple[str, int]]:
    return [(key, times) for key, times in Counter(keys).items() if times > 1]
