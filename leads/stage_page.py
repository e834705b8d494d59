"""What the page of the stages shows: the figures laid over the drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leads.models import Stage
from leads.stage_drawing import Arrow, Box, Drawing, draw
from leads.stage_map import Move, StageFigures, StageMap


@dataclass(frozen=True, slots=True)
class Flow:
    """The drawing with the stage that each box is, and the move that each arrow is."""

    drawing: Drawing
    boxes: Sequence[tuple[Box, StageFigures]]
    arrows: Sequence[tuple[Arrow, Move]]


def flow(found: StageMap) -> Flow:
    """Return the flow through the stages; Disqualified stands beside it, in words."""
    figures = {
        each.stage.key: each for each in found.stages if each.stage.key != Stage.Key.DISQUALIFIED
    }
    moves = {(each.origin, each.target): each for each in found.moves}
    drawing = draw(list(figures), list(moves))
    return Flow(
        drawing,
        [(box, figures[box.key]) for box in drawing.boxes],
        [(arrow, moves[arrow.origin, arrow.target]) for arrow in drawing.arrows],
    )


def other_moves(found: StageMap) -> list[tuple[str, str, Move]]:
    """Return the moves to and from Disqualified, each with the labels of its two stages."""
    labels = {each.stage.key: each.stage.label for each in found.stages}
    return [
        (labels.get(each.origin, each.origin), labels.get(each.target, each.target), each)
        for each in found.moves
        if Stage.Key.DISQUALIFIED in (each.origin, each.target)
    ]
