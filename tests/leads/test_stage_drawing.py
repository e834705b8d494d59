"""The drawing of the stages: boxes in a row, arrows between the right ones, all within it."""

import pytest

from leads.stage_drawing import draw

KEYS = ["ml", "mql", "sal", "sql"]


def test_boxes_stand_in_a_row_in_their_order():
    boxes = draw(KEYS, []).boxes
    assert [box.key for box in boxes] == KEYS
    assert all(left.x + left.width < right.x for left, right in zip(boxes, boxes[1:], strict=False))


@pytest.mark.parametrize(
    ("pair", "is_back"),
    [(("ml", "mql"), False), (("ml", "sql"), False), (("sql", "ml"), True), (("sal", "mql"), True)],
)
def test_an_arrow_goes_from_one_to_the_other(pair, is_back):
    drawing = draw(KEYS, [pair])
    (arrow,) = drawing.arrows
    assert ((arrow.origin, arrow.target), arrow.is_back) == (pair, is_back)


def test_everything_lies_within_the_drawing():
    pairs = [(a, b) for a in KEYS for b in KEYS if a != b]
    drawing = draw(KEYS, pairs)
    assert all(0 < arrow.label_x < drawing.width for arrow in drawing.arrows)
    assert all(0 < arrow.label_y < drawing.height for arrow in drawing.arrows)
    assert len({(arrow.label_x, arrow.label_y) for arrow in drawing.arrows}) == len(pairs)


def test_a_stage_that_is_not_drawn_has_no_arrow():
    assert draw(["ml", "mql"], [("ml", "disqualified")]).arrows == []
