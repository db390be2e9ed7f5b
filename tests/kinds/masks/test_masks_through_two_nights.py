"""Tests of two whole nights of masks: asked, agreed on, frozen with empty images, trained, judged, served and explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import given_models
import numpy as np
import polars as pl
import pytest
from kinds import given_nights
from kinds.given_nights import FIRST, HIGH, SECOND, WIDE, MapNight, Pixels, after_two_nights_of_maps, noise
from kinds.masks.given_masks import disk, painted

from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.geometry.run_lengths import decode
from pipeline_tasks.kinds.masks.decode import MaskPrediction
from pipeline_tasks.kinds.masks.labeling import MaskLabeling
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.masks.prediction_model import MaskPredictionModel
from pipeline_tasks.kinds.masks.regions import by_class, class_iou
from pipeline_tasks.lineage.explain import explain
from pipeline_tasks.reports.tree import as_text as tree_text
from pipeline_tasks.serving.loaded_model import load_model
from pipeline_tasks.storage.blobs.serving_pointer import read_pointer
from pipeline_tasks.storage.blobs.version_index import read_index
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.versions.version_history import dataset_versions
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.label_object import DatasetObject, PredictedObject

pytestmark = pytest.mark.slow
SIDE = 32
LABELING = MaskLabeling(("bolt", "nut"))


class MaskNight(MapNight):
    """Dark images with up to two bright parts: bolts are red disks, nuts blue squares. Every sixth image is empty."""

    def objects_of(self, number: int) -> list[Mask]:
        return parts(number)

    def drawn(self, objects: Sequence[Mask], number: int) -> Pixels:
        return drawn(objects, number)


def parts_of(self, number: int) -> list[Mask]:
    return parts(number)


def parts(number: int) -> list[Mask]:
    """None, or one or two parts of different classes that do not touch: disks drawn as polygons, squares with a brush."""
    generator = np.random.default_rng([number, 9])
    names = [] if number % 6 == 5 else list(generator.permutation(["bolt", "nut"])[: 1 + number % 2])
    return [
        _part(str(name), 48 * at + int(generator.integers(0, 48 - SIDE)), int(generator.integers(0, HIGH - SIDE)))
        for at, name in enumerate(names)
    ]


def _part(name: str, left: int, top: int) -> Mask:
    return disk(name, left + SIDE / 2, top + SIDE / 2, SIDE / 2, (WIDE, HIGH)) if name == "bolt" else square(name, left, top)


def square(name: str, left: int, top: int) -> Mask:
    pixels = np.zeros((HIGH, WIDE), bool)
    pixels[top : top + SIDE, left : left + SIDE] = True
    return painted(name, pixels)


def drawn(masks: Sequence[Mask], number: int) -> Pixels:
    pixels = noise(number)
    for mask in masks:
        pixels[decode(mask.rle, mask.size_px), 0 if mask.class_name == "bolt" else 2] += 160
    return pixels.astype(np.uint8)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> MaskNight:
    return after_two_nights_of_maps(tmp_path_factory, MaskNight, label_kind="mask")


def test_masks__are_labels_as_people_drew_them_and_empty_images_are_part_of_the_version(night: MaskNight) -> None:
    told, store = night.told[FIRST], night.store
    frozen = store.read(DatasetObject, FIRST)
    images = store.read(DatasetImage, FIRST)["image_id"].to_list()
    empty = [image_id for image_id in images if not night.truth[image_id]]

    assert told["build_dataset_version"]["images"] == told["resolve_labels"]["labelled"] + told["resolve_labels"]["empty"] == 48
    assert told["build_dataset_version"]["empty_images"] == len(empty) == 8
    assert all(frozen_masks(store, image_id) == set(night.truth[image_id]) for image_id in images)
    assert told["build_dataset_version"]["objects"] == frozen.height


def frozen_masks(store: Store, image_id: str) -> set[Mask]:
    rows = store.read(DatasetObject, FIRST).filter(image_id=image_id).iter_rows(named=True)
    return {Mask(one["class_name"], one["mask_rle"], (WIDE, HIGH), tuple(one["points_px"] or ())) for one in rows}


def test_segmenter__is_trained_judged_and_promoted_above_finding_nothing(night: MaskNight) -> None:
    given_nights.assert_promoted_above_the_baseline(night)


def test_second_night__compares_with_the_champion_and_reports_all(night: MaskNight) -> None:
    given_nights.assert_second_night_compares(night)
    page = night.store.objects.read(layout.report(SECOND, "index.html")).content.decode()
    assert "mean IoU" in page


def test_champion__finds_most_pixels_of_images_that_it_never_saw(night: MaskNight) -> None:
    rows = night.store.read(PredictedObject, SECOND)
    rows = rows.filter(pl.col("model_digest") == night.told[SECOND]["evaluate_model"]["model_digest"])
    found = []
    for image_id in rows["image_id"].unique():
        said = rows.filter(image_id=image_id).iter_rows(named=True)
        masks = [Mask(one["class_name"], one["mask_rle"], (WIDE, HIGH)) for one in said]
        if night.truth[image_id]:
            found.append(class_iou(by_class(masks), by_class(night.truth[image_id])))

    assert np.mean(found) >= 0.6


def test_model__is_served_from_the_file_alone(night: MaskNight) -> None:
    pointer = read_pointer(night.store.objects)
    assert pointer is not None
    model = load_model(night.store.objects.read(layout.model(pointer.champion_digest)).content, pointer.champion_digest)
    found = []
    for number in range(900, 910):
        pixels = model_image(drawn(parts(number), number), model.side_px, model.kind.decoding.framing)
        prediction: MaskPrediction = model.predict(pixels, (WIDE, HIGH), 0.5)  # type: ignore[assignment]
        masks = [Mask(one.class_name, one.rle, (WIDE, HIGH)) for one in prediction.objects]
        found.append(class_iou(by_class(masks), by_class(parts(number))))
        assert MaskPredictionModel.model_validate(asdict(prediction), strict=False).model_dump()["objects"] == [
            asdict(one) for one in prediction.objects
        ]
        assert [one.name for one in model.kind.decoding.outlines(prediction, (WIDE, HIGH))] == [one.class_name for one in masks]

    assert np.mean(found) >= 0.6


def test_versions_of_masks__are_shown_compared_verified_and_exported(night: MaskNight, tmp_path: Any) -> None:
    second = dataset_versions(night.store)[-1]

    assert read_index(night.store.objects, second.dataset_id).about.options == {"regions": "semantic"}
    given_nights.assert_versions_are_shown_and_exported(night, tmp_path / "out")


def test_explain__says_masks_of_label_annotation_and_prediction(night: MaskNight) -> None:
    tested = night.store.read(PredictedObject, SECOND)["image_id"][0]

    said = tree_text(explain(night.store, tested, night.folder, given_models.DecodingHere()))

    assert said.count(LABELING.says(night.truth[tested])) >= 2
