"""Tests of two whole nights of keypoints: asked, agreed on, frozen, trained, judged, served and explained."""

from __future__ import annotations

import hashlib
import io
import os
from typing import Any

import given_models
import numpy as np
import polars as pl
import pytest
from given_night import Night, a_night
from kinds.boxes.test_boxes_through_two_nights import FIRST, HIGH, SECOND, WIDE, a_backbone
from PIL import Image as PillowImage

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


class PointNight(Night):
    """Dark images with up to one part: a red block is its left end, a blue one its right end. Every sixth image is empty."""

    open_backbone = staticmethod(a_backbone)
    told: dict[str, dict[str, dict[str, Any]]]

    def bring(self, numbers: range) -> None:
        self.truth: dict[str, tuple[Skeleton, ...]] = getattr(self, "truth", {})
        for number in numbers:
            things, buffer = a_part(number), io.BytesIO()
            PillowImage.fromarray(drawn(things, number)).save(buffer, "PNG")
            path = self.folder / "inbox" / f"{number}.png"
            path.write_bytes(buffer.getvalue())
            os.utime(path, (0, 0))
            self.truth[hashlib.sha256(buffer.getvalue()).hexdigest()] = things

    def annotate_all(self) -> None:
        for number, task in list(self.server.tasks.items()):
            if not task["annotations"]:
                truth = self.truth[task["data"]["image_id"]]
                self.server.submit(number, kind_of(self.project).labeling.write(truth, (WIDE, HIGH)))


def a_part(number: int) -> tuple[Skeleton, ...]:
    """No part or one, whose ends are 24 to 48 px apart; its right end is sometimes hidden."""
    if number % 6 == 5:
        return ()
    lots = np.random.default_rng([number, 9])
    x, apart = float(lots.integers(BLOCK, WIDE - BLOCK - 48)), float(lots.integers(24, 49))
    left, right = (float(one) for one in lots.integers(BLOCK, HIGH - BLOCK, 2))
    return (Skeleton("part", (Point("left", x, left), Point("right", x + apart, right, bool(number % 4)))),)


def drawn(things: tuple[Skeleton, ...], number: int) -> np.ndarray[Any, Any]:
    pixels = np.random.default_rng(number).integers(0, 60, (HIGH // 4, WIDE // 4, 3)).repeat(4, axis=0).repeat(4, axis=1)
    for one in things:
        for point in one.points:
            left, top = int(point.x_px) - BLOCK // 2, int(point.y_px) - BLOCK // 2
            pixels[top : top + BLOCK, left : left + BLOCK, 0 if point.name == "left" else 2] += 180
    return pixels.astype(np.uint8)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> PointNight:
    folder = tmp_path_factory.mktemp("points")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHTLENS_HOME", str(folder))
        patch.setenv("WANDB_MODE", "disabled")
        selection = {"budget": 48, "first_round_control_ratio": 0.5, "objectives": "margin"}
        backbone = {"side_px": given_models.SIDE_PX, "map_side_px": 96}
        settings: dict[str, Any] = {"label_kind": "keypoints", "classes": ["part"], "labels": LABELS}
        found = a_night(folder, PointNight, selection=selection, backbone=backbone, **settings)
        found.bring(range(48))
        found.told = {FIRST: found.cycle(FIRST)}
        found.bring(range(48, 72))
        found.told[SECOND] = found.cycle(SECOND)
    return found


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
    told = night.told[FIRST]

    assert told["evaluate_model"]["score"] > told["evaluate_model"]["baseline_score"]
    assert told["promote_model"]["is_promoted"], told["compare_with_champion"]["why"]


def test_second_night__chooses_by_doubt_and_compares_with_the_champion(night: PointNight) -> None:
    told = night.told[SECOND]

    assert told["select_images"]["champion_digest"] == night.told[FIRST]["promote_model"]["model_digest"]
    assert "margin" in told["select_images"]["strategies"]
    assert told["build_dataset_version"]["images"] == 72
    assert told["compare_with_champion"]["champion_score"] is not None
    assert told["write_cycle_report"]["missing"] == {}


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
