"""Training and export of masks of objects: a detector on the frozen backbone's feature maps whose places also find masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline_tasks.errors import ParityError
from pipeline_tasks.geometry.placement import Placement
from pipeline_tasks.geometry.run_lengths import area
from pipeline_tasks.geometry.turn import Turn
from pipeline_tasks.kinds.map_heads.arrays import arrays_of, weights_and_shapes
from pipeline_tasks.kinds.map_heads.parity import MAX_SCORE_DIFFERENCE, MIN_OVERLAP, greatest_difference
from pipeline_tasks.kinds.map_heads.training_length import detector_training
from pipeline_tasks.kinds.map_modelling import MapTraining, Part, Shapes
from pipeline_tasks.kinds.masks.covers import turned_rle
from pipeline_tasks.kinds.masks.instance_decode import COEFFICIENTS, PROTOTYPES, InstanceDecoding
from pipeline_tasks.kinds.masks.placed_instances import ImageInstances, composed_targets, targets_of
from pipeline_tasks.kinds.modelling import Arrays

if TYPE_CHECKING:
    import onnx
    from torch import nn

    from pipeline_tasks.kinds.masks.instance_torch_head import FinalHead, InstanceObjective
    from pipeline_tasks.settings import TrainingSettings

MIN_OBJECTS = 10
"""Objects without which nothing is trained."""
MIN_VAL_IMAGES = 10
"""Validation images for choosing an epoch; with fewer, the choice would be chance."""


@dataclass(frozen=True)
class InstanceModelling:
    """Training and export of masks of objects of these classes."""

    class_names: tuple[str, ...]
    may_mirror = True

    def why_not_train(self, rows: pl.DataFrame) -> str:
        """Reason: too few objects."""
        objects = sum(len(one) for one in rows["objects"].to_list() if one) if "objects" in rows.columns else 0
        if objects >= MIN_OBJECTS:
            return ""
        return f"a model of objects needs at least {MIN_OBJECTS} masks in its training images, the version has {objects}"

    def objects(self, rows: pl.DataFrame) -> list[ImageInstances]:
        """Masks of each row; an empty image has none."""
        numbers = {name: number for number, name in enumerate(self.class_names)}
        sizes = zip(rows["objects"].to_list(), rows["width_px"].to_list(), rows["height_px"].to_list(), strict=True)
        return [_instances(found or [], numbers, (width, height)) for found, width, height in sizes]

    def turned(self, objects: ImageInstances, turn: Turn) -> ImageInstances:
        """Masks in the turned image; those that a thin turn leaves no pixel of are left out."""
        rles = [turned_rle(rle, objects.size_px, turn) for rle in objects.rles]
        kept = [at for at, rle in enumerate(rles) if area(rle)]
        return ImageInstances(turn.size_px, objects.class_numbers[kept], tuple(rles[at] for at in kept))

    def placed(self, objects: ImageInstances, placement: Placement, shapes: Shapes) -> NDArray[Any]:
        """Targets of the places and of the cells, as `placed_instances.targets_of` says."""
        return targets_of(objects, placement, shapes)

    def composed(self, parts: Sequence[Part], shapes: Shapes) -> NDArray[Any]:
        """The same of several images, as `placed_instances.composed_targets` says."""
        return composed_targets(parts, shapes)

    def training(self, settings: TrainingSettings, train: Sequence[ImageInstances], val: Sequence[ImageInstances]) -> MapTraining:
        """As long as a detector's; average precision of masks chooses the epoch if there are enough validation images."""
        can_choose = len(val) >= MIN_VAL_IMAGES and sum(len(one.rles) for one in val) >= MIN_OBJECTS
        return detector_training(settings, len(train), can_choose=can_choose)

    def new_head(self, shapes: Shapes) -> nn.Module:
        """Pyramid, tower and prototypes with random weights."""
        from pipeline_tasks.kinds.masks.instance_torch_head import InstanceHead

        return InstanceHead(shapes, len(self.class_names))

    def objective(self, shapes: Shapes) -> InstanceObjective:
        """Loss of boxes and masks."""
        from pipeline_tasks.kinds.masks.instance_torch_head import InstanceObjective

        return InstanceObjective(shapes, len(self.class_names))

    def never_shown(self, train: Sequence[ImageInstances]) -> tuple[str, ...]:
        """Classes without a training mask."""
        shown = {int(number) for one in train for number in one.class_numbers}
        return tuple(name for number, name in enumerate(self.class_names) if number not in shown)

    def head_arrays(self, head: nn.Module, shapes: Shapes) -> dict[str, NDArray[Any]]:
        """Weights and statistics by their names in torch, and the shapes of the maps."""
        return arrays_of(head, shapes)

    def final_head(self, arrays: Arrays) -> FinalHead:
        """The head with its decoding and suppression."""
        from pipeline_tasks.kinds.masks.instance_torch_head import final_head

        return final_head(*weights_and_shapes(arrays, "model of objects"), len(self.class_names))

    def head_graph(self, arrays: Arrays, map_names: Sequence[str]) -> onnx.ModelProto:
        """The same as a graph."""
        from pipeline_tasks.kinds.map_heads.torch_head import head_graph

        head = self.final_head(arrays)
        return head_graph(head, head.head.shapes, map_names, InstanceDecoding.output_names)

    def check_parity(self, wanted: Sequence[Mapping[str, NDArray[Any]]], found: Sequence[Mapping[str, NDArray[Any]]]) -> float:
        """Greatest difference of two scores, coefficients or prototypes; each object must have one of the same class and box.

        Raises:
            ParityError: an object of one is not among those of the other, or its mask differs.
        """
        pairs = zip(wanted, found, strict=True)
        maps = max((float(np.abs(one[PROTOTYPES] - other[PROTOTYPES]).max()) for one, other in pairs), default=0.0)
        worst = max(greatest_difference(wanted, found, COEFFICIENTS), maps)
        if not worst <= MAX_SCORE_DIFFERENCE:
            raise ParityError(
                f"exported model: wanted PyTorch's objects (intersection over union at least {MIN_OVERLAP}, scores and masks "
                f"within {MAX_SCORE_DIFFERENCE}), found a difference of {worst:.2e} on {len(found)} images"
            )
        return worst


def _instances(found: Sequence[Mapping[str, Any]], numbers: Mapping[str, int], size_px: tuple[int, int]) -> ImageInstances:
    """Masks of the rows of `dataset_objects` of one image."""
    classes = np.array([numbers[one["class_name"]] for one in found], np.int64)
    return ImageInstances(size_px, classes, tuple(one["mask_rle"] for one in found))
