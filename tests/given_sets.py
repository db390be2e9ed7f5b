"""Labelled sets for tests, and a project that takes them in with stand-ins for the services."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import given_models
import numpy as np
from given_formats import a_text
from given_night import Night, a_night
from kinds.given_nights import MapBackbone
from PIL import Image

from pipeline_tasks.backbones.backbone import Backbone
from pipeline_tasks.records.labelled_set import LabelledSet
from pipeline_tasks.wiring.run import IMPORT_STAGES

WIDE, HIGH = 48, 36
CYCLE = "2026-11-20T100000"
Boxes = Sequence[tuple[str, float, float, float, float]]
"""Class, left, top, width and height of each box."""


class ImportNight(Night):
    """A project that takes labelled sets in."""

    def take_in(self, wanted: LabelledSet, cycle_id: str = CYCLE) -> dict[str, dict[str, Any]]:
        """Run all stages of an import; stage → what it told."""
        told: dict[str, dict[str, Any]] = {}
        for stage in IMPORT_STAGES:
            shards = range(told["list_new_images"]["shards"]) if stage == "measure_images" else range(1)
            for shard in shards:
                told[stage] = self.run(stage, cycle_id, labelled_set=wanted, shard=shard)
        return told


class BoxNight(ImportNight):
    """A project of boxes."""

    @staticmethod
    def open_backbone(folder: Path) -> Backbone:
        """The tiny network with feature maps."""
        return MapBackbone(given_models.SIDE_PX, folder)


def a_box_project(folder: Path, classes: Sequence[str] = ("bolt", "nut"), **settings: Any) -> BoxNight:
    """An empty project of boxes of these classes."""
    backbone = {"side_px": given_models.SIDE_PX, "map_side_px": 96}
    return a_night(folder, BoxNight, label_kind="box", classes=list(classes), backbone=backbone, **settings)


def an_image(path: Path, number: int) -> Path:
    """Write noise, unlike that of any other number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(number).integers(0, 256, (HIGH, WIDE, 3), np.uint8)
    Image.fromarray(pixels).save(path, "PNG")
    return path


def a_coco_set(
    folder: Path, images: dict[str, Boxes], annotation_file: str = "annotations.json", size_px: tuple[int, int] = (WIDE, HIGH)
) -> Path:
    """Write images and a file of COCO that says their boxes; class ids begin at 7."""
    names = sorted({one[0] for boxes in images.values() for one in boxes})
    listed, annotations = [], []
    for number, (name, boxes) in enumerate(images.items(), start=1):
        if not (folder / name).exists():
            an_image(folder / name, number)
        listed.append({"id": number, "file_name": name, "width": size_px[0], "height": size_px[1]})
        annotations += [
            {"id": len(annotations) + at, "image_id": number, "category_id": 7 + names.index(one[0]), "bbox": list(one[1:])}
            for at, one in enumerate(boxes)
        ]
    categories = [{"id": 7 + at, "name": name} for at, name in enumerate(names)]
    return a_text(folder / annotation_file, json.dumps({"images": listed, "annotations": annotations, "categories": categories}))


def the_set(folder: Path, **fields: Any) -> LabelledSet:
    """The set in this folder, as a person describes it."""
    return LabelledSet(**({"name": "theirs", "place": str(folder), "splitting": "train"} | fields))
