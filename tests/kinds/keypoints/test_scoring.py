"""Tests of the figures of keypoints: against pycocotools, through the gate, and at the limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from kinds.keypoints.things_by_hand import (
    KIND,
    MODEL,
    POINTS,
    SIGMAS,
    Things,
    a_kind,
    image_ids,
    matches_of,
    predicted_rows,
    version_rows,
)
from kinds.matching.as_pycocotools import evaluated
from kinds.no_score import assert_nothing_has_no_score

from pipeline_tasks.evaluation.gate import Rule, decide
from pipeline_tasks.evaluation.scorecard import score
from pipeline_tasks.kinds.keypoints.likeness import areas
from pipeline_tasks.kinds.keypoints.matches import ThingMatches
from pipeline_tasks.kinds.keypoints.skeleton import Point, Skeleton
from pipeline_tasks.kinds.name_changes import NameChanges
from pipeline_tasks.tables.label_object import PredictedObject
from pipeline_tasks.tables.table import check

SCORING, RULE = KIND.scoring, Rule(0.02, 0.95, 300, 1, seed=1)
HAND = Skeleton("hand", tuple(Point(name, 100.0 + 40 * at, 120.0) for at, name in enumerate(POINTS["hand"])))


def figures(matches: ThingMatches, min_images: int = 1) -> dict[tuple[str, str], float]:
    found = SCORING.figures(matches, SCORING.basis(matches, min_images), np.ones((1, matches.group_count)), 0.9)
    return {(one.metric, one.class_name): one.value for one in found if not np.isnan(one.value)}


def random_things(generator: np.random.Generator) -> tuple[list[Skeleton], list[Skeleton]]:
    """True things, some of them without some points, and predictions that are near, of nothing, or twice there."""
    true, said = [], []
    for name, points in POINTS.items():
        for _ in range(int(generator.integers(0, 4))):
            places = generator.random(2) * 400 + generator.random((3, 2)) * np.exp(generator.normal(4.2, 0.6))
            is_placed = generator.random(3) < 0.7
            is_placed[0] = True
            placed = zip(points, places.tolist(), is_placed, strict=True)
            true.append(Skeleton(name, tuple(Point(point, *place) for point, place, there in placed if there)))
            for _ in range(int(generator.integers(0, 3))):
                near = places + generator.normal(0, 4, (3, 2))
                said.append(predicted(name, near, generator))
        if generator.random() < 0.5:
            said.append(predicted(name, generator.random((3, 2)) * 400, generator))
    return true, [said[at] for at in generator.permutation(len(said))]


def predicted(name: str, places: np.ndarray, generator: np.random.Generator) -> Skeleton:
    points = tuple(Point(point, *place) for point, place in zip(POINTS[name], places.tolist(), strict=True))
    return Skeleton(name, points, confidence=round(generator.random(), 2))


@pytest.mark.slow
@pytest.mark.parametrize("block", range(2))
def test_figures__equal_pycocotools_on_200_cases(block: int) -> None:
    for case in range(block * 100, block * 100 + 100):
        generator = np.random.default_rng([case, 9])
        truth, said = zip(*(random_things(generator) for _ in range(int(generator.integers(1, 4)))), strict=True)
        wanted = as_coco(truth, said).eval
        found = figures(matches_of(truth, said))
        names = [name for name in POINTS if any(one.class_name == name for things in truth for one in things)]
        for number, name in enumerate(POINTS):
            if name not in names:
                continue
            precision = wanted["precision"][:, :, number, 0, 0].mean(axis=1)
            assert found[("ap", name)] == pytest.approx(precision.mean(), abs=1e-6)
            assert found[("ap_50", name)] == pytest.approx(precision[0], abs=1e-6)
            assert found[("ar", name)] == pytest.approx(wanted["recall"][:, number, 0, 0].mean(), abs=1e-6)
        for metric in ("ap", "ap_50", "ap_75", "ar"):
            assert (metric, "") in found or not names
        if names:
            assert found[("ap", "")] == pytest.approx(np.mean([found[("ap", name)] for name in names]))


def as_coco(truth: Things, said: Things) -> Any:
    """The same things through pycocotools, with our areas."""
    numbers = {name: at + 1 for at, name in enumerate(POINTS)}
    true: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    for image, (things, predictions) in enumerate(zip(truth, said, strict=True), start=1):
        for one in things:
            more = {"id": len(true) + 1, "iscrowd": 0, "area": float(areas([one])[0]), "num_keypoints": len(one.points)}
            about = {"image_id": image, "category_id": numbers[one.class_name], "bbox": list(one.box_px)}
            true.append(about | {"keypoints": flat(one)} | more)
        for one in predictions:
            about = {"image_id": image, "category_id": numbers[one.class_name], "score": one.confidence}
            found.append(about | {"keypoints": flat(one)})
    return evaluated("keypoints", true, found, len(truth), len(POINTS), SIGMAS)


def flat(one: Skeleton) -> list[float]:
    placed = {point.name: point for point in one.points}
    rows = [(placed[name].x_px, placed[name].y_px, 2) if name in placed else (0, 0, 0) for name in POINTS[one.class_name]]
    return [float(number) for row in rows for number in row]


def test_a_point_that_the_prediction_lacks__counts_as_wrong_and_one_that_the_truth_lacks_not_at_all() -> None:
    two = replace(HAND, points=HAND.points[:2])
    sure = replace(HAND, confidence=0.9)

    assert figures(matches_of([[two]], [[sure]]))[("ap", "")] == 1.0
    assert figures(matches_of([[HAND]], [[replace(two, confidence=0.9)]]))[("ap", "")] == pytest.approx(0.4), "right up to OKS .65"


def test_image_scores__are_of_one_image_and_lower_for_a_sure_thing_where_nothing_is() -> None:
    sure, elsewhere = replace(HAND, confidence=0.9), shifted(HAND, 300, confidence=0.8)

    found = SCORING.image_scores(matches_of([[HAND], [HAND], [], []], [[sure], [elsewhere], [], [elsewhere]])).tolist()

    assert found == pytest.approx([1.0, 0.0, 1.0, 0.2])


def shifted(one: Skeleton, px: float, **changes: Any) -> Skeleton:
    return replace(one, points=tuple(replace(point, x_px=point.x_px + px) for point in one.points), **changes)


def test_gate__promotes_the_first_model_over_mean_skeletons_and_holds_a_worse_one() -> None:
    generator = np.random.default_rng(2)
    truth = [[shifted(HAND, float(generator.integers(0, 300)))] for _ in range(40)]
    good = matches_of(truth, [[replace(things[0], confidence=0.8)] for things in truth])
    bad = matches_of(truth, [[]] * 40)

    first, worse = decide(SCORING, good, None, RULE), decide(SCORING, bad, good, RULE)

    assert first.why.startswith("Promoted: better than always the mean skeleton of each class. Average precision ")
    assert first.rival_score is not None
    assert 0 <= first.rival_score < 0.2
    assert not worse.is_promoted
    assert not decide(SCORING, SCORING.baseline(good), None, RULE).is_promoted, "it is not better than itself"


def test_mean_skeletons__are_where_the_things_always_are_and_scale_with_the_image() -> None:
    doubled = replace(HAND, points=tuple(Point(one.name, 2 * one.x_px, 2 * one.y_px) for one in HAND.points))
    images = version_rows([[HAND], [doubled]])
    images = images.with_columns(pl.Series("width_px", [600, 1200]), pl.Series("height_px", [600, 1200]))

    baseline = SCORING.baseline(SCORING.match(predicted_rows([[], []]), images, MODEL))

    assert figures(baseline)[("ap", "")] == 1.0


def test_old_names__of_a_champion_count_by_the_names_of_today() -> None:
    scoring = replace(SCORING, changes=NameChanges((("paw", "hand"),)))
    rows = predicted_rows([[replace(HAND, class_name="hand", confidence=0.9)]]).with_columns(class_name=pl.lit("paw"))

    found = scoring.match(rows, version_rows([[HAND]]), MODEL)

    assert found.class_names == ("hand",)
    assert scoring.score(found, scoring.basis(found, 1), np.ones((1, 1))).value == 1.0


def test_no_thing_and_no_image__have_no_score_and_no_decision() -> None:
    assert_nothing_has_no_score(SCORING, matches_of, RULE)


def test_prediction_rows__are_rows_of_their_table_and_give_the_things_back() -> None:
    boxed = replace(HAND, x_min_px=90.0, y_min_px=100.0, width_px=100.0, height_px=50.0, confidence=0.5)

    rows = check(PredictedObject, predicted_rows([[boxed, replace(HAND, confidence=0.7)], []]))

    assert rows.select("image_id", "object_index", "class_name").rows() == [(image_ids(2)[0], at, "hand") for at in (0, 1)]
    assert check(PredictedObject, predicted_rows([[], []])).height == 0
    assert SCORING.main_predictions(rows.with_columns(written_in=pl.lit("2026-11-21")))["object_index"].to_list() == [1]
    assert a_kind().scoring.match(rows, version_rows([[boxed, HAND], []]), MODEL).found.is_hit[0].all()


def test_perfect_things__are_not_certain() -> None:
    matches = matches_of([[HAND]] * 12, [[replace(HAND, confidence=0.9)]] * 12)

    one = score(SCORING, {MODEL: matches}, min_images=1, samples=100, confidence=0.95, seed=1).overall(MODEL)["ap"]

    assert one.value == 1.0
    assert one.low == pytest.approx(0.757, abs=2e-3), "Wilson's bound of 12 out of 12"
