"""Segmenter over feature maps in torch: a light decoder, its loss, and the exported head.

Decoder: from the coarsest map to the finest, each added to what comes from below (Ronneberger et al., "U-Net", MICCAI 2015; added
as in Lin et al., CVPR 2017), then once more to half the finest map's stride. Whether a cell is of anything is one number, which the
cells of all classes teach; of what it is, a coarser map says too, which sees more around it. Whole channels are dropped in training
(Tompson et al., CVPR 2015). Loss: cross-entropy against shares of covered cells, and dice (Milletari et al., "V-Net", 3DV 2016).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline_tasks.kinds.map_modelling import Shapes
from pipeline_tasks.kinds.masks.covers import WHOLE
from pipeline_tasks.kinds.modelling import Metrics

CHANNELS, FINE_CHANNELS = 64, 32
CONTEXT_LEVEL = 1
"""Number of the map, from the finest, that says of what a cell is."""
DROPPED_RATIO = 0.2
"""Channels that a training step does without, so that the few training images are not learned by heart."""
DICE_WEIGHT = 1.0
MAX_WEIGHT = 10.0
"""Greatest weight of a cell of a rare class against one of the commonest."""


class SegmenterHead(nn.Module):
    """A row of maps (N x values) → logits of nothing and of each class at half the finest stride: N x (1 + C) x h x w.

    The finest cells are most of them, so they have fewer channels, reduced before they are enlarged.
    """

    def __init__(self, shapes: Shapes, class_count: int, channels: int = CHANNELS, fine_channels: int = FINE_CHANNELS) -> None:
        """Build the head with random weights."""
        super().__init__()
        self.shapes, self.class_count = shapes, class_count
        self.lateral = nn.ModuleList(_normed(one.channels, channels, 1) for one in shapes)
        self.smooth = nn.ModuleList(_normed(channels, channels, 3) for _ in shapes)
        self.reduce = nn.Conv2d(channels, fine_channels, 1, bias=False)
        self.fine = _normed(fine_channels, fine_channels, 3)
        self.anything = nn.Conv2d(fine_channels, 1, 1)
        self.classes = nn.Conv2d(fine_channels, class_count, 1)
        self.context = nn.Conv2d(channels, class_count, 1)

    def forward(self, rows: Tensor) -> Tensor:
        """Logits for rows of maps."""
        parts = torch.split(rows, [one.values for one in self.shapes], dim=1)
        maps = [part.reshape(-1, one.channels, one.height, one.width) for part, one in zip(parts, self.shapes, strict=True)]
        return self.of_maps(maps)

    def of_maps(self, maps: list[Tensor]) -> Tensor:
        """Logits for the maps themselves."""
        levels = self.levels(maps)
        finest, context = levels[0], levels[min(CONTEXT_LEVEL, len(levels) - 1)]
        size = 2 * self.shapes[0].height, 2 * self.shapes[0].width
        reduced = self.reduce(F.dropout2d(finest, DROPPED_RATIO, self.training))
        fine = F.relu(self.fine(_larger(reduced, size)))
        classes = self.classes(fine) + _larger(self.context(F.dropout2d(context, DROPPED_RATIO, self.training)), size)
        anything = self.anything(fine)
        return torch.cat([torch.zeros_like(anything), anything + classes.log_softmax(1)], 1)

    def levels(self, maps: list[Tensor]) -> list[Tensor]:
        """Features for each map, the finest first."""
        features = F.relu(self.smooth[-1](F.relu(self.lateral[-1](maps[-1]))))
        levels = [features]
        for number in range(len(maps) - 2, -1, -1):
            shape = self.shapes[number]
            here = self.lateral[number](maps[number]) + _larger(features, (shape.height, shape.width))
            features = F.relu(self.smooth[number](F.relu(here)))
            levels.insert(0, features)
        return levels


def _larger(features: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(features, size=size, mode="bilinear", align_corners=False)


def _normed(channels: int, out_channels: int, kernel: int) -> nn.Sequential:
    convolution = nn.Conv2d(channels, out_channels, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(out_channels))


class MaskObjective:
    """Weighted cross-entropy and dice."""

    def __init__(self) -> None:
        """Have no state."""
        self.module: nn.Module = nn.Module()

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Loss of a batch: logits N x (1 + C) x h x w against covers of that shape."""
        image, wanted = _shares(targets)
        weights = _weights(wanted)[None, :, None, None] * wanted
        entropy = -(weights * outputs.log_softmax(1)).sum() / weights.sum().clamp(min=1)
        found = outputs.softmax(1) * image
        both, either = (found * wanted).sum((0, 2, 3)), (found + wanted).sum((0, 2, 3))
        is_there = wanted.sum((0, 2, 3)) > 0
        dice = 1 - (2 * both + 1) / (either + 1)
        return entropy + DICE_WEIGHT * dice[is_there].mean()

    def metrics(self, outputs: Tensor, targets: Tensor) -> Metrics:
        """Loss, mean IoU of cells over nothing and the classes that are there, and what is missing to 1."""
        image, wanted = _shares(targets)
        is_image = image[:, 0] > 0.5
        found, truth = outputs.argmax(1)[is_image], wanted.argmax(1)[is_image]
        names = outputs.shape[1]
        pairs = torch.bincount(truth * names + found, minlength=names * names).reshape(names, names).double()
        union = pairs.sum(0) + pairs.sum(1) - pairs.diag()
        is_there = pairs.sum(1) > 0
        iou = (pairs.diag() / union.clamp(min=1))[is_there].mean().item()
        return {"val_loss": self.loss(outputs, targets).item(), "val_scaled_loss": 1 - iou, "val_miou": iou}


def _weights(wanted: Tensor) -> Tensor:
    """Weight of each name in a batch: the rarer its cells, the more each counts."""
    cells = wanted.sum((0, 2, 3))
    return (cells.max() / cells.clamp(min=1)).sqrt().clamp(max=MAX_WEIGHT)


def _shares(targets: Tensor) -> tuple[Tensor, Tensor]:
    """Share of each cell inside the image (N x 1 x h x w), and shares of nothing and of each class."""
    shares = targets.float() / WHOLE
    image, classes = shares[:, :1], shares[:, 1:]
    # Classes that overlap share what they cover.
    classes = classes * (image / classes.sum(1, keepdim=True).clamp(min=1e-6)).clamp(max=1)
    return image, torch.cat([(image - classes.sum(1, keepdim=True)).clamp(min=0), classes], 1)


class FinalHead(nn.Module):
    """Maps → shares of nothing and of each class: float32 N x (1 + C) x h x w, adding up to 1."""

    def __init__(self, head: SegmenterHead) -> None:
        """Add the softmax to a head."""
        super().__init__()
        self.head = head

    def forward(self, *maps: Tensor) -> tuple[Tensor]:
        """Shares of the cells, the one output."""
        return (self.head.of_maps(list(maps)).softmax(1),)


def final_head(weights: Mapping[str, NDArray[np.generic]], shapes: Shapes, class_count: int) -> FinalHead:
    """The final head with these weights, in evaluation mode."""
    head = SegmenterHead(shapes, class_count)
    head.load_state_dict({name: torch.from_numpy(np.array(values)) for name, values in weights.items()})
    return FinalHead(head).eval()
