"""Tests of the figures of detectors: from tables, against pycocotools, through the gate, and at the limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given as drawn_by
from hypothesis import settings
from hypothesis import strategies as st
from kinds.boxes.boxes_by_hand import MODEL, SCORING, boxes_of, image_ids, predicted_rows, version_rows
from kinds.matching.as_pycocotools import coco_stats, random_scenes
from kinds.no_score import assert_nothing_has_no_score

from pipeline_tasks.evaluation.gate import Rule, decide
from pipeline_tasks.evaluation.scorecard import score
from pipeline_tasks.evaluation.slices import compare_on_slice
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.matches import BoxMatches
from pipeline_tasks.kinds.name_changes import NameChanges
from pipeline_tasks.tables.label_object import PredictedObject
from pipeline_tasks.tables.table import check

RULE = Rule(0.02, 0.95, 300, 1, seed=1)
ORDER = ("ap", "ap_50", "ap_75", "ap_small", "ap_medium", "ap_large", "ar_1", "ar_10", "ar", "ar_small", "ar_medium", "ar_large")
NAMES = {0: "gear", 1: "Schraube Ø 4", 2: "螺母"}


def matches_of(truth: list[list[Box]], predicted: list[list[Box]], groups: Any = None) -> BoxMatches:
    return SCORING.match(predicted_rows(predicted), version_rows(truth, groups), MODEL)


def figures(matches: BoxMatches, draws: int = 50, min_images: int = 1) -> dict[tuple[str, str], float]:
    found = score(SCORING, {MODEL: matches}, min_images=min_images, samples=draws, confidence=0.9, seed=1).figures[MODEL]
    return {(one.metric, one.class_name): one.value for one in found}


@pytest.mark.parametrize("seed", range(8))
def test_figures__from_tables_equal_the_twelve_of_pycocotools_with_names_of_any_script(seed: int) -> None:
    scenes = random_scenes(np.random.default_rng(seed), 6, 3)
    truth, said = ([boxes_of(one, NAMES, is_truth=is_truth) for one in scenes] for is_truth in (True, False))

    found = figures(matches_of(truth, said))

    wanted = dict(zip(ORDER, coco_stats(scenes, 3).stats.tolist(), strict=True))
    assert {name: found.get((name, ""), -1.0) for name in ORDER} == pytest.approx(wanted, abs=1e-9)
    by_class = coco_stats(scenes, 3).eval["precision"][..., 0, 2].mean(axis=(0, 1))
    assert [found.get(("ap", NAMES[number]), -1.0) for number in range(3)] == pytest.approx(by_class.tolist(), abs=1e-9)


def test_figures__have_bounds_around_the_value_that_are_wider_for_images_in_groups() -> None:
    scenes = random_scenes(np.random.default_rng(3), 40, 1)
    truth, said = ([boxes_of(one, NAMES, is_truth=is_truth) for one in scenes] for is_truth in (True, False))

    def bounds(groups: Any) -> tuple[float, float, float]:
        card = score(SCORING, {MODEL: matches_of(truth, said, groups)}, min_images=1, samples=500, confidence=0.9, seed=1)
        one = card.overall(MODEL)["ap"]
        assert one.low is not None
        assert one.high is not None
        return one.low, one.value, one.high

    alone, together = bounds(None), bounds([number // 8 for number in range(40)])
    assert alone[0] < alone[1] < alone[2]
    assert alone[1] == together[1]
    assert alone != together


def test_perfect_boxes__are_not_certain() -> None:
    truth = [[Box("gear", 10, 10, 50, 50)]] * 12
    said = [[Box("gear", 10, 10, 50, 50, confidence=0.9)]] * 12

    one = score(SCORING, {MODEL: matches_of(truth, said)}, min_images=1, samples=100, confidence=0.95, seed=1).overall(MODEL)["ap"]

    assert (one.value, one.high) == (1.0, pytest.approx(1.0))
    assert one.low == pytest.approx(0.757, abs=2e-3), "Wilson's bound of 12 out of 12"


@settings(max_examples=15, deadline=None)
@drawn_by(seed=st.integers(0, 999), data=st.data())
def test_figures__do_not_depend_on_the_order_of_rows(seed: int, data: st.DataObject) -> None:
    scenes = random_scenes(np.random.default_rng(seed), 4, 2, most=4)
    truth, said = ([boxes_of(one, NAMES, is_truth=is_truth) for one in scenes] for is_truth in (True, False))
    rows, images = predicted_rows(said), version_rows(truth)
    shuffled = rows[data.draw(st.permutations(range(rows.height)))] if rows.height else rows

    one = SCORING.match(rows, images, MODEL)
    other = SCORING.match(shuffled, images[data.draw(st.permutations(range(images.height)))], MODEL)

    assert figures(one) == figures(other)
    assert SCORING.image_scores(one).tolist() == SCORING.image_scores(other).tolist()


def test_image_scores__are_of_one_image_and_lower_for_a_sure_box_where_nothing_is() -> None:
    gear, sure, unsure = (
        Box("gear", 0, 0, 20, 20),
        Box("gear", 300, 300, 9, 9, confidence=0.9),
        Box("gear", 5, 5, 9, 9, confidence=0.2),
    )
    right, wrong_class = (Box(name, 0, 0, 20, 20, confidence=0.8) for name in ("gear", "nut"))
    truth = [[gear], [gear], [gear], [gear], [], [], []]
    said = [[right], [], [right, sure], [wrong_class], [], [unsure], [unsure, sure]]

    found = SCORING.image_scores(matches_of(truth, said)).tolist()

    assert found == pytest.approx([1.0, 0.0, 0.5, 0.0, 1.0, 0.8, 0.1])


def test_gate__promotes_the_first_model_over_mean_boxes_and_keeps_the_champion_of_a_worse_one() -> None:
    scenes = random_scenes(np.random.default_rng(1), 60, 2)
    truth = [boxes_of(one, NAMES, is_truth=True) for one in scenes]
    good = matches_of(truth, [boxes_of(one, NAMES, is_truth=False) for one in scenes])
    bad = matches_of(truth, [[]] * 60)

    first, worse = decide(SCORING, good, None, RULE), decide(SCORING, bad, good, RULE)

    assert first.why.startswith("Promoted: better than always the mean box of each class. Average precision ")
    assert first.rival_score is not None
    assert 0 <= first.rival_score < 0.1
    assert not worse.is_promoted
    assert worse.difference == -(first.candidate_score or 0)
    assert not decide(SCORING, SCORING.baseline(good), None, RULE).is_promoted, "it is not better than itself"


def test_mean_boxes__are_where_the_objects_always_are_and_scale_with_the_image() -> None:
    images = version_rows([[Box("gear", 60, 60, 60, 60)], [Box("gear", 120, 120, 120, 120)]])
    images = images.with_columns(pl.Series("width_px", [600, 1200]), pl.Series("height_px", [600, 1200]))

    baseline = SCORING.baseline(SCORING.match(predicted_rows([[], []]), images, MODEL))

    assert figures(baseline)[("ap", "")] == 1.0


def test_slices__compare_the_mean_score_of_images() -> None:
    gear, right = Box("gear", 0, 0, 20, 20), Box("gear", 0, 0, 20, 20, confidence=0.8)

    found = compare_on_slice(
        SCORING, matches_of([[gear]] * 9, [[right]] * 9), matches_of([[gear]] * 9, [[right]] * 6 + [[]] * 3), RULE
    )

    assert (found.candidate, found.champion) == (1.0, pytest.approx(2 / 3))


def test_old_names__of_a_champion_count_by_their_current_names() -> None:
    scoring = replace(SCORING, changes=NameChanges((("nut", "fastener"), ("bolt", "fastener"))))
    rows = predicted_rows([[Box("nut", 0, 0, 9, 9, confidence=0.9), Box("bolt", 30, 30, 9, 9, confidence=0.8)]])

    found = scoring.match(rows, version_rows([[Box("fastener", 0, 0, 9, 9), Box("fastener", 30, 30, 9, 9)]]), MODEL)

    assert found.class_names == ("fastener",)
    assert scoring.score(found, scoring.basis(found, 1), np.ones((1, 1))).value == 1.0


def test_rare_classes__are_left_out_of_the_score_but_have_a_figure_of_their_own() -> None:
    gear, nut = Box("gear", 0, 0, 20, 20), Box("nut", 100, 100, 20, 20)
    right = Box("gear", 0, 0, 20, 20, confidence=0.8)
    matches = matches_of([[gear]] * 4 + [[gear, nut]], [[right]] * 5)

    basis, found = SCORING.basis(matches, 2), figures(matches, min_images=2)

    assert (basis.counted, basis.left_out) == (("gear",), ("nut",))
    assert basis.note == "Left out for having fewer than 2 test images: nut."
    assert (found[("ap", "")], found[("ap", "gear")], found[("ap", "nut")]) == (1.0, 1.0, 0.0)


def test_no_object_and_no_image__have_no_score_and_no_decision() -> None:
    assert_nothing_has_no_score(SCORING, matches_of, RULE)


def test_prediction_rows__are_rows_of_their_table_also_without_any_box() -> None:
    turned = Box("gear", 1, 2, 3, 4, (1.0, 2.0, 4.0, 2.0, 4.0, 6.0, 1.0, 6.0), 0.5)

    rows = check(PredictedObject, predicted_rows([[turned, turned], []]))

    assert rows.select("image_id", "object_index", "class_name").rows() == [(image_ids(2)[0], at, "gear") for at in (0, 1)]
    assert rows["points_px"].to_list()[0] == list(turned.corners_px)
    assert check(PredictedObject, predicted_rows([[], []])).height == 0
    assert SCORING.main_predictions(rows.with_columns(written_in=pl.lit("2026-11-21")))["object_index"].to_list() == [0]


def test_a_thousand_boxes_in_an_image__are_scored() -> None:
    places = [(float(30 * (number % 40)), float(30 * (number // 40))) for number in range(1000)]
    truth = [Box("gear", x, y, 20, 20) for x, y in places]
    said = [Box("gear", x, y, 20, 20, confidence=1 - number / 2000) for number, (x, y) in enumerate(places)]

    found = figures(matches_of([truth], [said]))

    assert found[("ar", "")] == pytest.approx(0.1), "of each class the 100 surest count"
