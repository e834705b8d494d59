"""The stages drawn as a flow: boxes in a row, moves on above them, moves back below. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BOX_WIDTH, BOX_HEIGHT, GAP = 148, 64, 60
ARC_STEP, MARGIN = 30, 8


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
    order = {key: place for place, key in enumerate(keys)}
    drawn = [(a, b, order[b] - order[a]) for a, b in pairs if a in order and b in order]
    top = MARGIN + max((_height(steps) for _, _, steps in drawn if steps > 1), default=0)
    below = MARGIN + max((_height(-steps) for _, _, steps in drawn if steps < 0), default=0)
    boxes = {key: Box(key, MARGIN + place * (BOX_WIDTH + GAP), top) for key, place in order.items()}
    arrows = [_arrow(boxes[a], boxes[b], steps) for a, b, steps in drawn]
    width = 2 * MARGIN + len(keys) * BOX_WIDTH + (len(keys) - 1) * GAP
    return Drawing(list(boxes.values()), arrows, width, top + BOX_HEIGHT + below)


def _height(steps: int) -> int:
    """How far the handles of an arc over or under so many steps lie from the boxes."""
    return ARC_STEP + ARC_STEP * steps // 2


def _arrow(origin: Box, target: Box, steps: int) -> Arrow:
    if steps == 1:
        return _straight(origin, target)
    if steps > 0:
        return _arc(origin, target, origin.y, target.y - 2, -_height(steps))
    return _arc(origin, target, origin.bottom, target.bottom + 2, _height(-steps))


def _straight(origin: Box, target: Box) -> Arrow:
    start, end, y = origin.x + origin.width, target.x, origin.y + origin.height // 2
    path = f"M{start} {y}H{end - 2}"
    return Arrow(origin.key, target.key, path, (start + end) // 2, y - 6, False)


def _arc(origin: Box, target: Box, level: int, end_y: int, height: int) -> Arrow:
    """An arc from `level` at `origin`; down, and so a move back, if `height` is positive. Its label
    stands a quarter of the way, where arcs that end together are still apart.
    """
    is_back = height > 0
    aside = -14 if is_back else 14
    start, end, handle = origin.middle + aside, target.middle - aside, level + height
    path = f"M{start} {level}C{start} {handle} {end} {handle} {end} {end_y}"
    label_x = round(start * 27 / 32 + end * 5 / 32)
    label_y = level + round(height * 9 / 16) + (4 if is_back else 3)
    return Arrow(origin.key, target.key, path, label_x, label_y, is_back)
