"""Tests of the report's sections of keypoints: figures, errors of each sort, and points over thumbnails."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from kinds.keypoints.test_scoring import HAND, SCORING, shifted
from kinds.keypoints.things_by_hand import KIND, MODEL, Things, predicted_rows, version_rows
from reports.test_process import DATA

from pipeline_tasks.evaluation.scorecard import score
from pipeline_tasks.kinds.keypoints.skeleton import Point, Skeleton
from pipeline_tasks.kinds.reporting import Bars, Evaluated, Grid, ImageCards, Paragraph, Section
from pipeline_tasks.reports.kind_sections import drawn

FOOT = Skeleton("foot", (Point("heel", 400.0, 400.0), Point("toe", 460.0, 440.0)))
TRUTH = [[HAND], [HAND], [FOOT], [HAND, FOOT], []]
SAID = [
    [replace(HAND, confidence=0.9)],
    [shifted(HAND, 10, confidence=0.8)],
    [Skeleton("hand", (Point("wrist", 400.0, 400.0), Point("thumb", 460.0, 440.0)), confidence=0.7)],
    [replace(FOOT, confidence=0.6), replace(FOOT, confidence=0.2)],
    [replace(HAND, confidence=0.95)],
]


def sections_of(truth: Things, said: Things) -> dict[str, Section]:
    images, predictions = version_rows(truth), predicted_rows(said)
    matches = SCORING.match(predictions, images, MODEL)
    metrics = score(SCORING, {MODEL: matches}, min_images=1, samples=50, confidence=0.9, seed=1).metric_rows("d", "test")
    return {one.anchor: one for one in KIND.reporting.sections(Evaluated(MODEL, images, metrics, predictions, {}))}


def test_errors__are_told_by_sort_with_their_likeness() -> None:
    blocks = sections_of(TRUTH, SAID)["errors"].blocks

    said = next(one.text for one in blocks if isinstance(one, Paragraph))
    assert said == "2 objects in 5 test images are found; 1 missed, 1 extra, 1 swapped, 1 badly placed."
    cards = [card for one in blocks if isinstance(one, ImageCards) for card in one.cards]
    assert [card.title for card in cards] == ["hand missed", "hand, not there", "foot → hand", "hand badly placed"]
    assert cards[2].lines == ("predicted with 70%", "overlap 100%"), "things of two classes have different points"
    assert cards[3].lines[1].startswith("OKS ")
    (grid,) = (one for one in blocks if isinstance(one, Grid))
    assert grid.counts[("foot", "hand")] == 1


def test_drawing__has_points_and_the_lines_between_those_that_are_there() -> None:
    hidden = replace(HAND.points[1], is_visible=False)
    unsure = Skeleton("hand", (HAND.points[0], hidden, HAND.points[2]), confidence=0.9)
    (cards,) = (one for one in sections_of([[HAND]], [[unsure]])["examples"].blocks if isinstance(one, ImageCards))

    assert cards.cards[0].drawing is not None
    shapes = cards.cards[0].drawing.shapes
    label, prediction = (
        {one.says: one.outlines_px for one in shapes if one.origin == origin} for origin in ("label", "prediction")
    )
    first, second, third = (point.name for point in HAND.points)
    points = [((x - 5, 120.0, x, 115.0, x + 5, 120.0, x, 125.0),) for x in (100.0, 140.0, 180.0)]
    assert label == {
        f"hand: {first}": points[0],
        f"hand: {second}": points[1],
        f"hand: {third}": points[2],
        f"hand: {first} to {second}": ((100.0, 120.0, 140.0, 120.0),),
    }
    assert prediction == {f"hand 90%: {first}": points[0], f"hand 90%: {third}": points[2]}, "points that are there, and no line"


def test_report__draws_the_things_over_the_thumbnail_with_figures_by_class() -> None:
    sections = sections_of(TRUTH, SAID)
    page = str(drawn(sections["errors"], replace(DATA, thumbnail=lambda _: b"abc")))

    assert '<svg viewBox="0 0 600 600"' in page
    assert 'd="M100 120 L140 120"' in page, "a line is not closed: its way back would fill the gaps between dashes"
    assert 'd="M95 120 L100 115 L105 120 L100 125 Z' in page
    overall, by_class, _ = (one for one in sections["precision"].blocks if isinstance(one, Bars))
    assert [one.name for one in overall.bars][:3] == ["AP, mean of 50 to 95 %", "AP at 50 %", "AP at 75 %"]
    assert [(one.name, one.note) for one in by_class.bars] == [("foot", "of 2 images"), ("hand", "of 3 images")]


def test_nothing_evaluated__has_no_blocks() -> None:
    empty = Evaluated(None, None, None, None, {})

    assert [one.blocks for one in KIND.reporting.sections(empty)] == [(), (), ()]
    assert pl.DataFrame(version_rows([])).height == 0
