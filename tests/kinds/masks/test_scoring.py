"""Tests of the figures of segmenters: against pixels, against pycocotools, through the gate, and at the limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from kinds.masks.masks_by_hand import MODEL, SCORING, Pixels, image_ids, predicted_rows, random_regions, version_rows
from pycocotools import mask as coco_mask

from pipeline_tasks.evaluation.gate import Rule, decide
from pipeline_tasks.evaluation.scorecard import score
from pipeline_tasks.kinds.masks.boundary import boundary, boundary_f
from pipeline_tasks.kinds.masks.matches import MaskMatches
from pipeline_tasks.tables.label_object import PredictedObject
from pipeline_tasks.tables.table import check

RULE = Rule(0.02, 0.95, 300, 1, seed=1)
SIZE = (13, 9)
NAMES = ("crack", "Loch Ø", "裂纹")


def square(x: int, y: int, side: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    pixels = np.zeros((size[1], size[0]), bool)
    pixels[y : y + side, x : x + side] = True
    return pixels


def matches_of(truth: list[Pixels], said: list[Pixels], groups: Any = None, size: tuple[int, int] = SIZE) -> MaskMatches:
    return SCORING.match(predicted_rows(said, size), version_rows(truth, size, groups), MODEL)


def figures(matches: MaskMatches, min_images: int = 1) -> dict[tuple[str, str], float]:
    found = score(SCORING, {MODEL: matches}, min_images=min_images, samples=20, confidence=0.9, seed=1).figures[MODEL]
    return {(one.metric, one.class_name): one.value for one in found}


def by_pixels(truth: list[Pixels], said: list[Pixels]) -> dict[str, float]:
    """IoU of each class that is true somewhere and of the background, over all pixels of all images."""
    nothing = np.zeros((SIZE[1], SIZE[0]), bool)
    sums: dict[str, np.ndarray] = {}
    for true, predicted in zip(truth, said, strict=True):
        outside = [~np.any([nothing, *one.values()], axis=0) for one in (true, predicted)]
        pairs = {name: (true.get(name, nothing), predicted.get(name, nothing)) for name in NAMES} | {"": tuple(outside)}
        for name, (one, other) in pairs.items():
            counts = np.array([(one & other).sum(), (one | other).sum(), one.sum()])
            sums[name] = sums.get(name, np.zeros(3)) + counts
    return {name: both / either for name, (both, either, true) in sums.items() if true}


@pytest.mark.parametrize("block", range(4))
def test_mean_iou__is_that_of_all_pixels_of_each_class_and_of_the_background(block: int) -> None:
    for case in range(block * 50, block * 50 + 50):
        generator = np.random.default_rng(case)
        truth, said = (random_regions(generator, 3, SIZE, NAMES) for _ in range(2))
        wanted = by_pixels(truth, said)

        found = figures(matches_of(truth, said))

        assert found[("miou", "")] == pytest.approx(np.mean(list(wanted.values())), abs=1e-9)
        assert {name: found[("iou", name)] for name in NAMES if name in wanted} == pytest.approx(
            {name: one for name, one in wanted.items() if name}, abs=1e-9
        )
        assert found.get(("background_iou", ""), 1.0) == pytest.approx(wanted.get("", 1.0), abs=1e-9)


def test_iou_of_one_image__is_that_of_pycocotools() -> None:
    for case in range(200):
        generator = np.random.default_rng(case)
        one, other = (random_regions(generator, 1, SIZE, ["crack"])[0] or {"crack": square(1, 1, 2)} for _ in range(2))
        rles = [coco_mask.encode(np.asfortranarray(some["crack"].astype(np.uint8))) for some in (one, other)]

        assert figures(matches_of([one], [other]))[("iou", "crack")] == pytest.approx(
            coco_mask.iou([rles[0]], [rles[1]], [0])[0, 0]
        )


def test_masks_of_one_class__are_one_region_and_rows_may_come_in_any_order() -> None:
    truth = [{"crack": square(0, 0, 4)}, {}]
    whole = predicted_rows([{"crack": square(0, 0, 4)}, {"crack": square(2, 2, 3)}], SIZE)
    halves = predicted_rows([{"crack": square(0, 0, 4)}, {"crack": square(2, 2, 3)}], SIZE)
    again = pl.concat([halves, halves.with_columns(object_index=pl.col("object_index") + 1)])

    one = SCORING.match(whole, version_rows(truth, SIZE), MODEL)
    other = SCORING.match(again[::-1], version_rows(truth, SIZE)[::-1], MODEL)

    assert figures(one) == figures(other)


def test_intervals__have_the_images_drawn_in_groups() -> None:
    generator = np.random.default_rng(1)
    truth, said = (random_regions(generator, 4, SIZE, NAMES[:1]) for _ in range(2))
    groups, draws = [0, 0, 1, 2], np.array([[2.0, 0, 1], [0, 3, 0]])
    matches = matches_of(truth, said, groups)

    found = SCORING.score(matches, SCORING.basis(matches, 1), draws).draws

    for sample, row in enumerate(draws):
        drawn = [number for number, group in enumerate(matches.groups) for _ in range(int(row[group]))]
        wanted = by_pixels([truth[one] for one in drawn], [said[one] for one in drawn])
        assert found[sample] == pytest.approx(np.mean([*wanted.values()]))


def test_image_scores__are_of_what_is_there_or_was_found_in_the_image() -> None:
    half = {"crack": square(0, 0, 9)}
    everything = {"crack": np.ones((SIZE[1], SIZE[0]), bool)}

    found = SCORING.image_scores(matches_of([{}, half, everything, {}], [{}, half, everything, everything])).tolist()

    assert found == [1.0, 1.0, 1.0, 0.0]


def test_gate__promotes_the_first_model_over_finding_nothing_and_keeps_the_champion_of_a_worse_one() -> None:
    generator = np.random.default_rng(1)
    truth = random_regions(generator, 30, SIZE, NAMES[:2])
    good, bad = matches_of(truth, truth), matches_of(truth, [{} for _ in truth])

    first, worse = decide(SCORING, good, None, RULE), decide(SCORING, bad, good, RULE)

    assert first.why.startswith("Promoted: better than finding nothing in any image. Mean IoU 100.0 % against ")
    assert first.rival_score == pytest.approx(SCORING.score(bad, SCORING.basis(bad, 1), np.ones((1, 30))).value)
    assert not worse.is_promoted
    assert not decide(SCORING, bad, None, RULE).is_promoted


def test_no_mask_and_no_image__have_no_decision() -> None:
    empty, none = matches_of([{}, {}], [{}, {}]), matches_of([], [])

    assert decide(SCORING, empty, None, RULE).why == "Not promoted: no class has at least 1 test images with a mask of it."
    assert not decide(SCORING, none, None, RULE).is_promoted
    assert SCORING.image_scores(none).tolist() == []
    assert figures(empty)[("image_miou", "")] == 1.0


def test_boundary_f__is_the_share_of_pixels_near_the_other_boundary() -> None:
    big = (200, 200)
    one = square(50, 50, 60, big)

    assert boundary_f(one, one) == 1.0
    assert boundary_f(one, square(52, 50, 60, big)) == 1.0, "2 pixels are within 0.75 % of the diagonal"
    assert boundary_f(one, square(70, 70, 60, big)) == pytest.approx(_slow(one, square(70, 70, 60, big)))
    assert boundary_f(one, square(0, 0, 0, big)) == 0.0
    assert boundary_f(square(0, 0, 0, big), square(0, 0, 0, big)) is None
    assert boundary_f(np.ones((9, 9), bool), np.ones((9, 9), bool)) is None, "the border of the image is no boundary"


def _slow(one: np.ndarray, other: np.ndarray) -> float:
    """The same from all pairs of boundary pixels."""
    mine, theirs = (np.argwhere(boundary(some)) for some in (one, other))
    near = np.hypot(*(mine[:, None] - theirs[None]).transpose(2, 0, 1)) <= 0.0075 * np.hypot(*one.shape)
    precision, recall = near.any(axis=1).mean(), near.any(axis=0).mean()
    return float(2 * precision * recall / (precision + recall))


def test_boundaries__count_0_for_a_class_that_only_one_side_has() -> None:
    truth, said = [{"crack": square(2, 2, 4)}, {"crack": square(2, 2, 4)}, {}], [{"crack": square(2, 2, 4)}, {}, {}]

    assert figures(matches_of(truth, said))[("boundary_f1", "crack")] == 0.5


def test_prediction_rows__are_rows_of_their_table_also_without_any_mask() -> None:
    rows = check(PredictedObject, predicted_rows([{"crack": square(0, 0, 2)}, {}], SIZE))

    assert rows.select("image_id", "class_name", "width_px", "height_px").rows() == [(image_ids(2)[0], "crack", 13.0, 9.0)]
    assert check(PredictedObject, predicted_rows([{}, {}], SIZE)).height == 0
    assert SCORING.main_predictions(rows.with_columns(written_in=pl.lit("2026-11-21"))).height == 1
