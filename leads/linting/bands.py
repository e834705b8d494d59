"""Thresholds that nobody can reach, lines between bands that change nothing, dead ends."""

from collections.abc import Iterator, Sequence
from math import inf

from leads.condition_logic import can_hold, exclude
from leads.linting.checked import Checked, Finding, Ruled
from leads.scoring_rules import Signal
from leads.standing import Standing

OUT_OF_REACH, NO_CONSEQUENCE, NO_EXIT = (
    "criteria.threshold_out_of_reach",
    "criteria.band_without_consequence",
    "criteria.stage_without_exit",
)


def threshold_out_of_reach(checked: Checked) -> Iterator[Finding]:
    bands = checked.criteria.bands
    fit, readiness = most_fit(checked), most_readiness(checked)
    for name, label, threshold, most in (
        ("fit_a", "Fit A", bands.fit_a, fit),
        ("fit_b", "Fit B", bands.fit_b, fit),
        ("readiness_1", "Readiness 1", bands.readiness_1, readiness),
        ("readiness_2", "Readiness 2", bands.readiness_2, readiness),
    ):
        if most < threshold:
            yield Finding(
                OUT_OF_REACH,
                label,
                f"{label} needs {threshold} points, but no lead can have more than {most:.0f}.",
                name,
                "bands",
            )


def most_fit(checked: Checked) -> float:
    """Return an upper bound of the fit points of a lead that meets all requirements."""
    required = [each for each in checked.fit_rules if each.is_required]
    open_to_all = [
        each
        for each in checked.fit_rules
        if not any(exclude(each.groups, must.groups) for must in required if must is not each)
    ]
    return _most_at_once(open_to_all)


def most_readiness(checked: Checked) -> float:
    """Return an upper bound of the readiness points of a lead, infinite without caps."""
    caps = {limit.group: limit.cap for limit in checked.criteria.group_caps}
    most = dict.fromkeys(caps, 0.0)
    alone = 0.0
    for signal in checked.criteria.signals:
        if signal.group in caps:
            most[signal.group] += _most_of(signal)
        else:
            alone += _most_of(signal)
    grouped = sum(min(points, caps[group]) for group, points in most.items())
    return alone + grouped + _most_at_once(checked.modifiers)


def _most_of(signal: Signal) -> float:
    if signal.points <= 0:
        return 0
    return inf if signal.cap is None else signal.cap


def _most_at_once(rules: Sequence[Ruled]) -> float:
    """Return an upper bound of the points of `rules` that one lead can have. Of rules that all
    exclude one another only the dearest counts.
    """
    apart: list[list[Ruled]] = []
    for rule in sorted(rules, key=lambda each: -_points(each)):
        if _points(rule) <= 0 or not _can_ever_hold(rule):
            continue
        for clique in apart:
            if all(exclude(rule.groups, other.groups) for other in clique):
                clique.append(rule)
                break
        else:
            apart.append([rule])
    return sum(_points(clique[0]) for clique in apart)


def _points(ruled: Ruled) -> int:
    return getattr(ruled.row, "points", 0)


def _can_ever_hold(ruled: Ruled) -> bool:
    return not ruled.groups or any(can_hold(group) for group in ruled.groups)


# Each line between two grades: its threshold, and the grades on its sides.
LINES = (
    ("fit_a", "A", "B", "123"),
    ("fit_b", "B", "C", "123"),
    ("readiness_1", "1", "2", "ABC"),
    ("readiness_2", "2", "3", "ABC"),
)


def band_without_consequence(checked: Checked) -> Iterator[Finding]:
    """Yield each line between two grades that changes the next step at no other grade."""
    if not checked.next_steps:
        return
    bands = {
        lead_id: Standing(evidence, checked.criteria).band for lead_id, evidence in checked.sample
    }
    for name, better, worse, others in LINES:
        pairs = [(_band(better, other), _band(worse, other)) for other in others]
        if any(checked.next_steps[one] != checked.next_steps[two] for one, two in pairs):
            continue
        kind = "Fit" if better in "ABC" else "Readiness"
        between = {band for pair in pairs for band in pair}
        leads = tuple(lead_id for lead_id, band in bands.items() if band in between)
        yield Finding(
            NO_CONSEQUENCE,
            f"{kind} {better} and {worse}",
            f"{kind} {better} and {worse} lead to the same next step, whatever else holds: no path"
            " opens, no routing rule and no policy tells them apart.",
            name,
            "bands",
            leads,
            len(leads),
        )


def _band(one: str, other: str) -> str:
    return one + other if one in "ABC" else other + one


def stage_without_exit(checked: Checked) -> Iterator[Finding]:
    for stage in checked.stages:
        if not stage.has_exit and not stage.is_final:
            yield Finding(
                NO_EXIT,
                stage.label,
                f"The stage “{stage.label}” has neither exit criteria nor a longest stay: a lead"
                " can lie there unseen.",
                stage.key,
                "stages",
            )
