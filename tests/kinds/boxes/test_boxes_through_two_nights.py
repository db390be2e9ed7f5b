"""Tests of two whole nights of boxes: asked, agreed on, frozen with empty images, trained, judged, served and explained."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any

import given_models
import numpy as np
import polars as pl
import pytest
import torch
from given_night import Night, a_night
from PIL import Image as PillowImage
from torch import Tensor, nn

from pipeline_tasks.backbones.backbone import Backbone
from pipeline_tasks.commands.versions import comparing, describing
from pipeline_tasks.commands.versions.exporting import OBJECTS, export_version
from pipeline_tasks.commands.versions.progress import progress_bar
from pipeline_tasks.commands.versions.verifying import verify_version
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.labeling import BoxLabeling
from pipeline_tasks.kinds.boxes.matching import pairs
from pipeline_tasks.kinds.map_modelling import MapShape, Shapes
from pipeline_tasks.lineage.explain import explain
from pipeline_tasks.reports.tree import as_text as tree_text
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.versions.version_history import dataset_versions
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.label_object import DatasetObject, PredictedObject

pytestmark = pytest.mark.slow
WIDE, HIGH, SIDE = 96, 72, 24
FIRST, SECOND = "2026-11-21", "2026-11-22"
LABELING = BoxLabeling(("bolt", "nut"))


class Maps(nn.Module):
    """uint8 images → mean colours of the cells at strides 8, 16 and 32."""

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        channels_first = images.permute(0, 3, 1, 2).to(torch.float32) / 255
        return tuple(nn.functional.avg_pool2d(channels_first, stride) for stride in (8, 16, 32))


class MapBackbone(given_models.TinyBackbone):
    """The tiny network with feature maps."""

    def load_maps(self) -> nn.Module:
        return Maps().eval()

    def map_shapes(self, side_px: int) -> Shapes:
        return tuple(MapShape(3, side_px // stride, side_px // stride, stride) for stride in (8, 16, 32))


def a_backbone(folder: Path) -> Backbone:
    return MapBackbone(given_models.SIDE_PX, folder)


class BoxNight(Night):
    """Dark images with up to two bright squares: bolts are red, nuts are blue. Every sixth image is empty."""

    open_backbone = staticmethod(a_backbone)
    told: dict[str, dict[str, dict[str, Any]]]

    def bring(self, numbers: range) -> None:
        self.truth: dict[str, list[Box]] = getattr(self, "truth", {})
        for number in numbers:
            boxes = parts(number)
            buffer = io.BytesIO()
            PillowImage.fromarray(drawn(boxes, number)).save(buffer, "PNG")
            path = self.folder / "inbox" / f"{number}.png"
            path.write_bytes(buffer.getvalue())
            os.utime(path, (0, 0))
            self.truth[hashlib.sha256(buffer.getvalue()).hexdigest()] = boxes

    def annotate_all(self) -> None:
        for number, task in list(self.server.tasks.items()):
            if not task["annotations"]:
                self.server.submit(number, LABELING.write(self.truth[task["data"]["image_id"]], (WIDE, HIGH)))


def parts(number: int) -> list[Box]:
    """None, one or two parts, which do not touch."""
    generator = np.random.default_rng([number, 8])
    names = [] if number % 6 == 5 else [("bolt", "nut")[int(one)] for one in generator.integers(0, 2, 1 + number % 2)]
    return [
        Box(name, float(48 * at + generator.integers(0, 48 - SIDE)), float(generator.integers(0, HIGH - SIDE)), SIDE, SIDE)
        for at, name in enumerate(names)
    ]


def drawn(boxes: list[Box], number: int) -> np.ndarray[Any, Any]:
    pixels = np.random.default_rng(number).integers(0, 60, (HIGH // 4, WIDE // 4, 3)).repeat(4, axis=0).repeat(4, axis=1)
    for box in boxes:
        left, top = int(box.x_min_px), int(box.y_min_px)
        pixels[top : top + SIDE, left : left + SIDE, 0 if box.class_name == "bolt" else 2] += 160
    return pixels.astype(np.uint8)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> BoxNight:
    folder = tmp_path_factory.mktemp("boxes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHTLENS_HOME", str(folder))
        patch.setenv("WANDB_MODE", "disabled")
        selection = {"budget": 48, "first_round_control_ratio": 0.5, "objectives": "margin"}
        backbone = {"side_px": given_models.SIDE_PX, "map_side_px": 96}
        found = a_night(folder, BoxNight, label_kind="box", selection=selection, backbone=backbone)
        found.bring(range(48))
        found.told = {FIRST: found.cycle(FIRST)}
        found.bring(range(48, 72))
        found.told[SECOND] = found.cycle(SECOND)
    return found


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
    told = night.told[FIRST]

    assert told["evaluate_model"]["score"] > told["evaluate_model"]["baseline_score"]
    assert told["promote_model"]["is_promoted"], told["compare_with_champion"]["why"]


def test_second_night__compares_with_the_champion_and_reports_all(night: BoxNight) -> None:
    told = night.told[SECOND]

    assert told["select_images"]["champion_digest"] == night.told[FIRST]["promote_model"]["model_digest"]
    assert "margin" in told["select_images"]["strategies"]
    assert "auto chose instead" in night.told[FIRST]["select_images"]["why"]
    assert told["build_dataset_version"]["images"] == 72
    assert told["compare_with_champion"]["champion_score"] is not None
    assert told["write_cycle_report"]["missing"] == {}
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
    first, second = sorted(dataset_versions(night.store), key=lambda one: one.cycle_id)
    shown = describing.describe(night.store, second)
    compared = comparing.compare(night.store, first, second)

    assert shown.images_by_class["none"] == 12
    assert compared.added is not None
    assert (compared.added.images, compared.objects) == (24, comparing.ObjectChanges())
    with progress_bar("", io.StringIO()) as progress:
        assert verify_version(night.store, second, progress, reads_bytes=True).damages == []
        export_version(night.store, second, tmp_path / "out", progress)
    assert (tmp_path / "out" / OBJECTS).read_text().count("\n") == night.told[SECOND]["build_dataset_version"]["objects"] + 1


def test_explain__says_boxes_of_label_annotation_and_prediction(night: BoxNight) -> None:
    tested = night.store.read(PredictedObject, SECOND)["image_id"][0]

    said = tree_text(explain(night.store, tested, night.folder, given_models.DecodingHere()))

    assert said.count(LABELING.says(night.truth[tested])) >= 2
