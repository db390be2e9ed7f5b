"""Training and export of a detector: an anchor-free head on the frozen backbone's feature maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline_tasks.errors import ModelError, ParityError
from pipeline_tasks.geometry.placement import Placement
from pipeline_tasks.kinds.boxes.assignment import assigned
from pipeline_tasks.kinds.boxes.decode import BOXES, CLASS_NUMBERS, SCORES, BoxDecoding
from pipeline_tasks.kinds.map_modelling import MapShape, MapTraining, Shapes
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
MIN_VISIBLE_RATIO = 0.35
"""Part of a box that a view must still show; what is cut more is not asked for."""
MIN_SIDE_PX = 2.0
"""Side of a box in the square below which it cannot be found."""
MAX_SCORE_DIFFERENCE = 1e-3
MIN_OVERLAP = 0.999
_SHAPES = "map_shapes"


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

    def placed(self, objects: PlacedBoxes, placement: Placement, shapes: Shapes) -> NDArray[np.float32]:
        """Target of each place of the maps: A x 5, as `assignment.assigned` says."""
        corners = placement.boxes(objects.corners)
        cut = np.clip(corners, 0, placement.side_px)
        sides = cut[:, 2:] - cut[:, :2]
        areas = (corners[:, 2:] - corners[:, :2]).prod(axis=1)
        is_seen = (sides.min(axis=1, initial=np.inf) >= MIN_SIDE_PX) & (sides.prod(axis=1) >= MIN_VISIBLE_RATIO * areas)
        return assigned(cut[is_seen].astype(np.float32), objects.class_numbers[is_seen], shapes)

    def training(self, settings: TrainingSettings, train: Sequence[PlacedBoxes], val: Sequence[PlacedBoxes]) -> MapTraining:
        """Short and steep: the pyramid is small, and its features are good."""
        wanted = settings.augmented_views * 2 if len(train) < FEW_IMAGES else settings.augmented_views
        views = min(wanted, max(MAX_EXAMPLES // len(train) - 1, 0))
        steps_an_epoch = -(-len(train) * (1 + views) // BATCH_SIZE)
        enough = max(MIN_EPOCHS, -(-MIN_STEPS // steps_an_epoch))
        epochs = min(settings.max_epochs, enough, max(MAX_STEPS // steps_an_epoch, 1))
        can_choose = len(val) >= MIN_VAL_IMAGES and sum(len(one.corners) for one in val) >= MIN_BOXES
        return MapTraining(
            views=views,
            epochs=epochs,
            patience_epochs=epochs if can_choose else None,
            batch_size=BATCH_SIZE,
            learning_rate=settings.learning_rate * LEARNING_RATE_RATIO,
            weight_decay=settings.weight_decay * WEIGHT_DECAY_RATIO,
            warm_up_steps=WARM_UP_STEPS,
            averaging=AVERAGING,
        )

    def new_head(self, shapes: Shapes) -> nn.Module:
        """Pyramid and tower with random weights."""
        from pipeline_tasks.kinds.boxes.torch_head import DetectorHead

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
        arrays = {name: tensor.detach().numpy() for name, tensor in head.state_dict().items()}
        return arrays | {_SHAPES: np.array([[one.channels, one.height, one.width, one.stride] for one in shapes], np.int64)}

    def final_head(self, arrays: Arrays) -> FinalHead:
        """The head with its decoding and suppression."""
        from pipeline_tasks.kinds.boxes.torch_head import final_head

        if _SHAPES not in arrays:
            raise ModelError(f"head: wanted the weights of a detector with {_SHAPES}, found {sorted(arrays)[:4]}")
        shapes = tuple(MapShape(*(int(one) for one in row)) for row in arrays[_SHAPES])
        weights = {name: values for name, values in arrays.items() if name != _SHAPES}
        return final_head(weights, shapes, len(self.class_names))

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
        worst = max((_difference(one, other) for one, other in zip(wanted, found, strict=True)), default=0.0)
        if not worst <= MAX_SCORE_DIFFERENCE:
            raise ParityError(
                f"exported model: wanted PyTorch's boxes (intersection over union at least {MIN_OVERLAP}, scores within "
                f"{MAX_SCORE_DIFFERENCE}), found a difference of {worst:.2e} on {len(found)} images"
            )
        return worst


BATCH_SIZE = 8
FEW_IMAGES = 150
"""Fewer training images than these get twice the views."""
MIN_EPOCHS = 4
MIN_STEPS = 400
MAX_STEPS = 2500
"""Of large sets: about 10 minutes on one core."""
MAX_EXAMPLES = 6000
"""More images get fewer views; they are each other's variety, and a view takes 0.3 MB and 0.05 s."""
LEARNING_RATE_RATIO = 2 / 3
"""Of the setting, whose default is a linear layer's: 2e-3."""
WEIGHT_DECAY_RATIO = 2.0
WARM_UP_STEPS = 30
AVERAGING = 0.98


def _boxes(found: Sequence[Mapping[str, Any]], numbers: Mapping[str, int], size_px: tuple[int, int]) -> PlacedBoxes:
    """Boxes of the rows of `dataset_objects` of one image."""
    rows = [
        [one["x_min_px"], one["y_min_px"], one["x_min_px"] + one["width_px"], one["y_min_px"] + one["height_px"]] for one in found
    ]
    corners = np.clip(np.array(rows, np.float64).reshape(-1, 4), 0, [*size_px, *size_px])
    return PlacedBoxes(corners, np.array([numbers[one["class_name"]] for one in found], np.int64))


def _difference(one: Mapping[str, NDArray[Any]], other: Mapping[str, NDArray[Any]]) -> float:
    """Greatest difference of the scores of the same box in both; infinite if a box of one is missing in the other."""
    return max(_lost(one, other), _lost(other, one))


def _lost(one: Mapping[str, NDArray[Any]], other: Mapping[str, NDArray[Any]]) -> float:
    worst = 0.0
    there = other[SCORES] > 0
    for box, score, number in zip(one[BOXES], one[SCORES], one[CLASS_NUMBERS], strict=True):
        # A box that is hardly above the lowest score may be below it in the other.
        if score <= 0.01 + MAX_SCORE_DIFFERENCE:
            continue
        is_same = there & (other[CLASS_NUMBERS] == number) & (_overlaps(box, other[BOXES]) >= MIN_OVERLAP)
        worst = max(worst, float(np.abs(other[SCORES][is_same] - score).min(initial=np.inf)))
    return worst


def _overlaps(box: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.float64]:
    low, high = np.maximum(boxes[:, :2], box[:2]).astype(np.float64), np.minimum(boxes[:, 2:], box[2:]).astype(np.float64)
    both = np.clip(high - low, 0, None).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).astype(np.float64).prod(axis=1) + float((box[2:] - box[:2]).prod()) - both
    overlaps: NDArray[np.float64] = both / np.maximum(areas, 1e-12)
    return overlaps
