"""What can be told from the rules alone: doubled, shadowed and contradictory ones."""

from collections.abc import Iterator, Mapping
from itertools import combinations, permutations

from leads.activity_series import has_properties
from leads.condition_logic import can_hold, exclude, group_implies, imply
from leads.evidence import Evidence
from leads.facts import ACTIVITY_KINDS
from leads.linting.checked import Checked, Finding, Ruled
from leads.openings import needs_of
from leads.scoring_rules import DepthRule, HandRaise, Signal

COUNTS_TWICE, SHADOWED, CONTRADICTORY = (
    "criteria.counts_twice",
    "criteria.shadowed",
    "criteria.contradictory",
)


def counts_twice(checked: Checked) -> Iterator[Finding]:
    capped = {limit.group for limit in checked.criteria.group_caps}
    for first, second in combinations(checked.criteria.signals, 2):
        if first.group == second.group and first.group in capped:
            continue  # what both give together is limited already
        if first.kind == second.kind and _can_both_match(first.where, second.where):
            yield from _doubled_signals(checked, first, second)
    for earlier, later in combinations(checked.criteria.hand_raises, 2):
        if _is_same_act(earlier, later):
            yield Finding(
                COUNTS_TWICE,
                later.label,
                f"“{later.label}” and “{earlier.label}” are raised by the same activity.",
                later.key,
                "hand-raises",
            )


def _doubled_signals(checked: Checked, first: Signal, second: Signal) -> Iterator[Finding]:
    """Yield a finding if one activity surely counts for both, or in the sample did."""
    leads = tuple(
        lead_id for lead_id, evidence in checked.sample if _both_match(first, second, evidence)
    )
    if not leads and not _is_within(first.where, second.where):
        return
    kind = ACTIVITY_KINDS.get(first.kind)
    name = kind.label.lower() if kind else first.kind
    yield Finding(
        COUNTS_TWICE,
        second.label,
        f"One {name} can count for “{first.label}” and for “{second.label}”, up to "
        f"{first.points + second.points} points.",
        second.key,
        "signals",
        leads,
        len(leads),
    )


def _both_match(first: Signal, second: Signal, evidence: Evidence) -> bool:
    found = evidence.done(first.kind, first.where)
    return any(has_properties(each.properties, second.where) for each in found)


def _can_both_match(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Whether no property is asked to have two different values."""
    return all(_text(one[name]) == _text(other[name]) for name in one.keys() & other.keys())


def _is_within(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    """Whether what matches one filter always matches the other; they don't contradict."""
    return one.keys() <= other.keys() or other.keys() <= one.keys()


def _text(value: object) -> object:
    return value.strip().casefold() if isinstance(value, str) else value


def _same_filter(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    return one.keys() == other.keys() and _can_both_match(one, other)


def _is_same_act(one: HandRaise, other: HandRaise) -> bool:
    return (
        one.kind == other.kind
        and one.times == other.times == 1
        and _same_filter(one.where, other.where)
    )


def shadowed(checked: Checked) -> Iterator[Finding]:
    yield from _shadowed_disqualifiers(checked)
    yield from _never_earned(checked)
    yield from _asked_twice(checked.fit_rules)
    yield from _asked_twice(checked.modifiers)
    yield from _idle_groups(checked)
    yield from _shadowed_hand_raises(checked)
    yield from _shadowed_depth_rules(checked)


def _shadowed_disqualifiers(checked: Checked) -> Iterator[Finding]:
    """Of two that rule out the same leads, the later one is idle."""
    for earlier, later in combinations(checked.disqualifiers, 2):
        if imply(later.groups, earlier.groups):
            yield _idle(later, f"whoever it rules out, “{earlier.row.label}” does too")
        elif imply(earlier.groups, later.groups):
            yield _idle(earlier, f"whoever it rules out, “{later.row.label}” does too")


def _never_earned(checked: Checked) -> Iterator[Finding]:
    """Points for leads that are all ruled out anyway."""
    for ruled in [*checked.fit_rules, *checked.modifiers]:
        for disqualifier in checked.disqualifiers:
            if imply(ruled.groups, disqualifier.groups):
                reason = f"“{disqualifier.row.label}” rules out every lead that it holds for"
                yield _idle(ruled, reason)
                break


def _asked_twice(rules: list[Ruled]) -> Iterator[Finding]:
    for earlier, later in combinations(rules, 2):
        if imply(later.groups, earlier.groups) and imply(earlier.groups, later.groups):
            yield _idle(later, f"“{earlier.row.label}” asks for the same; put the points together")


def _idle_groups(checked: Checked) -> Iterator[Finding]:
    """Of two groups of a rule that hold alike, the later one is idle."""
    for ruled in checked.ruled:
        groups = list(enumerate(ruled.groups, 1))
        for (place, one), (place_of_other, other) in permutations(groups, 2):
            is_first_of_equals = place < place_of_other and group_implies(other, one)
            if can_hold(one) and group_implies(one, other) and not is_first_of_equals:
                yield _idle(ruled, f"its group {place} only holds where another group does")


def _idle(ruled: Ruled, reason: str) -> Finding:
    return Finding(
        SHADOWED,
        ruled.row.label,
        f"“{ruled.row.label}” changes nothing: {reason}.",
        ruled.row.key,
        ruled.table,
    )


def _shadowed_hand_raises(checked: Checked) -> Iterator[Finding]:
    """The one that stands first is named where both are raised by the same activities."""
    for earlier, later in combinations(checked.criteria.hand_raises, 2):
        if not _is_same_act(earlier, later) and _raises_with(earlier, later):
            yield Finding(
                SHADOWED,
                later.label,
                f"“{later.label}” never opens a handoff: “{earlier.label}” stands above it and is"
                " raised whenever it is.",
                later.key,
                "hand-raises",
            )


def _raises_with(earlier: HandRaise, later: HandRaise) -> bool:
    """Whether `earlier` is raised whenever `later` is, and by no older an activity."""
    is_wider = earlier.where.keys() <= later.where.keys() and _can_both_match(
        earlier.where, later.where
    )
    is_longer = earlier.window_days is None or (
        later.window_days is not None and earlier.window_days >= later.window_days
    )
    return earlier.kind == later.kind and is_wider and is_longer and earlier.times <= later.times


def _shadowed_depth_rules(checked: Checked) -> Iterator[Finding]:
    for earlier, later in combinations(checked.criteria.depth_rules, 2):
        if _is_deep_with(earlier, later):
            yield Finding(
                SHADOWED,
                later.label,
                f"“{later.label}” never opens a handoff: “{earlier.label}” stands above it and"
                " asks for no more, within no less time.",
                later.key,
                "depth",
            )


def _is_deep_with(earlier: DepthRule, later: DepthRule) -> bool:
    """Whether `earlier` holds whenever `later` does, and by no older an activity."""
    asks_no_more = all(
        less <= more for less, more in zip(_sums(earlier), _sums(later), strict=True)
    )
    is_longer = earlier.window_days >= later.window_days
    return asks_no_more and is_longer and _weakest(earlier) >= _weakest(later)


def _sums(rule: DepthRule) -> tuple[int, int, int]:
    """Return how many activities at least as strong as each intent a rule needs."""
    high, meaningful, supportive = needs_of(rule)
    return high, high + meaningful, high + meaningful + supportive


def _weakest(rule: DepthRule) -> int:
    return max((place for place, needed in enumerate(needs_of(rule)) if needed), default=0)


def contradictory(checked: Checked) -> Iterator[Finding]:
    for ruled in checked.ruled:
        broken = [place for place, group in enumerate(ruled.groups, 1) if not can_hold(group)]
        if broken:
            which = "its conditions" if len(ruled.groups) == 1 else f"those of group {broken[0]}"
            yield _never_holds(ruled, f"{which} can never hold together")
    required = [each for each in checked.fit_rules if each.is_required]
    for first, second in combinations(required, 2):
        if exclude(first.groups, second.groups):
            yield _never_holds(
                second,
                f"“{first.row.label}” is required too, and no lead can meet both: every lead"
                " stays at C",
            )
    for ruled in required:
        for disqualifier in checked.disqualifiers:
            if imply(ruled.groups, disqualifier.groups):
                reason = f"it is required, and “{disqualifier.row.label}” rules out who meets it"
                yield _never_holds(ruled, reason)


def _never_holds(ruled: Ruled, reason: str) -> Finding:
    return Finding(
        CONTRADICTORY,
        ruled.row.label,
        f"“{ruled.row.label}” contradicts itself or another rule: {reason}.",
        ruled.row.key,
        ruled.table,
    )
