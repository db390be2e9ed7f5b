"""Training and export of a segmenter: a light decoder on the frozen backbone's feature maps. Masks of a class are one region."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline_tasks.errors import ParityError
from pipeline_tasks.geometry.placement import Placement
from pipeline_tasks.geometry.run_lengths import Size, merge
from pipeline_tasks.geometry.turn import Turn
from pipeline_tasks.kinds.map_heads.arrays import arrays_of, weights_and_shapes
from pipeline_tasks.kinds.map_modelling import MapTraining, Part, Shapes
from pipeline_tasks.kinds.masks.covers import Grid, ImageMasks, covers, turned_rle
from pipeline_tasks.kinds.masks.decode import SHARES, MaskDecoding
from pipeline_tasks.kinds.modelling import Arrays

if TYPE_CHECKING:
    import onnx
    from torch import nn

    from pipeline_tasks.kinds.masks.torch_head import FinalHead, MaskObjective
    from pipeline_tasks.settings import TrainingSettings

MIN_IMAGES = 10
"""Training images with a mask without which nothing is trained."""
MIN_VAL_IMAGES = 10
"""Validation images with a mask for choosing an epoch; with fewer, the choice would be chance."""
BATCH_SIZE = 8
FEW_IMAGES = 150
"""Fewer training images than these get twice the views."""
MIN_EPOCHS = 4
MIN_STEPS, MAX_STEPS = 400, 1500
LEARNING_RATE_RATIO = 4 / 3
"""Of the setting, whose default is a linear layer's: 4e-3."""
WEIGHT_DECAY_RATIO = 2.0
WARM_UP_STEPS = 30
AVERAGING = 0.98
MAX_DIFFERENCE = 1e-3
NOTHING = -1
"""Number of the class of empty images."""


@dataclass(frozen=True)
class MaskModelling:
    """Training and export of a segmenter of these classes."""

    class_names: tuple[str, ...]
    may_mirror = True

    def why_not_train(self, rows: pl.DataFrame) -> str:
        """Reason: too few images with a mask."""
        images = sum(bool(one) for one in rows["objects"].to_list()) if "objects" in rows.columns else 0
        if images >= MIN_IMAGES:
            return ""
        return f"a segmenter needs at least {MIN_IMAGES} training images with a mask, the version has {images}"

    def objects(self, rows: pl.DataFrame) -> list[ImageMasks]:
        """Pixels of the classes of each row; an empty image has none."""
        numbers = {name: number for number, name in enumerate(self.class_names)}
        sizes = zip(rows["objects"].to_list(), rows["width_px"].to_list(), rows["height_px"].to_list(), strict=True)
        return [_masks(found or [], numbers, (width, height)) for found, width, height in sizes]

    def turned(self, objects: ImageMasks, turn: Turn) -> ImageMasks:
        """Pixels in the turned image."""
        by_class = {number: turned_rle(rle, objects.size_px, turn) for number, rle in objects.by_class.items()}
        return ImageMasks(turn.size_px, by_class)

    def placed(self, objects: ImageMasks, placement: Placement, shapes: Shapes) -> NDArray[np.uint8]:
        """Covered shares of the cells, as `covers.covers` says."""
        finest = shapes[0]
        return covers(objects, placement, Grid((2 * finest.width, 2 * finest.height), finest.stride / 2), len(self.class_names))

    def composed(self, parts: Sequence[Part], shapes: Shapes) -> NDArray[np.uint8]:
        """The same, each cell of the part that is shown there."""
        targets = [self.placed(one.objects, one.placement, shapes) for one in parts]
        found, cell_px = np.zeros_like(targets[0]), shapes[0].stride // 2
        for part, target in zip(parts, targets, strict=True):
            left, top, right, bottom = (edge // cell_px for edge in part.window)
            found[:, top:bottom, left:right] = target[:, top:bottom, left:right]
        return found

    def training(self, settings: TrainingSettings, train: Sequence[ImageMasks], val: Sequence[ImageMasks]) -> MapTraining:
        """Short and steep: the decoder is small, and its features are good."""
        views = settings.augmented_views * 2 if len(train) < FEW_IMAGES else settings.augmented_views
        steps_an_epoch = -(-len(train) * (1 + views) // BATCH_SIZE)
        epochs = max(MIN_EPOCHS, -(-MIN_STEPS // steps_an_epoch))
        epochs = max(1, min(settings.max_epochs, epochs, MAX_STEPS // steps_an_epoch))
        can_choose = sum(bool(one.by_class) for one in val) >= MIN_VAL_IMAGES
        return MapTraining(
            views=views,
            epochs=epochs,
            patience_epochs=epochs if can_choose else None,
            batch_size=BATCH_SIZE,
            learning_rate=settings.learning_rate * LEARNING_RATE_RATIO,
            weight_decay=settings.weight_decay * WEIGHT_DECAY_RATIO,
            warm_up_steps=WARM_UP_STEPS,
            averaging=AVERAGING,
            shares=balanced(train) if settings.balance_classes else None,
        )

    def new_head(self, shapes: Shapes) -> nn.Module:
        """Decoder with random weights."""
        from pipeline_tasks.kinds.masks.torch_head import SegmenterHead

        return SegmenterHead(shapes, len(self.class_names))

    def objective(self, shapes: Shapes) -> MaskObjective:
        """Cross-entropy and dice; mean IoU chooses the epoch."""
        from pipeline_tasks.kinds.masks.torch_head import MaskObjective

        return MaskObjective()

    def never_shown(self, train: Sequence[ImageMasks]) -> tuple[str, ...]:
        """Classes without a training pixel."""
        shown = {number for one in train for number in one.by_class}
        return tuple(name for number, name in enumerate(self.class_names) if number not in shown)

    def head_arrays(self, head: nn.Module, shapes: Shapes) -> dict[str, NDArray[Any]]:
        """Weights and statistics by their names in torch, and the shapes of the maps."""
        return arrays_of(head, shapes)

    def final_head(self, arrays: Arrays) -> FinalHead:
        """The head with its softmax."""
        from pipeline_tasks.kinds.masks.torch_head import final_head

        return final_head(*weights_and_shapes(arrays, "segmenter"), len(self.class_names))

    def head_graph(self, arrays: Arrays, map_names: Sequence[str]) -> onnx.ModelProto:
        """The same as a graph."""
        from pipeline_tasks.kinds.map_heads.torch_head import head_graph

        head = self.final_head(arrays)
        return head_graph(head, head.head.shapes, map_names, MaskDecoding.output_names)

    def check_parity(self, wanted: Sequence[Mapping[str, NDArray[Any]]], found: Sequence[Mapping[str, NDArray[Any]]]) -> float:
        """Greatest difference of two shares.

        Raises:
            ParityError: a share differs by more than MAX_DIFFERENCE.
        """
        pairs = zip(wanted, found, strict=True)
        worst = max((float(np.abs(one[SHARES] - other[SHARES]).max()) for one, other in pairs), default=0.0)
        if not worst <= MAX_DIFFERENCE:
            raise ParityError(
                f"exported model: wanted shares within {MAX_DIFFERENCE} of PyTorch's, found a difference of {worst:.2e} on "
                f"{len(found)} images"
            )
        return worst


def balanced(images: Sequence[ImageMasks]) -> tuple[float, ...]:
    """Relative frequency of each image: the higher, the fewer images have its rarest class; empty images are a class of their own.

    The square root lies between the images as they are and as many draws of each class (Mahajan et al., "Exploring the Limits of
    Weakly Supervised Pretraining", ECCV 2018).
    """
    counts = Counter(number for one in images for number in one.by_class or [NOTHING])
    return tuple(min(counts[number] for number in one.by_class or [NOTHING]) ** -0.5 for one in images)


def _masks(objects: Sequence[Mapping[str, Any]], numbers: Mapping[str, int], size_px: Size) -> ImageMasks:
    """Masks of the rows of `dataset_objects` of one image; those of one class are united."""
    found: dict[int, list[str]] = {}
    for one in objects:
        found.setdefault(numbers[one["class_name"]], []).append(one["mask_rle"])
    return ImageMasks(size_px, {number: merge(rles) for number, rles in sorted(found.items())})
