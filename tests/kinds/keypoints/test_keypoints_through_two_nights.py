"""Tests of two whole nights of keypoints: asked, agreed on, frozen, trained, judged, served and explained."""

from __future__ import annotations

from collections.abc import Sequence

import given_models
import numpy as np
import polars as pl
import pytest
from kinds import given_nights
from kinds.given_nights import FIRST, HIGH, SECOND, WIDE, MapNight, Pixels, after_two_nights_of_maps, noise

from pipeline_tasks.annotations.votes import objects_by
from pipeline_tasks.kinds.keypoints.decode import KeypointPrediction
from pipeline_tasks.kinds.keypoints.skeleton import Point, Skeleton
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.lineage.explain import explain
from pipeline_tasks.models.exported import ExportedModel
from pipeline_tasks.reports.tree import as_text as tree_text
from pipeline_tasks.serving.drawing import drawn_over
from pipeline_tasks.storage.blobs.model_files import read_model
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.label_object import DatasetObject, PredictedObject

pytestmark = pytest.mark.slow
BLOCK = 14
LABELS = {"skeleton": {"part": ["left", "right"]}, "edges": {"part": [["left", "right"]]}}


class PointNight(MapNight):
    """Dark images with up to one part: a red block is its left end, a blue one its right end. Every sixth image is empty."""

    def objects_of(self, number: int) -> tuple[Skeleton, ...]:
        return a_part(number)

    def drawn(self, objects: Sequence[Skeleton], number: int) -> Pixels:
        return drawn(objects, number)


def a_part(number: int) -> tuple[Skeleton, ...]:
    """No part or one, whose ends are 24 to 48 px apart; its right end is sometimes hidden."""
    if number % 6 == 5:
        return ()
    lots = np.random.default_rng([number, 9])
    x, apart = float(lots.integers(BLOCK, WIDE - BLOCK - 48)), float(lots.integers(24, 49))
    left, right = (float(one) for one in lots.integers(BLOCK, HIGH - BLOCK, 2))
    return (Skeleton("part", (Point("left", x, left), Point("right", x + apart, right, bool(number % 4)))),)


def drawn(things: Sequence[Skeleton], number: int) -> Pixels:
    pixels = noise(number)
    for one in things:
        for point in one.points:
            left, top = int(point.x_px) - BLOCK // 2, int(point.y_px) - BLOCK // 2
            pixels[top : top + BLOCK, left : left + BLOCK, 0 if point.name == "left" else 2] += 180
    return pixels.astype(np.uint8)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> PointNight:
    return after_two_nights_of_maps(tmp_path_factory, PointNight, label_kind="keypoints", classes=["part"], labels=LABELS)


def test_keypoints__are_frozen_as_people_placed_them_and_empty_images_are_part_of_the_version(night: PointNight) -> None:
    told = night.told[FIRST]
    frozen = objects_by(night.store.read(DatasetObject, FIRST), ("image_id",), kind_of(night.project).labeling)
    images = night.store.read(DatasetImage, FIRST)["image_id"].to_list()

    assert told["collect_annotations"]["annotations_refused"] == 0
    assert told["build_dataset_version"]["images"] == len(images) == 48
    assert told["build_dataset_version"]["empty_images"] == 8
    for image_id in images:
        found = [rounded(one) for one in frozen.get((image_id,), ())]
        assert found == [rounded(one) for one in night.truth[image_id]]


def rounded(one: Skeleton) -> list[tuple[str, float, float, bool]]:
    return [(point.name, round(point.x_px, 6), round(point.y_px, 6), point.is_visible) for point in one.points]


def test_model_of_keypoints__is_trained_judged_and_promoted_above_the_mean_skeleton(night: PointNight) -> None:
    given_nights.assert_promoted_above_the_baseline(night)


def test_second_night__chooses_by_doubt_and_compares_with_the_champion(night: PointNight) -> None:
    given_nights.assert_second_night_compares(night)


def test_model_of_keypoints__places_most_points_of_test_images_within_a_block(night: PointNight) -> None:
    rows = night.store.read(PredictedObject, SECOND)
    rows = rows.filter(pl.col("model_digest") == night.told[SECOND]["evaluate_model"]["model_digest"])
    said = objects_by(rows.filter(pl.col("object_index") == 0), ("image_id",), kind_of(night.project).labeling)
    away = [
        max(abs(point.x_px - right.x_px), abs(point.y_px - right.y_px))
        for (image_id,), found in said.items()
        for truth in night.truth[image_id]
        for point, right in zip(found[0].points, truth.points, strict=True)
    ]

    assert len(away) >= 10
    assert np.median(away) < BLOCK


def test_served_file__tells_things_with_points_that_can_be_drawn(night: PointNight) -> None:
    digest = night.told[SECOND]["evaluate_model"]["model_digest"]
    model, decoding = ExportedModel(read_model(night.store.objects, digest)), kind_of(night.project).decoding
    pixels = drawn(a_part(1000), 1000)
    square = np.full((96, 96, 3), 127, np.uint8)
    square[:HIGH, :WIDE] = pixels

    prediction = decoding.predict(model.objects(square, (WIDE, HIGH)), (WIDE, HIGH), 0.05)

    assert isinstance(prediction, KeypointPrediction)
    assert {point.name for one in prediction.objects for point in one.points} <= {"left", "right"}
    assert drawn_over(pixels, decoding.outlines(prediction, (WIDE, HIGH)))[:2] == b"\xff\xd8"


def test_explain__says_things_of_label_annotation_and_prediction(night: PointNight) -> None:
    tested = night.store.read(PredictedObject, SECOND)["image_id"][0]

    said = tree_text(explain(night.store, tested, night.folder, given_models.DecodingHere()))

    assert "part" in said
