"""Tests of a detector's sections in the report: figures, errors of each sort, and boxes over thumbnails."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from kinds.boxes.boxes_by_hand import MODEL, SCORING, image_ids, predicted_rows, version_rows
from reports.test_process import DATA

from pipeline_tasks.evaluation.scorecard import score
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.reporting import box_reporting
from pipeline_tasks.kinds.reporting import Bars, Evaluated, Grid, Heading, ImageCards, Paragraph, Section
from pipeline_tasks.reports.kind_sections import drawn

GEAR, NUT = Box("gear", 100, 100, 200, 100), Box("nut <b>", 400, 400, 60, 60)
TRUTH = [[GEAR], [GEAR], [GEAR, NUT], [NUT], []]
SAID = [
    [replace(GEAR, confidence=0.9)],
    [replace(GEAR, x_min_px=220, confidence=0.8)],
    [replace(NUT, class_name="gear", confidence=0.7)],
    [replace(NUT, confidence=0.6), replace(NUT, x_min_px=405, confidence=0.2)],
    [replace(GEAR, confidence=0.95)],
]
REPORTING = box_reporting(("gear", "nut <b>"))


def sections_of(truth: list[list[Box]], said: list[list[Box]]) -> dict[str, Section]:
    images, predictions, scoring = version_rows(truth).with_columns(split=pl.lit("test")), predicted_rows(said), SCORING
    matches = scoring.match(predictions, images, MODEL)
    metrics = score(scoring, {MODEL: matches}, min_images=1, samples=50, confidence=0.9, seed=1).metric_rows("d", "test")
    evaluated = Evaluated(MODEL, images, metrics, predictions, {})
    return {one.anchor: one for one in REPORTING.sections(evaluated)}


def test_errors__are_listed_by_sort_with_the_worst_first() -> None:
    blocks = sections_of(TRUTH, SAID)["errors"].blocks

    said = next(one.text for one in blocks if isinstance(one, Paragraph))
    assert said == "2 objects in 5 test images are found; 1 missed, 1 extra, 1 swapped, 1 badly placed."
    cards = [card for one in blocks if isinstance(one, ImageCards) for card in one.cards]
    assert [card.title for card in cards] == ["gear missed", "gear, not there", "nut <b> → gear", "gear badly placed"]
    assert [card.lines for card in cards] == [
        ("covers 5.6% of the image",),
        ("predicted with 95%",),
        ("predicted with 70%", "overlap 100%"),
        ("predicted with 80%", "overlap 25%"),
    ]
    assert [one.text for one in blocks if isinstance(one, Heading)] == ["Missed", "Extra", "Swapped", "Badly placed"]


def test_errors__say_that_a_missed_object_is_found_by_an_unsure_prediction() -> None:
    unsure = [[replace(GEAR, confidence=0.18)], [replace(NUT, confidence=0.9), replace(GEAR, x_min_px=320, confidence=0.1)]]
    blocks = sections_of([[GEAR], [GEAR, NUT]], unsure)["errors"].blocks

    said = next(one.text for one in blocks if isinstance(one, Paragraph))
    assert said.startswith(
        "1 objects in 2 test images are found; 2 missed (1 of them found by a prediction that is too unsure), 0 extra"
    )
    assert any(isinstance(one, Paragraph) and one.text.startswith("2 objects that no sure prediction is at") for one in blocks)
    cards = [card for one in blocks if isinstance(one, ImageCards) for card in one.cards]
    assert sorted(card.lines for card in cards) == [
        ("covers 5.6% of the image",),
        ("covers 5.6% of the image", "found with only 18% confidence"),
    ]
    drawing = next(card.drawing for card in cards if len(card.lines) == 2)
    assert drawing is not None
    assert [(one.origin, one.says, one.is_marked) for one in drawing.shapes] == [
        ("label", "gear", True),
        ("prediction", "gear 18%", False),
    ]


def test_confusions__have_a_row_and_a_column_for_nothing() -> None:
    (grid,) = (one for one in sections_of(TRUTH, SAID)["errors"].blocks if isinstance(one, Grid))

    assert grid.names == ("gear", "nut <b>", "nothing")
    assert grid.counts == {
        ("gear", "gear"): 2,
        ("gear", "nothing"): 1,
        ("nut <b>", "gear"): 1,
        ("nut <b>", "nut <b>"): 1,
        ("nothing", "gear"): 1,
    }


def test_drawing__has_all_boxes_of_the_image_and_marks_the_error() -> None:
    card = next(
        card
        for one in sections_of(TRUTH, SAID)["errors"].blocks
        if isinstance(one, ImageCards)
        for card in one.cards
        if "→" in card.title
    )

    assert card.image_id == image_ids(5)[2]
    assert card.drawing is not None
    assert [(one.origin, one.says, one.is_marked) for one in card.drawing.shapes] == [
        ("label", "gear", False),
        ("label", "nut <b>", True),
        ("prediction", "gear 70%", True),
    ]
    assert card.drawing.shapes[0].outlines_px == ((100, 100, 300, 100, 300, 200, 100, 200),)


def test_report__draws_boxes_over_the_thumbnail_with_escaped_names() -> None:
    page = str(drawn(sections_of(TRUTH, SAID)["errors"], replace(DATA, thumbnail=lambda _: b"abc")))

    assert '<svg viewBox="0 0 600 600"' in page
    assert 'href="data:image/jpeg;base64,YWJj"' in page
    assert 'd="M400 400 L460 400 L460 460 L400 460 Z"' in page
    assert "label: nut &lt;b&gt;" in page
    assert "<b>" not in page


def test_figures__are_bars_with_bounds_of_the_whole_and_of_each_class() -> None:
    blocks = sections_of(TRUTH, SAID)["precision"].blocks

    overall, by_class, _ = (one for one in blocks if isinstance(one, Bars))
    assert [one.name for one in overall.bars][:3] == ["AP, mean of 50 to 95 %", "AP at 50 %", "AP at 75 %"]
    assert [(one.name, one.note) for one in by_class.bars] == [("gear", "of 3 images"), ("nut <b>", "of 2 images")]
    assert all(one.low is not None for one in overall.bars)


def test_examples__come_in_the_order_of_ids_with_all_their_boxes() -> None:
    (cards,) = (one for one in sections_of(TRUTH, SAID)["examples"].blocks if isinstance(one, ImageCards))

    assert [card.image_id for card in cards.cards] == image_ids(5)
    assert [card.title for card in cards.cards] == ["1 found", "1 badly placed", "1 missed, 1 swapped", "1 found", "1 extra"]


def test_rotated_boxes__are_drawn_as_people_drew_them() -> None:
    turned = (200.0, 100.0, 300.0, 150.0, 200.0, 200.0, 100.0, 150.0)

    (cards,) = (
        one
        for one in sections_of([[GEAR]], [[replace(GEAR, corners_px=turned, confidence=0.9)]])["examples"].blocks
        if isinstance(one, ImageCards)
    )

    assert cards.cards[0].drawing is not None
    assert cards.cards[0].drawing.shapes[1].outlines_px == (turned,)


def test_nothing_wrong_and_nothing_evaluated__are_said() -> None:
    perfect = sections_of([[GEAR]], [[replace(GEAR, confidence=0.9)]])["errors"].blocks
    untested = REPORTING.sections(Evaluated(None, None, None, None, {}))

    assert perfect == (Paragraph("All 1 objects in 1 test images are found, and nothing else.", is_quiet=True),)
    assert [one.blocks for one in untested] == [(), (), ()]
