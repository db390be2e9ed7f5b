"""Training and export of a head of poses: a detector on the frozen backbone's feature maps whose places also find points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl
from numpy.typing import NDArray

from pipeline_tasks.errors import ParityError
from pipeline_tasks.geometry.placement import Placement
from pipeline_tasks.geometry.turn import Turn
from pipeline_tasks.kinds.keypoints.decode import POINTS, KeypointDecoding
from pipeline_tasks.kinds.keypoints.layout import PointLayout
from pipeline_tasks.kinds.keypoints.likeness import Sigmas
from pipeline_tasks.kinds.keypoints.placed_things import PlacedThings, composed_targets, in_turned_image, targets_of, things_of
from pipeline_tasks.kinds.keypoints.skeleton import Skeleton, points_of_columns
from pipeline_tasks.kinds.map_heads.arrays import arrays_of, weights_and_shapes
from pipeline_tasks.kinds.map_heads.parity import MAX_SCORE_DIFFERENCE, MIN_OVERLAP, greatest_difference
from pipeline_tasks.kinds.map_heads.training_length import detector_training
from pipeline_tasks.kinds.map_modelling import MapTraining, Part, Shapes
from pipeline_tasks.kinds.modelling import Arrays

if TYPE_CHECKING:
    import onnx
    from torch import nn

    from pipeline_tasks.kinds.keypoints.torch_head import FinalHead, PoseObjective
    from pipeline_tasks.settings import TrainingSettings

MIN_THINGS = 10
"""Things without which nothing is trained."""
MIN_VAL_IMAGES = 10
"""Validation images for choosing an epoch; with fewer, the choice would be chance."""
MAX_EXAMPLES = 3000
"""More images get fewer views; targets of 17 points take 0.5 MB a view, beside its maps."""


@dataclass(frozen=True)
class KeypointModelling:
    """Training and export of a head of poses for these classes and points."""

    points: Mapping[str, Sequence[str]]
    """Class → its points, in order."""
    sigmas: Sigmas
    mirrored_pairs: Mapping[str, Sequence[Sequence[str]]] | None = None
    """Class → points that change places in a mirror; None if views must not be mirrored."""

    @property
    def may_mirror(self) -> bool:
        """Return True if it is known which point of a mirrored thing is which."""
        return self.mirrored_pairs is not None

    def why_not_train(self, rows: pl.DataFrame) -> str:
        """Reason: too few things."""
        things = sum(len(one) for one in rows["objects"].to_list() if one) if "objects" in rows.columns else 0
        if things >= MIN_THINGS:
            return ""
        return f"a model of keypoints needs at least {MIN_THINGS} things in its training images, the version has {things}"

    def objects(self, rows: pl.DataFrame) -> list[PlacedThings]:
        """Things of each row; an empty image has none."""
        sizes = zip(rows["objects"].to_list(), rows["width_px"].to_list(), rows["height_px"].to_list(), strict=True)
        return [things_of(_skeletons(found or []), self._layout, (width, height)) for found, width, height in sizes]

    def turned(self, objects: PlacedThings, turn: Turn) -> PlacedThings:
        """Boxes and points in the turned image."""
        return in_turned_image(objects, turn)

    def placed(self, objects: PlacedThings, placement: Placement, shapes: Shapes) -> NDArray[Any]:
        """Target of each place of the maps, as `placed_things.targets_of` says."""
        return targets_of(objects, placement, shapes, self._layout.mirrored(self.mirrored_pairs or {}))

    def composed(self, parts: Sequence[Part], shapes: Shapes) -> NDArray[Any]:
        """The same of several images, as `placed_things.composed_targets` says."""
        return composed_targets(parts, shapes, self._layout.mirrored(self.mirrored_pairs or {}))

    def training(self, settings: TrainingSettings, train: Sequence[PlacedThings], val: Sequence[PlacedThings]) -> MapTraining:
        """As long as a detector's; average precision by OKS chooses the epoch if there are enough validation images."""
        can_choose = len(val) >= MIN_VAL_IMAGES and sum(len(one.corners) for one in val) >= MIN_THINGS
        return detector_training(settings, len(train), can_choose=can_choose, max_examples=MAX_EXAMPLES)

    def new_head(self, shapes: Shapes) -> nn.Module:
        """Pyramid and tower with random weights."""
        from pipeline_tasks.kinds.keypoints.torch_head import PoseHead

        return PoseHead(shapes, self._layout)

    def objective(self, shapes: Shapes) -> PoseObjective:
        """Loss of boxes, points and presence."""
        from pipeline_tasks.kinds.keypoints.torch_head import PoseObjective

        spreads = [self.sigmas[name][point] for name, points in self.points.items() for point in points]
        return PoseObjective(shapes, self._layout, spreads)

    def never_shown(self, train: Sequence[PlacedThings]) -> tuple[str, ...]:
        """Classes without a training thing."""
        shown = {int(number) for one in train for number in one.class_numbers}
        return tuple(name for number, name in enumerate(self.points) if number not in shown)

    def head_arrays(self, head: nn.Module, shapes: Shapes) -> dict[str, NDArray[Any]]:
        """Weights and statistics by their names in torch, and the shapes of the maps."""
        return arrays_of(head, shapes)

    def final_head(self, arrays: Arrays) -> FinalHead:
        """The head with its decoding and suppression."""
        from pipeline_tasks.kinds.keypoints.torch_head import final_head

        return final_head(*weights_and_shapes(arrays, "head of poses"), self._layout)

    def head_graph(self, arrays: Arrays, map_names: Sequence[str]) -> onnx.ModelProto:
        """The same as a graph."""
        from pipeline_tasks.kinds.map_heads.torch_head import head_graph

        head = self.final_head(arrays)
        return head_graph(head, head.head.shapes, map_names, KeypointDecoding.output_names)

    def check_parity(self, wanted: Sequence[Mapping[str, NDArray[Any]]], found: Sequence[Mapping[str, NDArray[Any]]]) -> float:
        """Greatest difference of two scores or places of points; each thing must have one of the same class and box.

        Raises:
            ParityError: a thing of one is not among those of the other.
        """
        worst = greatest_difference(wanted, found, POINTS)
        if not worst <= MAX_SCORE_DIFFERENCE:
            raise ParityError(
                f"exported model: wanted PyTorch's things (intersection over union at least {MIN_OVERLAP}, scores and points "
                f"within {MAX_SCORE_DIFFERENCE}), found a difference of {worst:.2e} on {len(found)} images"
            )
        return worst

    @property
    def _layout(self) -> PointLayout:
        return PointLayout(self.points)


def _skeletons(rows: Sequence[Mapping[str, Any]]) -> list[Skeleton]:
    """Things of the rows of `dataset_objects` of one image."""
    return [
        Skeleton(
            one["class_name"],
            points_of_columns(one["points_px"], one["text"]),
            one["x_min_px"],
            one["y_min_px"],
            one["width_px"],
            one["height_px"],
        )
        for one in rows
    ]
