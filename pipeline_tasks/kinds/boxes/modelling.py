"""Training and export of a detector: an anchor-free head on the frozen backbone's feature maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline_tasks.errors import ParityError
from pipeline_tasks.geometry.placement import Placement
from pipeline_tasks.geometry.turn import Turn
from pipeline_tasks.kinds.boxes.decode import BoxDecoding
from pipeline_tasks.kinds.map_heads.arrays import arrays_of, weights_and_shapes
from pipeline_tasks.kinds.map_heads.assignment import assigned, seen
from pipeline_tasks.kinds.map_heads.parity import MAX_SCORE_DIFFERENCE, MIN_OVERLAP, greatest_difference
from pipeline_tasks.kinds.map_heads.parts import seen_parts
from pipeline_tasks.kinds.map_heads.training_length import detector_training
from pipeline_tasks.kinds.map_modelling import MapTraining, Part, Shapes
from pipeline_tasks.kinds.modelling import Arrays

if TYPE_CHECKING:
    import onnx
    from torch import nn

    from pipeline_tasks.kinds.boxes.torch_head import BoxObjective, FinalHead
    from pipeline_tasks.settings import TrainingSettings

MIN_BOXES = 10
"""Boxes without which nothing is trained."""
MIN_VAL_IMAGES = 10
"""Validation images for choosing an epoch; with fewer, the choice would be chance."""


@dataclass(frozen=True)
class PlacedBoxes:
    """Boxes of one image in canonical pixels."""

    corners: NDArray[np.float64]
    """N x 4: x_min, y_min, x_max, y_max."""
    class_numbers: NDArray[np.int64]


@dataclass(frozen=True)
class BoxModelling:
    """Training and export of a detector of these classes."""

    class_names: tuple[str, ...]
    may_mirror = True

    def why_not_train(self, rows: pl.DataFrame) -> str:
        """Reason: too few boxes."""
        boxes = sum(len(one) for one in rows["objects"].to_list() if one) if "objects" in rows.columns else 0
        return (
            ""
            if boxes >= MIN_BOXES
            else f"a detector needs at least {MIN_BOXES} boxes in its training images, the version has {boxes}"
        )

    def objects(self, rows: pl.DataFrame) -> list[PlacedBoxes]:
        """Boxes of each row, cut at the image's border; an empty image has none."""
        numbers = {name: number for number, name in enumerate(self.class_names)}
        sizes = zip(rows["objects"].to_list(), rows["width_px"].to_list(), rows["height_px"].to_list(), strict=True)
        return [_boxes(found or [], numbers, (width, height)) for found, width, height in sizes]

    def turned(self, objects: PlacedBoxes, turn: Turn) -> PlacedBoxes:
        """Boxes in the turned image, as `Turn.boxes` says."""
        return replace(objects, corners=turn.boxes(objects.corners))

    def placed(self, objects: PlacedBoxes, placement: Placement, shapes: Shapes) -> NDArray[np.float32]:
        """Target of each place of the maps: A x 5, as `assignment.assigned` says."""
        cut, is_seen = seen(objects.corners, placement)
        return assigned(cut[is_seen], objects.class_numbers[is_seen], shapes)

    def composed(self, parts: Sequence[Part], shapes: Shapes) -> NDArray[np.float32]:
        """The same of the boxes of all parts, cut at what shows them."""
        shown = [(*one.seen(one.objects.corners), one.objects.class_numbers) for one in seen_parts(parts)]
        boxes = np.concatenate([cut[is_seen] for cut, is_seen, _ in shown])
        return assigned(boxes, np.concatenate([numbers[is_seen] for _, is_seen, numbers in shown]), shapes)

    def training(self, settings: TrainingSettings, train: Sequence[PlacedBoxes], val: Sequence[PlacedBoxes]) -> MapTraining:
        """Short and steep; average precision chooses the epoch if there are enough validation images."""
        can_choose = len(val) >= MIN_VAL_IMAGES and sum(len(one.corners) for one in val) >= MIN_BOXES
        return detector_training(settings, len(train), can_choose=can_choose)

    def new_head(self, shapes: Shapes) -> nn.Module:
        """Pyramid and tower with random weights."""
        from pipeline_tasks.kinds.map_heads.detector import DetectorHead

        return DetectorHead(shapes, len(self.class_names))

    def objective(self, shapes: Shapes) -> BoxObjective:
        """Quality focal loss and GIoU; average precision chooses the epoch."""
        from pipeline_tasks.kinds.boxes.torch_head import BoxObjective

        return BoxObjective(shapes, len(self.class_names))

    def never_shown(self, train: Sequence[PlacedBoxes]) -> tuple[str, ...]:
        """Classes without a training box."""
        shown = {int(number) for one in train for number in one.class_numbers}
        return tuple(name for number, name in enumerate(self.class_names) if number not in shown)

    def head_arrays(self, head: nn.Module, shapes: Shapes) -> dict[str, NDArray[Any]]:
        """Weights and statistics by their names in torch, and the shapes of the maps."""
        return arrays_of(head, shapes)

    def final_head(self, arrays: Arrays) -> FinalHead:
        """The head with its decoding and suppression."""
        from pipeline_tasks.kinds.boxes.torch_head import final_head

        return final_head(*weights_and_shapes(arrays, "detector"), len(self.class_names))

    def head_graph(self, arrays: Arrays, map_names: Sequence[str]) -> onnx.ModelProto:
        """The same as a graph."""
        from pipeline_tasks.kinds.map_heads.torch_head import head_graph

        head = self.final_head(arrays)
        return head_graph(head, head.head.shapes, map_names, BoxDecoding.output_names)

    def check_parity(self, wanted: Sequence[Mapping[str, NDArray[Any]]], found: Sequence[Mapping[str, NDArray[Any]]]) -> float:
        """Greatest difference of two scores; each box must have one of the same class and place.

        Raises:
            ParityError: a box of one is not among those of the other.
        """
        worst = greatest_difference(wanted, found)
        if not worst <= MAX_SCORE_DIFFERENCE:
            raise ParityError(
                f"exported model: wanted PyTorch's boxes (intersection over union at least {MIN_OVERLAP}, scores within "
                f"{MAX_SCORE_DIFFERENCE}), found a difference of {worst:.2e} on {len(found)} images"
            )
        return worst


def _boxes(found: Sequence[Mapping[str, Any]], numbers: Mapping[str, int], size_px: tuple[int, int]) -> PlacedBoxes:
    """Boxes of the rows of `dataset_objects` of one image."""
    rows = [
        [one["x_min_px"], one["y_min_px"], one["x_min_px"] + one["width_px"], one["y_min_px"] + one["height_px"]] for one in found
    ]
    corners = np.clip(np.array(rows, np.float64).reshape(-1, 4), 0, [*size_px, *size_px])
    return PlacedBoxes(corners, np.array([numbers[one["class_name"]] for one in found], np.int64))
