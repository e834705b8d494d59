"""Drawings of the criteria page, as plain numbers for SVG attributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leads.decay import WHOLE, shares
from leads.models import Signal

CURVE_DAYS = 90
CURVE_STEPS = 30
CURVE_WIDTH, CURVE_HEIGHT = 72, 22
# The line is 1.5 wide, so it keeps clear of the edges.
TOP, BOTTOM = 1.5, 20.5


@dataclass(frozen=True, slots=True)
class Curve:
    """What is left of a signal's points over 90 days; `line` and `area` are SVG points."""

    words: str
    line: str

    @property
    def area(self) -> str:
        return f"0,{CURVE_HEIGHT} {self.line} {CURVE_WIDTH},{CURVE_HEIGHT}"


def decay_curve(signal: Signal) -> Curve:
    left = shares(signal.decay, signal.half_life_days, signal.window_days)
    points = []
    for step in range(CURVE_STEPS + 1):
        age = step * CURVE_DAYS // CURVE_STEPS
        share = left[age] / WHOLE if age < len(left) else 0
        x, y = step * CURVE_WIDTH / CURVE_STEPS, TOP + (BOTTOM - TOP) * (1 - share)
        points.append(f"{x:g},{y:.4g}")
    return Curve(decay_words(signal), " ".join(points))


def decay_words(signal: Signal) -> str:
    """Return how points fade and when they end, as "halves in 14 d, ends after 90 d"."""
    match signal.decay:
        case Signal.Decay.HALF_LIFE:
            return f"halves in {signal.half_life_days} d, ends after {signal.window_days} d"
        case Signal.Decay.LINEAR:
            return f"fades to nothing over {signal.window_days} d"
    return f"stays whole, ends after {signal.window_days} d"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a bar, in percent of the widest group. is_over: above the group's cap."""

    x: float
    width: float
    css: str


@dataclass(frozen=True, slots=True)
class CapBar:
    """What the signals of a group may give, one beside the other, and where the cap cuts."""

    segments: tuple[Segment, ...]
    cap_at: float | None


def cap_bar(parts: Sequence[int], cap: int | None, widest: int) -> CapBar:
    """Draw the most that each signal gives (`parts`) against the group's `cap`; None is no cap."""
    scale = 100 / max(widest, 1)
    segments, reached = [], 0
    for place, part in enumerate(parts):
        css = "c-bar" if place % 2 == 0 else "c-bar-2"
        segments.append(Segment(round(reached * scale, 2), round(part * scale, 2), css))
        reached += part
    if cap is not None and cap < reached:
        over = Segment(round(cap * scale, 2), round((reached - cap) * scale, 2), "c-over")
        segments.append(over)
    return CapBar(tuple(segments), None if cap is None else round(min(cap, widest) * scale, 2))


@dataclass(frozen=True, slots=True)
class Bin:
    """Scores from `low` up to `high`, with how many leads have one, before and after.

    x and width are in percent of the chart; top and height are those of the bar.
    """

    low: int
    high: int
    before: int
    after: int
    x: float
    width: float
    top: float
    height: float

    @property
    def span(self) -> str:
        return f"{self.low}..{self.high}"


@dataclass(frozen=True, slots=True)
class Histogram:
    """Scores of leads under two versions. `line` are SVG points in a box of 100 by 100."""

    bins: tuple[Bin, ...]
    most: int
    line: str
    marks: tuple[tuple[int, float], ...]
    old_marks: tuple[tuple[int, float], ...]

    @property
    def first(self) -> int:
        return self.bins[0].low

    @property
    def last(self) -> int:
        return self.bins[-1].high


BIN_SIZES = (5, 10, 20, 50, 100)
MOST_BINS = 24


def histogram(
    before: Sequence[int], after: Sequence[int], marks: Sequence[int], old_marks: Sequence[int]
) -> Histogram:
    """Count scores in even bins. marks: the thresholds of the version after, and of that before."""
    everything = [*before, *after, *marks, *old_marks, 0]
    lowest, highest = min(everything), max(everything)
    size = next((s for s in BIN_SIZES if (highest - lowest) / s < MOST_BINS), BIN_SIZES[-1])
    start = lowest // size * size
    number = (highest - start) // size + 1
    old, new = _counts(before, start, size, number), _counts(after, start, size, number)
    most, width = max([*old, *new, 1]), 100 / number
    bins = tuple(
        _bin(start + place * size, size, old[place], new[place], place * width, width, most)
        for place in range(number)
    )
    return Histogram(
        bins,
        most,
        _steps(old, most, width),
        _marks(marks, start, size * number),
        _marks([each for each in old_marks if each not in marks], start, size * number),
    )


def _counts(scores: Sequence[int], start: int, size: int, number: int) -> list[int]:
    counts = [0] * number
    for each in scores:
        counts[(each - start) // size] += 1
    return counts


def _bin(low: int, size: int, before: int, after: int, x: float, width: float, most: int) -> Bin:
    height = after * 100 / most
    return Bin(
        low=low,
        high=low + size - 1,
        before=before,
        after=after,
        x=round(x + width * 0.1, 2),
        width=round(width * 0.8, 2),
        top=round(100 - height, 2),
        height=round(height, 2),
    )


def _steps(counts: Sequence[int], most: int, width: float) -> str:
    points = []
    for place, count in enumerate(counts):
        y = round(100 - count * 100 / most, 2)
        points += [f"{place * width:.4g},{y}", f"{(place + 1) * width:.4g},{y}"]
    return " ".join(points)


def _marks(thresholds: Sequence[int], start: int, span: int) -> tuple[tuple[int, float], ...]:
    return tuple((each, round((each - start) * 100 / span, 2)) for each in thresholds)
