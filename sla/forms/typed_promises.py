"""Promises as people type them: a line of parts for each kind, and what is wrong with a part."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta

from django.core.exceptions import ValidationError

from leads.percents import PERCENT
from sla.lengths import DAY, HOUR, MINUTE, between_touches, over_touches
from sla.models import Pause, Target
from sla.models.promises import (
    CADENCE,
    HIGHEST_LEVEL,
    MOST_AT_WORK,
    MOST_BY_THE_WALL,
    ONCE_LATE,
    STARTS,
)
from sla.typed_lengths import read_length

PARTS = (
    *("touches", "allowed", "measure", "starts", "channels", "goes_on"),
    *(*Pause.Kind.values, *Target.Action.values, "urgent"),
)
# What is blank unless somebody types or ticks it, without the length itself.
OPTIONAL = tuple(part for part in PARTS if part not in ("allowed", "measure", "starts"))
COUNT = re.compile(r"\d{1,3}", re.ASCII)
SHARE = re.compile(r"\d{1,4}", re.ASCII)
# Which part is at fault where the model refuses a promise.
PART_OF_RULE = {
    "target_allows_some_time": "allowed",
    "target_is_due_within_a_year": "allowed",
    "target_cadence_has_touches": "touches",
    "target_goes_on_if_due_once": "goes_on",
    "target_is_urgent_at_a_step": "urgent",
    "target_starts_where_it_can": "starts",
}
PART_OF_SENTENCE = {
    ONCE_LATE: Target.Action.REASSIGN.value,
    **{
        rule.violation_error_message: PART_OF_RULE[rule.name]
        for rule in Target._meta.constraints
        if rule.name in PART_OF_RULE
    },
}
Typed = Mapping[str, Mapping[str, str]]
Problems = dict[str, list[str]]


def read_target(kind: Target.Kind, typed: Mapping[str, str]) -> Target:
    """Return what was typed of one promise. Raises ValidationError in words, by the part of the
    line that is at fault.
    """
    problems: Problems = {}
    target = Target(
        kind=kind.value,
        measure=typed["measure"] or Target.Measure.WORKING.value,
        starts=typed["starts"] if typed["starts"] != STARTS[kind][0] else "",
        goes_on=bool(typed["goes_on"]),
        pauses=[pause for pause in Pause.Kind.values if typed[pause]],
    )
    with _noting(problems, "touches"):
        target.touches = read_count(typed["touches"]) if typed["touches"] else None
        if kind == Target.Kind.FOLLOW_UP and (target.touches or 0) < 2:
            raise ValidationError(CADENCE)
    with _noting(problems, "channels"):
        target.channels = read_count(typed["channels"] or "1")
    with _noting(problems, "allowed"):
        length = _read_allowed(typed["allowed"], target)
        is_cadence = kind == Target.Kind.FOLLOW_UP and target.touches and not problems
        target.allowed = between_touches(target.touches or 0, length) if is_cadence else length
    ladder = read_ladder(typed, problems)
    target.levels, target.actions = list(ladder), list(ladder.values())
    with _noting(problems, "urgent"):
        target.urgent = read_shares(typed["urgent"])
    if not problems:
        problems = _refused(target)
    if problems:
        raise ValidationError(problems)
    return target


@contextmanager
def _noting(problems: Problems, part: str) -> Iterator[None]:
    """Note what is refused meanwhile as a problem of `part`, and go on."""
    try:
        yield
    except ValidationError as error:
        problems.setdefault(part, []).extend(error.messages)


def _refused(target: Target) -> Problems:
    """Return by part what the model refuses of a promise."""
    problems: Problems = {}
    try:
        target.full_clean(exclude=["policy"])
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            for message in messages:
                part = PART_OF_SENTENCE.get(message, name)
                problems.setdefault(part if part in PARTS else "allowed", []).append(message)
    return problems


def _read_allowed(text: str, target: Target) -> timedelta:
    """Return within how long something is to be done, of a cadence over how long all of it."""
    by_the_wall = target.measure == Target.Measure.WALL
    most = MOST_BY_THE_WALL if by_the_wall else MOST_AT_WORK
    return read_length(text, most=most, in_days=by_the_wall)


def read_count(text: str) -> int:
    if not COUNT.fullmatch(text):
        raise ValidationError(f"“{text}” is no number such as 5.")
    return int(text)


def read_ladder(typed: Mapping[str, str], problems: Problems) -> dict[int, str]:
    """Return what is to be done by the percent at which it is, in order; note what is wrong with
    the shares of a step among `problems`.
    """
    ladder: dict[int, str] = {}
    for action in Target.Action:
        with _noting(problems, action.value):
            shares = read_shares(typed[action])
            if shares != sorted(shares):
                raise ValidationError(
                    f"“{typed[action]}” is out of order: the first share comes first."
                )
            for share in shares:
                if share in ladder:
                    raise ValidationError(
                        f"Only one step is done at {share}{PERCENT}: there are two."
                    )
                ladder[share] = action.value
    return dict(sorted(ladder.items()))


def read_shares(text: str) -> list[int]:
    parts = [part.strip(" %") for part in text.split(",") if part.strip(" %")]
    if wrong := next((part for part in parts if not SHARE.fullmatch(part)), None):
        raise ValidationError(f"“{wrong}” is no share in percent, such as 80.")
    shares = [int(part) for part in parts]
    if any(not 1 <= share <= HIGHEST_LEVEL for share in shares):
        raise ValidationError(f"“{text}”: shares are from 1 to {HIGHEST_LEVEL} percent.")
    return shares


def as_typed(targets: Sequence[Target]) -> Typed:
    """Return promises as somebody would type them."""
    return {
        target.kind: {
            "allowed": allowed_typed(target),
            "measure": target.measure,
            "starts": target.start,
            "urgent": ", ".join(map(str, target.urgent)),
            "touches": str(target.touches or ""),
            "channels": str(target.channels) if target.touches else "",
            "goes_on": "on" if target.goes_on else "",
            **{pause: "on" if pause in target.pauses else "" for pause in Pause.Kind.values},
            **{action: shares_typed(target, action) for action in Target.Action.values},
        }
        for target in targets
    }


def shares_typed(target: Target, action: str) -> str:
    return ", ".join(str(percent) for percent, done in target.steps if done == action)


def allowed_typed(target: Target) -> str:
    """Return within how long, of a cadence over how long all of it: "8 days" of wall time, "4 h"
    for whole hours, else minutes.
    """
    touches, length = target.touches, target.allowed
    length = over_touches(touches, length) if touches else length
    if length >= 2 * DAY and not length % DAY and target.measure == Target.Measure.WALL:
        return f"{length // DAY} days"
    is_hours = length and not length % HOUR
    return f"{length // HOUR} h" if is_hours else f"{length // MINUTE} min"


def unsaved(target: Target) -> Target:
    """Return the same promise as a new row, of no policy yet."""
    target.pk, target._state.adding = None, True
    return target
