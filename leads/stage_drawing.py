"""The stages drawn as a flow: boxes in a row, moves on above them, moves back below. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BOX_WIDTH, BOX_HEIGHT, GAP = 132, 64, 44
TOP = 92
ARC_STEP, MARGIN = 26, 8


@dataclass(frozen=True, slots=True)
class Box:
    key: str
    x: int
    y: int
    width: int = BOX_WIDTH
    height: int = BOX_HEIGHT

    @property
    def middle(self) -> int:
        return self.x + self.width // 2

    @property
    def bottom(self) -> int:
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Arrow:
    """From one box to another: an SVG path, and where its label stands."""

    origin: str
    target: str
    path: str
    label_x: int
    label_y: int
    is_back: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    boxes: Sequence[Box]
    arrows: Sequence[Arrow]
    width: int
    height: int


def draw(keys: Sequence[str], pairs: Sequence[tuple[str, str]]) -> Drawing:
    """Return the boxes of the stages `keys` in their order and an arrow for each of `pairs`.

    Neighbours are joined straight; what skips a stage goes over the boxes, what goes back under
    them, the farther the higher or lower.
    """
    boxes = {
        key: Box(key, MARGIN + place * (BOX_WIDTH + GAP), TOP) for place, key in enumerate(keys)
    }
    order = {key: place for place, key in enumerate(keys)}
    drawn = [pair for pair in pairs if set(pair) <= set(order)]
    arrows = [_arrow(boxes[a], boxes[b], order[b] - order[a]) for a, b in drawn]
    lowest = max((_depth(order[a] - order[b]) for a, b in drawn if order[a] > order[b]), default=0)
    width = 2 * MARGIN + len(keys) * BOX_WIDTH + (len(keys) - 1) * GAP
    return Drawing(list(boxes.values()), arrows, width, TOP + BOX_HEIGHT + lowest + 2 * MARGIN)


def _depth(steps: int) -> int:
    return ARC_STEP // 2 + ARC_STEP * steps // 2


def _arrow(origin: Box, target: Box, steps: int) -> Arrow:
    if steps == 1:
        return _straight(origin, target)
    return _over(origin, target, steps) if steps > 0 else _under(origin, target, -steps)


def _straight(origin: Box, target: Box) -> Arrow:
    start, end, y = origin.x + origin.width, target.x, origin.y + origin.height // 2
    path = f"M{start} {y}H{end - 2}"
    return Arrow(origin.key, target.key, path, (start + end) // 2, y - 6, False)


def _over(origin: Box, target: Box, steps: int) -> Arrow:
    start, end, top = origin.middle + 14, target.middle - 14, origin.y
    peak = top - _depth(steps)
    path = f"M{start} {top}C{start} {peak} {end} {peak} {end} {top - 2}"
    return Arrow(origin.key, target.key, path, (start + end) // 2, _crest(top, peak) - 4, False)


def _under(origin: Box, target: Box, steps: int) -> Arrow:
    start, end, bottom = origin.middle - 14, target.middle + 14, origin.bottom
    deepest = bottom + _depth(steps)
    path = f"M{start} {bottom}C{start} {deepest} {end} {deepest} {end} {bottom + 2}"
    label_y = _crest(bottom, deepest) + 13
    return Arrow(origin.key, target.key, path, (start + end) // 2, label_y, True)


def _crest(level: int, handle: int) -> int:
    """Where a curve is farthest from `level` whose handles both lie at `handle`."""
    return level + (handle - level) * 3 // 4
