"""Two nights of a project whose images a test draws: their true objects are what people answer."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import given_models
import numpy as np
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
from pipeline_tasks.kinds.map_modelling import MapShape, Shapes
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.storage.versions.version_history import dataset_versions

WIDE, HIGH = 96, 72
FIRST, SECOND = "2026-11-21", "2026-11-22"
Pixels = np.ndarray[Any, Any]


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


class DrawnNight(Night):
    """Images with objects that are known, and one person who says them rightly."""

    told: dict[str, dict[str, dict[str, Any]]]
    """Cycle → stage → what it told."""

    def objects_of(self, number: int) -> Sequence[Any]:
        """True objects of an image."""
        raise NotImplementedError

    def drawn(self, objects: Sequence[Any], number: int) -> Pixels:
        """The image with these objects."""
        raise NotImplementedError

    def bring(self, numbers: range) -> None:
        self.truth: dict[str, Sequence[Any]] = getattr(self, "truth", {})
        for number in numbers:
            objects, buffer = self.objects_of(number), io.BytesIO()
            PillowImage.fromarray(self.drawn(objects, number)).save(buffer, "PNG")
            path = self.folder / "inbox" / f"{number}.png"
            path.write_bytes(buffer.getvalue())
            os.utime(path, (0, 0))
            self.truth[hashlib.sha256(buffer.getvalue()).hexdigest()] = objects

    def annotate_all(self) -> None:
        for number, task in list(self.server.tasks.items()):
            if not task["annotations"]:
                truth = self.truth[task["data"]["image_id"]]
                self.server.submit(number, kind_of(self.project).labeling.write(truth, (WIDE, HIGH)))


class MapNight(DrawnNight):
    """The same with a backbone that has feature maps."""

    @staticmethod
    def open_backbone(folder: Path) -> Backbone:
        return MapBackbone(given_models.SIDE_PX, folder)


D = TypeVar("D", bound=DrawnNight)


def after_nights(folder: Path, kind: type[D], brought: Sequence[range], **settings: Any) -> D:
    """Run a night for each of these ranges of images, with people answering in between."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHTLENS_HOME", str(folder))
        patch.setenv("WANDB_MODE", "disabled")
        found = a_night(folder, kind, **settings)
        found.told = {}
        for cycle_id, numbers in zip((FIRST, SECOND), brought, strict=False):
            found.bring(numbers)
            found.told[cycle_id] = found.cycle(cycle_id)
    return found


def after_two_nights_of_maps(factory: pytest.TempPathFactory, kind: type[D], **settings: Any) -> D:
    """48 images in the first night, 24 more in the second; all are asked for, and the second night chooses by doubt.

    Twelve epochs of three batches leave a detector at .01 on some processors, and its gate shut; thirty bring it to .84 there.
    """
    selection = {"budget": 48, "first_round_control_ratio": 0.5, "objectives": "margin"}
    backbone = {"side_px": given_models.SIDE_PX, "map_side_px": 96}
    training = given_models.TRAINING | {"max_epochs": 30, "patience_epochs": 30}
    brought = (range(48), range(48, 72))
    settings = {"selection": selection, "backbone": backbone, "training": training} | settings
    return after_nights(factory.mktemp("night"), kind, brought, **settings)


def noise(number: int) -> Pixels:
    """A dark background, unlike that of any other number."""
    return np.random.default_rng(number).integers(0, 60, (HIGH // 4, WIDE // 4, 3)).repeat(4, axis=0).repeat(4, axis=1)


def assert_promoted_above_the_baseline(night: DrawnNight) -> None:
    """The first night's model is trained, judged and promoted."""
    told = night.told[FIRST]

    assert told["evaluate_model"]["score"] > told["evaluate_model"]["baseline_score"]
    assert told["promote_model"]["is_promoted"], told["compare_with_champion"]["why"]


def assert_second_night_compares(night: DrawnNight) -> None:
    """The second night asks for images by doubt, compares with the first night's model, and its report lacks nothing."""
    told = night.told[SECOND]

    assert told["select_images"]["champion_digest"] == night.told[FIRST]["promote_model"]["model_digest"]
    assert "margin" in told["select_images"]["strategies"]
    assert "auto chose instead" in night.told[FIRST]["select_images"]["why"]
    assert told["build_dataset_version"]["images"] == len(night.truth)
    assert told["compare_with_champion"]["champion_score"] is not None
    assert told["write_cycle_report"]["missing"] == {}


def assert_versions_are_shown_and_exported(night: DrawnNight, folder: Path) -> None:
    """Both versions are described, compared, verified and exported."""
    first, second = sorted(dataset_versions(night.store), key=lambda one: one.cycle_id)
    compared = comparing.compare(night.store, first, second)
    brought = night.told[SECOND]["build_dataset_version"]["images"] - night.told[FIRST]["build_dataset_version"]["images"]

    assert describing.describe(night.store, second).images_by_class["none"] == sum(not one for one in night.truth.values())
    assert compared.added is not None
    assert (compared.added.images, compared.objects) == (brought, comparing.ObjectChanges())
    with progress_bar("", io.StringIO()) as progress:
        assert verify_version(night.store, second, progress, reads_bytes=True).damages == []
        export_version(night.store, second, folder, progress)
    assert (folder / OBJECTS).read_text().count("\n") == night.told[SECOND]["build_dataset_version"]["objects"] + 1
