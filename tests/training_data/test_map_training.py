"""Tests of a training on feature maps in its stage: views stored for the next night, resumed after a kill, exported."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import given_models
import numpy as np
import polars as pl
import pytest
from given import an_open_cycle
from given_models import DecodingHere, RememberingLog, RememberingRegistry, World
from kinds.boxes.test_boxes_through_two_nights import drawn, parts
from kinds.given_nights import HIGH, WIDE, MapBackbone
from numpy.typing import NDArray
from PIL import Image as PillowImage

from pipeline_tasks.backbones.trunk import Trunk
from pipeline_tasks.errors import ServiceUnavailableError
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.labeling import BoxLabeling
from pipeline_tasks.kinds.masks.labeling import MaskLabeling
from pipeline_tasks.kinds.masks.mask import mask_of_polygon
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.stages.train.build_dataset_version import build_dataset_version
from pipeline_tasks.stages.train.export_model import export_model
from pipeline_tasks.storage.blobs.originals import put_original
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import LabelObject
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup

pytestmark = pytest.mark.slow
TRAINING = {"max_epochs": 3, "augmented_views": 1}
IMAGES, VAL = 16, 4
VIEWS = 2
"""Twice the setting, because the images are few."""


class CountingTrunk(Trunk):
    """Counts the images whose maps were computed."""

    runs = 0

    def maps(self, image: NDArray[np.uint8]) -> NDArray[np.float16]:
        self.runs += 1
        return super().maps(image)


class CountingBackbone(MapBackbone):
    """Opens one trunk and keeps it."""

    opened: CountingTrunk | None = None

    def trunk(self, side_px: int) -> Trunk:
        self.opened = self.opened or CountingTrunk(self, side_px, self._file.parent)
        return self.opened


class BoxWorld(World):
    """A project with images of labelled boxes, ready for its training."""

    backbone: CountingBackbone
    label_kind = "box"

    def __init__(self, folder: Path, **training: Any) -> None:
        self.store, self.folder = Store(MemoryObjects()), folder
        backbone = {"side_px": given_models.SIDE_PX, "map_side_px": 96}
        settings: dict[str, Any] = {"label_kind": self.label_kind, "training": TRAINING | training, "backbone": backbone}
        self.cycle = an_open_cycle(self.store, **settings)
        put_images_with_boxes(self.store, self.cycle, self.label_kind)
        build_dataset_version(self.store, self.cycle)
        self.backbone, self.decoder = CountingBackbone(given_models.SIDE_PX, folder), DecodingHere()
        self.registry, self.log = RememberingRegistry(), RememberingLog()

    @property
    def runs(self) -> int:
        """Images whose maps were computed."""
        return 0 if self.backbone.opened is None else self.backbone.opened.runs


class MaskWorld(BoxWorld):
    """The same with masks that fill the boxes."""

    label_kind = "mask"


def columns_of(box: Box, label_kind: str) -> dict[str, Any]:
    """Columns of a box, or of the mask that fills it."""
    if label_kind == "box":
        return vars(BoxLabeling(("bolt", "nut")).as_columns(box))
    x, y, right, bottom = box.x_min_px, box.y_min_px, box.x_min_px + box.width_px, box.y_min_px + box.height_px
    mask = mask_of_polygon(box.class_name, [x, y, right, y, right, bottom, x, bottom], (WIDE, HIGH))
    return vars(MaskLabeling(("bolt", "nut")).as_columns(mask))


def put_images_with_boxes(store: Store, cycle: Cycle, label_kind: str = "box") -> None:
    """Images with none, one or two boxes, or masks in their places; one of four validates."""
    rows, objects = [], []
    for number in range(IMAGES):
        buffer = io.BytesIO()
        PillowImage.fromarray(drawn(parts(number), number)).save(buffer, "PNG")
        identity, md5 = put_original(store.objects, buffer.getvalue())
        rows.append({"image_id": identity, "md5": md5, "size_bytes": len(buffer.getvalue()), "number": number})
        empty: dict[str, Any] = dict.fromkeys(LabelObject.column_names())
        for at, box in enumerate(parts(number)):
            objects.append(
                empty | {"image_id": identity, "object_index": at, "label_kind": label_kind} | columns_of(box, label_kind)
            )
    images = pl.DataFrame(rows).with_columns(
        file_format=pl.lit("PNG"),
        width_px=WIDE,
        height_px=HIGH,
        orientation=1,
        frames=1,
        canonical_form=2,
        bit_depth=None,
        split_group_id=pl.col("image_id"),
        split=pl.when(pl.col("number") % (IMAGES // VAL) == 0).then(pl.lit("val")).otherwise(pl.lit("train")),
    )
    has_boxes = {row["image_id"] for row in objects}
    labels = [given_models.a_label(one["image_id"], "labelled" if one["image_id"] in has_boxes else "empty") for one in rows]
    writes: list[Any] = [(Image, images.select(Image.column_names())), (Label, pl.DataFrame(labels))]
    writes += [(LabelObject, pl.DataFrame(objects, infer_schema_length=None))]
    writes += [(SplitGroup, images.select("image_id", "split_group_id"))]
    writes += [(Split, images.select("split_group_id", "split", policy=pl.lit("rest")))]
    store.finish(cycle.cycle_id, "given", cycle.arguments, writes)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> BoxWorld:
    world = BoxWorld(tmp_path_factory.mktemp("maps"))
    world.train()
    return world


def test_train_model__trains_boxes_with_the_empty_image_and_their_views(undisturbed: BoxWorld) -> None:
    summary = undisturbed.train()

    assert (summary.train_images, summary.val_images, summary.views) == (IMAGES - VAL, VAL, VIEWS)
    assert undisturbed.runs == (IMAGES - VAL) * (1 + VIEWS) + VAL
    marks = undisturbed.candidate(summary).marks
    assert (marks.side_px, marks.kind.decoding.framing, marks.kind.vocabulary) == (96, "whole", ("bolt", "nut"))
    assert summary.epochs == TRAINING["max_epochs"]


def test_train_model__resumed_after_a_kill_gives_the_same_detector_and_computes_no_map_again(
    undisturbed: BoxWorld, tmp_path: Path
) -> None:
    killed = BoxWorld(tmp_path)
    killed.registry.fails_at_epoch = 2
    with pytest.raises(ServiceUnavailableError):
        killed.train()
    runs = killed.runs

    found, wanted = killed.train(), undisturbed.train()

    assert killed.runs == runs
    assert found.resumed_from_epoch == 2
    assert found.candidate_sha256 == wanted.candidate_sha256


def test_export_model__registers_a_detector_that_finds_what_torch_finds(undisturbed: BoxWorld) -> None:
    world = undisturbed

    summary = export_model(world.store, world.cycle, world.decoder, world.backbone, world.registry)

    assert summary.parity_images == IMAGES
    assert summary.parity_max_difference is not None
    assert summary.parity_max_difference < 1e-4


def test_train_model__turns_images_and_boxes_where_the_project_says_so(tmp_path: Path, undisturbed: BoxWorld) -> None:
    turning = BoxWorld(tmp_path, augmentation={"quarter_turn": {"probability": 1.0}, "gaussian_noise": {}})

    summary = turning.train()

    assert summary.views == VIEWS
    assert summary.view_recipe != undisturbed.train().view_recipe


@pytest.mark.parametrize("name", ["cutmix", "mosaic"])
@pytest.mark.parametrize("world_of", [BoxWorld, MaskWorld])
def test_train_model__mixes_whole_images_and_stores_none_of_these_views(
    tmp_path: Path, name: str, world_of: type[BoxWorld]
) -> None:
    mixing = {"zoom": {}, name: {"probability": 1.0}}
    usual, world, again = (world_of(tmp_path, augmentation=one) for one in ({"zoom": {}}, mixing, mixing))

    summary = world.train()

    assert summary.candidate_sha256 == again.train().candidate_sha256
    assert summary.candidate_sha256 != usual.train().candidate_sha256
    assert summary.view_recipe == usual.train().view_recipe
    stored = [len(list(one.store.objects.list(f"derived/{summary.view_recipe}/"))) for one in (world, usual)]
    assert stored == [IMAGES, IMAGES + VIEWS * (IMAGES - VAL)], "of mixed images the whole ones alone"
