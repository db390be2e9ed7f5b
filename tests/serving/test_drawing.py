"""Tests of predictions drawn over their image."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from pipeline_tasks.kinds.decoding import Outline
from pipeline_tasks.serving.drawing import colour_of, drawn_over


def pixels_of(drawn: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(drawn)) as image:
        return np.asarray(image).astype(int)


def test_drawn_over__draws_the_sides_of_a_box_and_leaves_its_middle() -> None:
    grey = np.full((120, 200, 3), 128, np.uint8)

    found = pixels_of(drawn_over(grey, [Outline("nut", "nut 0.90", (40, 30, 160, 30, 160, 100, 40, 100))]))

    assert found.shape == grey.shape
    for x, y in ((40, 65), (160, 65), (100, 100)):
        assert np.abs(found[y, x] - colour_of("nut")).max() < 60, (x, y)
    assert np.abs(found[65, 100] - 128).max() < 8


def test_drawn_over__draws_a_line_without_words_and_nothing_beside_it() -> None:
    found = pixels_of(drawn_over(np.full((120, 200, 3), 128, np.uint8), [Outline("arm", "", (40, 60, 160, 60))]))

    assert np.abs(found[60, 100] - colour_of("arm")).max() < 60
    assert np.abs(found[np.r_[0:55, 66:120]] - 128).max() < 8


def test_drawn_over__tints_a_mask() -> None:
    mask = np.zeros((40, 60), bool)
    mask[10:30, 20:40] = True

    found = pixels_of(drawn_over(np.full((40, 60, 3), 255, np.uint8), [Outline("crack", "", mask=mask)]))

    assert found[20, 30].min() < 200
    assert found[35, 50].min() > 240


def test_drawn_over__of_nothing_is_the_image() -> None:
    grey = np.full((30, 30, 3), 99, np.uint8)

    assert np.abs(pixels_of(drawn_over(grey, [])) - 99).max() < 4


def test_drawn_over__keeps_words_of_boxes_at_the_border_inside() -> None:
    """Boxes and words outside the image draw what is inside, and nothing fails."""
    for corners in ((-20, -20, 10, -20, 10, 10, -20, 10), (50, 50, 400, 50, 400, 400, 50, 400)):
        assert pixels_of(
            drawn_over(np.zeros((60, 60, 3), np.uint8), [Outline("Schraube ü 螺栓", "wide words" * 20, corners)])
        ).any()
