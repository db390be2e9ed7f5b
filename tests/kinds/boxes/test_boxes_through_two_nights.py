"""Tests of two whole nights of boxes: asked, agreed on, frozen with empty images, trained, judged, served and explained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import given_models
import numpy as np
import polars as pl
import pytest
from kinds import given_nights
from kinds.given_nights import FIRST, HIGH, SECOND, MapNight, Pixels, after_two_nights_of_maps, noise

from pipeline_tasks.blurring.detector import open_detector
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.labeling import BoxLabeling
from pipeline_tasks.kinds.boxes.matching import pairs
from pipeline_tasks.lineage.explain import explain
from pipeline_tasks.reports.tree import as_text as tree_text
from pipeline_tasks.storage.blobs.model_files import read_model
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.label_object import DatasetObject, PredictedObject

pytestmark = pytest.mark.slow
SIDE = 24
LABELING = BoxLabeling(("bolt", "nut"))


class BoxNight(MapNight):
    """Dark images with up to two bright squares: bolts are red, nuts are blue. Every sixth image is empty."""

    def objects_of(self, number: int) -> list[Box]:
        return parts(number)

    def drawn(self, objects: Sequence[Box], number: int) -> Pixels:
        return drawn(objects, number)


def parts(number: int) -> list[Box]:
    """None, one or two parts, which do not touch."""
    generator = np.random.default_rng([number, 8])
    names = [] if number % 6 == 5 else [("bolt", "nut")[int(one)] for one in generator.integers(0, 2, 1 + number % 2)]
    return [
        Box(name, float(48 * at + generator.integers(0, 48 - SIDE)), float(generator.integers(0, HIGH - SIDE)), SIDE, SIDE)
        for at, name in enumerate(names)
    ]


def drawn(boxes: Sequence[Box], number: int) -> Pixels:
    pixels = noise(number)
    for box in boxes:
        left, top = int(box.x_min_px), int(box.y_min_px)
        pixels[top : top + SIDE, left : left + SIDE, 0 if box.class_name == "bolt" else 2] += 160
    return pixels.astype(np.uint8)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> BoxNight:
    return after_two_nights_of_maps(tmp_path_factory, BoxNight, label_kind="box")


def test_boxes__are_labels_as_people_drew_them_and_empty_images_are_part_of_the_version(night: BoxNight) -> None:
    told, store = night.told[FIRST], night.store
    frozen = store.read(DatasetObject, FIRST)
    empty = [image_id for image_id in store.read(DatasetImage, FIRST)["image_id"] if not night.truth[image_id]]

    assert told["build_dataset_version"]["images"] == told["resolve_labels"]["labelled"] + told["resolve_labels"]["empty"] == 48
    assert told["build_dataset_version"]["empty_images"] == len(empty) == 8
    assert sum(differing(store, image_id, night.truth[image_id]) for image_id in frozen["image_id"].unique()) == 0
    assert told["build_dataset_version"]["objects"] == frozen.height


def differing(store: Store, image_id: str, boxes: list[Box]) -> int:
    rows = store.read(DatasetObject, FIRST).filter(image_id=image_id).iter_rows(named=True)
    said = [Box(one["class_name"], *(one[side] for side in ("x_min_px", "y_min_px", "width_px", "height_px"))) for one in rows]
    return len(set(said) ^ set(boxes))


def test_detector__is_trained_judged_and_promoted_above_the_mean_boxes(night: BoxNight) -> None:
    given_nights.assert_promoted_above_the_baseline(night)


def test_second_night__compares_with_the_champion_and_reports_all(night: BoxNight) -> None:
    given_nights.assert_second_night_compares(night)
    page = night.store.objects.read(layout.report(SECOND, "index.html")).content.decode()
    assert "average precision" in page


def test_champion__finds_most_parts_of_images_that_it_never_saw(night: BoxNight) -> None:
    rows = night.store.read(PredictedObject, SECOND)
    rows = rows.filter(pl.col("model_digest") == night.told[SECOND]["evaluate_model"]["model_digest"])
    found = wanted = 0
    for image_id in rows["image_id"].unique():
        sure = [row for row in rows.filter(image_id=image_id).iter_rows(named=True) if row["confidence"] > 0.3]
        said = [Box(one["class_name"], *(one[side] for side in ("x_min_px", "y_min_px", "width_px", "height_px"))) for one in sure]
        found += len(pairs(said, night.truth[image_id], same_class=True))
        wanted += len(night.truth[image_id])

    assert found >= 0.6 * wanted


def test_versions_of_boxes__are_shown_compared_verified_and_exported(night: BoxNight, tmp_path: Any) -> None:
    given_nights.assert_versions_are_shown_and_exported(night, tmp_path / "out")


def test_champion__can_blur_what_it_finds_for_people(night: BoxNight) -> None:
    champion = night.store.state().champion
    assert champion is not None
    content = read_model(night.store.objects, champion.model_digest)
    number = next(one for one in range(48) if {part.class_name for part in parts(one)} == {"bolt", "nut"})
    pixels = drawn(parts(number), number)

    boxes, scores = open_detector(content, (), "champion").find(pixels)
    bolts, _ = open_detector(content, ("bolt",), "champion").find(pixels)

    assert len(boxes) == len(scores) > len(bolts) > 0
    assert (boxes[:, :2] < boxes[:, 2:]).all()
    with pytest.raises(SettingsError, match=r"the model does not know \['face'\]; it knows \['bolt', 'nut'\]"):
        open_detector(content, ("face",), "champion")


def test_explain__says_boxes_of_label_annotation_and_prediction(night: BoxNight) -> None:
    tested = night.store.read(PredictedObject, SECOND)["image_id"][0]

    said = tree_text(explain(night.store, tested, night.folder, given_models.DecodingHere()))

    assert said.count(LABELING.says(night.truth[tested])) >= 2
