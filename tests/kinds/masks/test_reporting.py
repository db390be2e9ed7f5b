"""Tests of a segmenter's sections in the report."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from kinds.masks.masks_by_hand import MODEL, SCORING, image_ids, predicted_rows, version_rows
from reports.test_process import DATA

from pipeline_tasks.evaluation.scorecard import score
from pipeline_tasks.kinds.compared_objects import Compared, Drawn
from pipeline_tasks.kinds.masks.reporting import mask_reporting
from pipeline_tasks.kinds.matching.errors import MISSED, Outcome
from pipeline_tasks.kinds.reporting import Bars, Evaluated, ImageCards, Section
from pipeline_tasks.reports.kind_sections import drawn

SIZE = (80, 60)


def block(x: int, y: int, width: int, height: int) -> np.ndarray:
    pixels = np.zeros((SIZE[1], SIZE[0]), bool)
    pixels[y : y + height, x : x + width] = True
    return pixels


def sections() -> dict[str, Section]:
    crack, hole = block(10, 10, 20, 20), block(50, 10, 20, 20) & ~block(55, 15, 5, 5)
    truth = [{"crack": crack}, {"crack": crack}, {"hole": hole}, {"hole": hole}, {}]
    said = [{"crack": crack}, {"hole": crack}, {"hole": block(50, 10, 20, 5)}, {}, {"crack": crack}]
    images, predictions, scoring = version_rows(truth, SIZE), predicted_rows(said, SIZE), SCORING
    matches = scoring.match(predictions, images, MODEL)
    metrics = score(scoring, {MODEL: matches}, min_images=1, samples=20, confidence=0.9, seed=1).metric_rows("d", "test")
    evaluated = Evaluated(MODEL, images, metrics, predictions, {})
    return {one.anchor: one for one in mask_reporting(("crack", "hole")).sections(evaluated)}


def test_errors__are_listed_by_sort_and_drawn_over_the_image() -> None:
    found = sections()["errors"]
    cards = [card for one in found.blocks if isinstance(one, ImageCards) for card in one.cards]
    page = str(drawn(found, replace(DATA, thumbnail=lambda _: b"abc")))

    assert [card.title for card in cards] == ["hole missed", "crack, not there", "crack → hole", "hole badly placed"]
    assert [card.lines for card in cards] == [
        ("covers 7.8% of the image",),
        ("covers 8.3% of the image",),
        ("covers 8.3% of the image", "overlap 100%"),
        ("covers 2.1% of the image", "overlap 27%"),
    ], "a region has no confidence"
    assert "the largest come first" in page
    assert "surest come first" not in page
    assert '<svg viewBox="0 0 80 60"' in page
    assert 'class="shape label marked filled"' in page


def test_drawing__has_the_holes_of_a_region() -> None:
    (cards,) = (one for one in sections()["examples"].blocks if isinstance(one, ImageCards))

    drawing = cards.cards[3].drawing
    assert [card.image_id for card in cards.cards] == image_ids(5)
    assert drawing is not None
    assert len(drawing.shapes[0].outlines_px) == 2


def test_figures__are_bars_of_the_whole_and_of_each_class() -> None:
    overall, by_class, _ = (one for one in sections()["overlap"].blocks if isinstance(one, Bars))

    assert [one.name for one in overall.bars] == ["mean IoU", "mean IoU of classes", "IoU of background", "F1 of boundaries"]
    assert [(one.name, one.note) for one in by_class.bars] == [("crack", "of 2 images"), ("hole", "of 2 images")]


def test_nothing_evaluated__has_no_blocks() -> None:
    assert [one.blocks for one in mask_reporting(("crack",)).sections(Evaluated(None, None, None, None, {}))] == [(), (), ()]


def test_drawing__fills_only_the_error_so_that_fills_do_not_hide_each_other() -> None:
    square = ((0.0, 0.0, 4.0, 0.0, 4.0, 4.0),)
    image = Compared("a", (9.0, 9.0), (Drawn("x", None, square, 8, True),) * 2, (), (Outcome(MISSED, None, 1),))

    assert [one.is_filled for one in image.drawing(image.outcomes[0]).shapes] == [False, True]
    assert [one.is_filled for one in image.drawing().shapes] == [True, True]


def test_weight__of_a_region_without_confidence_is_its_wrong_share_of_the_image() -> None:
    large, small = (Drawn("x", None, (), area) for area in (40.0, 20.0))
    image = Compared("a", (10.0, 10.0), (large,), (large, small), ())

    assert image.weight(Outcome("extra", 0, None)) == 0.4
    assert image.weight(Outcome("badly placed", 1, 0, 0.25)) == pytest.approx(0.15)
    assert image.weight(Outcome(MISSED, None, 0)) == 0.4
    assert not image.has_confidence
