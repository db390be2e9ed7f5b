"""Tests of the figures of objects with masks: against pycocotools, through the gate, and at the limits; and their report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from kinds.masks.given_masks import painted
from kinds.masks.masks_by_hand import MODEL, OBJECT, image_ids
from kinds.matching.as_pycocotools import evaluated
from kinds.no_score import assert_nothing_has_no_score

from pipeline_tasks.evaluation.gate import Rule, decide
from pipeline_tasks.evaluation.scorecard import score
from pipeline_tasks.kinds.masks.instance_matches import InstanceMatches
from pipeline_tasks.kinds.masks.instance_reporting import instance_reporting
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.masks.mask_kind import MaskKind
from pipeline_tasks.kinds.name_changes import NameChanges
from pipeline_tasks.kinds.reporting import Bars, Evaluated, ImageCards, Paragraph, Section

SCORING, RULE = MaskKind((), is_instance=True).scoring, Rule(0.02, 0.95, 300, 1, seed=1)
SIZE = (150, 120)
NAMES = ("Loch Ø", "crack", "裂纹")
ORDER = ("ap", "ap_50", "ap_75", "ap_small", "ap_medium", "ap_large", "ar_1", "ar_10", "ar", "ar_small", "ar_medium", "ar_large")
Masks = Sequence[Sequence[Mask]]


def block(name: str, x: int, y: int, width: int, height: int, confidence: float | None = None) -> Mask:
    pixels = np.zeros((SIZE[1], SIZE[0]), bool)
    pixels[y : y + height, x : x + width] = True
    return replace(painted(name, pixels), confidence=confidence)


def version_rows(truth: Masks) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "image_id": image_ids(len(truth)),
            "split_group_id": [f"{number:064}" for number in range(len(truth))],
            "objects": [
                [{"object_index": at, "class_name": one.class_name, "mask_rle": one.rle} for at, one in enumerate(masks)]
                for masks in truth
            ],
            "width_px": [SIZE[0]] * len(truth),
            "height_px": [SIZE[1]] * len(truth),
            "split": ["test"] * len(truth),
        },
        schema_overrides={"objects": pl.List(OBJECT), "image_id": pl.String, "split_group_id": pl.String},
    )


def predicted_rows(said: Masks) -> pl.DataFrame:
    return SCORING.prediction_rows(MODEL, image_ids(len(said)), said)


def matches_of(truth: Masks, said: Masks) -> InstanceMatches:
    return SCORING.match(predicted_rows(said), version_rows(truth), MODEL)


def figures(matches: InstanceMatches, min_images: int = 1) -> dict[tuple[str, str], float]:
    found = SCORING.figures(matches, SCORING.basis(matches, min_images), np.ones((1, matches.group_count)), 0.9)
    return {(one.metric, one.class_name): one.value for one in found if not np.isnan(one.value)}


def random_masks(generator: np.random.Generator) -> tuple[list[Mask], list[Mask]]:
    """Ellipses of all sizes that may overlap, and predictions that are near, twice there, or of nothing."""
    true, said = [], []
    for name in NAMES:
        for _ in range(int(generator.integers(0, 5)) if generator.random() < 0.8 else 0):
            place = generator.random(2) * SIZE
            radii = np.exp(generator.normal(2.8, 0.8, 2))
            true.append(ellipse(name, place, radii))
            for _ in range(int(generator.choice(3, p=[0.2, 0.6, 0.2]))):
                moved = place + generator.normal(0, 0.12, 2) * radii
                said.append(ellipse(name, moved, radii * np.exp(generator.normal(0, 0.1, 2)), generator))
        for _ in range(int(generator.integers(0, 3))):
            said.append(ellipse(name, generator.random(2) * SIZE, np.exp(generator.normal(2.8, 0.8, 2)), generator))
    return true, [said[at] for at in generator.permutation(len(said))]


def ellipse(name: str, place: np.ndarray, radii: np.ndarray, generator: np.random.Generator | None = None) -> Mask:
    place = np.clip(place, 0, np.array(SIZE) - 1)
    x, y = np.arange(SIZE[0]) - place[0], np.arange(SIZE[1]) - place[1]
    pixels = (x[None] / radii[0]) ** 2 + (y[:, None] / radii[1]) ** 2 <= 1
    pixels[int(place[1]), int(place[0])] = True
    # Rounded, so that predictions of one image and of several are equally sure.
    return replace(painted(name, pixels), confidence=None if generator is None else round(generator.random(), 2))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
def test_figures__equal_the_twelve_of_pycocotools_on_200_cases(part: int) -> None:
    for case in range(part * 100, part * 100 + 100):
        generator = np.random.default_rng([case, 4])
        truth, said = zip(*(random_masks(generator) for _ in range(int(generator.integers(1, 4)))), strict=True)
        wanted = as_coco(truth, said)

        found = figures(matches_of(truth, said))

        stats = dict(zip(ORDER, wanted.stats.tolist(), strict=True))
        assert {name: found.get((name, ""), -1.0) for name in ORDER} == pytest.approx(stats, abs=1e-6)
        by_class = wanted.eval["precision"][..., 0, 2].mean(axis=(0, 1)).tolist()
        assert [found.get(("ap", name), -1.0) for name in NAMES] == pytest.approx(by_class, abs=1e-6)


def as_coco(truth: Masks, said: Masks) -> Any:
    numbers = {name: at + 1 for at, name in enumerate(NAMES)}
    true: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    for image, (masks, predictions) in enumerate(zip(truth, said, strict=True), start=1):
        for one in masks:
            more = {"id": len(true) + 1, "iscrowd": 0, "area": float(one.area_px), "bbox": list(one.box_px)}
            true.append({"image_id": image, "category_id": numbers[one.class_name], "segmentation": in_coco(one)} | more)
        for one in predictions:
            about = {"image_id": image, "category_id": numbers[one.class_name], "score": one.confidence}
            found.append(about | {"segmentation": in_coco(one)})
    return evaluated("segm", true, found, len(truth), len(NAMES), size_px=SIZE)


def in_coco(one: Mask) -> dict[str, Any]:
    return {"size": [one.size_px[1], one.size_px[0]], "counts": one.rle}


def test_gate__promotes_the_first_model_over_mean_boxes_and_holds_a_worse_one() -> None:
    generator = np.random.default_rng(1)
    truth, said = zip(*(random_masks(generator) for _ in range(30)), strict=True)
    good, bad = matches_of(truth, said), matches_of(truth, [[]] * 30)

    first, worse = decide(SCORING, good, None, RULE), decide(SCORING, bad, good, RULE)

    assert first.why.startswith("Promoted: better than always the filled mean box of each class. Average precision ")
    assert not worse.is_promoted
    assert not decide(SCORING, SCORING.baseline(good), None, RULE).is_promoted, "it is not better than itself"


def test_mean_boxes__are_where_the_objects_always_are() -> None:
    truth = [[block("crack", 30, 40, 60, 60)], [block("crack", 30, 40, 60, 60)]]

    assert figures(SCORING.baseline(matches_of(truth, [[], []])))[("ap", "")] == 1.0


def test_objects_of_one_class__are_apart_and_may_overlap() -> None:
    truth = [[block("crack", 10, 10, 40, 40), block("crack", 30, 10, 40, 40)]]
    both = [replace(one, confidence=0.8) for one in truth[0]]
    together = [block("crack", 10, 10, 60, 40, 0.9)]

    assert figures(matches_of(truth, [both]))[("ap", "")] == 1.0
    assert figures(matches_of(truth, [together]))[("ap", "")] == pytest.approx(0.4 * 51 / 101), "one of two, at overlaps up to .65"


def test_old_names_and_rare_classes__count_as_for_boxes() -> None:
    truth = [[block("crack", 10, 10, 40, 40)], [block("crack", 10, 10, 40, 40), block("裂纹", 90, 90, 9, 9)]]
    said = predicted_rows([[block("scratch", 10, 10, 40, 40, 0.7)]] * 2)

    found = replace(SCORING, changes=NameChanges((("scratch", "crack"),))).match(said, version_rows(truth), MODEL)

    assert (SCORING.basis(found, 2).counted, SCORING.basis(found, 2).left_out) == (("crack",), ("裂纹",))
    assert figures(found, 2)[("ap", "")] == 1.0


def test_no_object_and_no_image__have_no_score() -> None:
    assert_nothing_has_no_score(SCORING, matches_of, RULE)


@pytest.mark.slow
def test_a_thousand_objects_in_an_image__are_scored() -> None:
    many = [block("crack", 3 * (number % 50), 6 * (number // 50), 2, 5) for number in range(1000)]
    sure = [replace(one, confidence=1 - number / 2000) for number, one in enumerate(many)]
    assert figures(matches_of([many], [sure]))[("ar", "")] == pytest.approx(0.1), "of each class the 100 surest count"


def sections_of(truth: Masks, said: Masks) -> dict[str, Section]:
    images, predictions = version_rows(truth), predicted_rows(said)
    matches = SCORING.match(predictions, images, MODEL)
    metrics = score(SCORING, {MODEL: matches}, min_images=1, samples=50, confidence=0.9, seed=1).metric_rows("d", "test")
    evaluated = Evaluated(MODEL, images, metrics, predictions, {})
    return {one.anchor: one for one in instance_reporting(NAMES).sections(evaluated)}


def test_report__tells_errors_by_sort_and_draws_each_object() -> None:
    crack, other = block("crack", 10, 10, 40, 40), block("crack", 100, 10, 40, 40)
    truth = [[crack, other], [crack], [crack]]
    said = [
        [replace(crack, confidence=0.9), replace(other, confidence=0.2)],
        [block("Loch Ø", 10, 10, 40, 40, 0.8)],
        [block("crack", 10, 10, 40, 15, 0.7), replace(other, confidence=0.6)],
    ]
    sections = sections_of(truth, said)

    (first, *_) = (one.text for one in sections["errors"].blocks if isinstance(one, Paragraph))
    missed = "1 missed (1 of them found by a prediction that is too unsure)"
    assert first == f"1 objects in 3 test images are found; {missed}, 1 extra, 1 swapped, 1 badly placed."
    (examples,) = (one for one in sections["examples"].blocks if isinstance(one, ImageCards))
    assert examples.cards[0].drawing is not None
    assert [one.says for one in examples.cards[0].drawing.shapes] == ["crack", "crack", "crack 90%"]
    overall = next(one for one in sections["precision"].blocks if isinstance(one, Bars))
    assert overall.bars[0].name == "AP, mean of 50 to 95 %"
    assert [one.blocks for one in instance_reporting(NAMES).sections(Evaluated(None, None, None, None, {}))] == [(), (), ()]
