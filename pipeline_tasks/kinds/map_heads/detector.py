"""Anchor-free detector over feature maps in torch: pyramid, shared tower, boxes of its places, and their loss.

Pyramid: Lin et al., "Feature Pyramid Networks" (CVPR 2017). Loss: quality focal loss (Li et al., "Generalized Focal Loss", NeurIPS
2020) and GIoU (Rezatofighi et al., CVPR 2019). Weights of a tower are shared by all maps; each map has its own normalisation. Whole
channels are dropped before the tower in training (Tompson et al., CVPR 2015).
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline_tasks.kinds.map_heads.assignment import ANCHOR_STRIDES, places
from pipeline_tasks.kinds.map_modelling import Shapes

CHANNELS = 64
TOWER = 2
PRIOR = 0.01
"""Score of a place before training."""
DROPPED_RATIO = 0.15
"""Channels of a map that a training step does without, so that the few training images are not learned by heart."""
GIOU_WEIGHT = 2.0
MAX_CLASS_WEIGHT = 4.0
"""Greatest weight of a place of a rare class against one of the commonest."""
SHIFT_UNIT, SIZE_UNIT = 0.1, 0.2
"""Units of the head's numbers, those of Faster R-CNN's code: one step of the training then moves a box by little."""
SIZE_RANGE = 4.0
"""Limit of a box's logarithmic size against its anchor."""


class DetectorHead(nn.Module):
    """A row of maps (N x values) → for each place the logits of the classes, four of a box, and `more`: N x A x (C + 4 + M)."""

    def __init__(self, shapes: Shapes, class_count: int, more: int = 0, channels: int = CHANNELS) -> None:
        """Build the head with random weights."""
        super().__init__()
        self.shapes, self.class_count, self.numbers = shapes, class_count, class_count + 4 + more
        self.lateral = nn.ModuleList(normed(one.channels, channels, 1) for one in shapes)
        self.smooth = nn.ModuleList(normed(channels, channels, 3) for _ in shapes)
        self.tower = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(TOWER))
        self.norms = nn.ModuleList(nn.ModuleList(nn.BatchNorm2d(channels) for _ in shapes) for _ in range(TOWER))
        self.classes = nn.Conv2d(channels, class_count, 3, padding=1)
        self.sides = nn.Conv2d(channels, 4, 3, padding=1)
        self.more = nn.Conv2d(channels, more, 3, padding=1) if more else None
        self.scales = nn.Parameter(torch.ones(len(shapes)))
        nn.init.normal_(self.classes.weight, std=0.01)
        nn.init.normal_(self.sides.weight, std=0.01)
        nn.init.constant_(self.classes.bias, -math.log((1 - PRIOR) / PRIOR))  # type: ignore[arg-type]
        nn.init.zeros_(self.sides.bias)  # type: ignore[arg-type]
        if self.more is not None:
            nn.init.normal_(self.more.weight, std=0.01)
            nn.init.zeros_(self.more.bias)  # type: ignore[arg-type]

    def forward(self, rows: Tensor) -> Tensor:
        """Outputs for rows of maps."""
        return self.of_maps(maps_of(rows, self.shapes))

    def of_maps(self, maps: list[Tensor]) -> Tensor:
        """Outputs for the maps themselves."""
        return self.of_levels(self.levels(maps))

    def levels(self, maps: list[Tensor]) -> list[Tensor]:
        """Features of the pyramid for each map, the finest first."""
        levels = [lateral(one) for lateral, one in zip(self.lateral, maps, strict=True)]
        for number in range(len(levels) - 2, -1, -1):
            size = self.shapes[number].height, self.shapes[number].width
            levels[number] = levels[number] + F.interpolate(levels[number + 1], size=size, mode="nearest")
        return [F.relu(smooth(level)) for smooth, level in zip(self.smooth, levels, strict=True)]

    def of_levels(self, levels: list[Tensor]) -> Tensor:
        """Outputs for the features of the pyramid."""
        outputs = []
        for number, level in enumerate(levels):
            features = F.dropout2d(level, DROPPED_RATIO, self.training)
            for convolution, norms in zip(self.tower, self.norms, strict=True):
                features = F.relu(norms[number](convolution(features)))  # type: ignore[index]
            found = [self.classes(features), self.sides(features) * self.scales[number]]
            found += [] if self.more is None else [self.more(features)]
            # Sizes in numbers: a size to be inferred fails for no image at all.
            count = self.shapes[number].height * self.shapes[number].width
            outputs.append(torch.cat(found, 1).reshape(features.shape[0], self.numbers, count).transpose(1, 2))
        return torch.cat(outputs, 1)


def maps_of(rows: Tensor, shapes: Shapes) -> list[Tensor]:
    """Rows of maps (N x values) taken apart: N x channels x height x width for each shape."""
    parts = torch.split(rows, [one.values for one in shapes], dim=1)
    return [part.reshape(-1, one.channels, one.height, one.width) for part, one in zip(parts, shapes, strict=True)]


def normed(channels: int, out_channels: int, kernel: int) -> nn.Sequential:
    """A convolution with batch normalisation."""
    convolution = nn.Conv2d(channels, out_channels, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(out_channels))


class Boxes(nn.Module):
    """Four numbers a place → x_min, y_min, x_max, y_max in pixels of the square."""

    def __init__(self, shapes: Shapes) -> None:
        """Keep centres and anchors of the places."""
        super().__init__()
        centres, strides = places(shapes)
        self.register_buffer("centres", torch.from_numpy(centres), persistent=False)
        self.register_buffer("anchors", torch.from_numpy(strides[:, np.newaxis] * ANCHOR_STRIDES), persistent=False)

    def forward(self, numbers: Tensor) -> Tensor:
        """Boxes of N x A x 4 numbers: shift in anchors and logarithmic size, in their units."""
        anchors = self.get_buffer("anchors")
        middle = self.get_buffer("centres") + numbers[..., :2] * (anchors * SHIFT_UNIT)
        half = (numbers[..., 2:] * SIZE_UNIT).clamp(-SIZE_RANGE, SIZE_RANGE).exp() * anchors / 2
        return torch.cat([middle - half, middle + half], -1)


def detection_loss(logits: Tensor, boxes: Tensor, targets: Tensor) -> Tensor:
    """Quality focal loss and GIoU of a batch, over the number of places with a box; places of rare classes count more.

    Logits N x A x C and boxes N x A x 4 against N x A x 5 or more: class number, then the corners of the box, as assigned.
    """
    classes = logits.shape[-1]
    is_given = targets[..., 0] >= 0
    count = is_given.sum().clamp(min=1)
    found, wanted = boxes[is_given], targets[is_given][:, 1:5]
    overlap, generalized = overlaps(found, wanted)
    numbers = targets[..., 0][is_given].long()
    of_class = F.one_hot(numbers, classes)
    rarity = class_weights(numbers, classes)
    quality, weights = torch.zeros_like(logits), torch.ones_like(logits)
    quality[is_given] = of_class * overlap.detach().clamp(0, 1)[:, None]
    weights[is_given] = torch.where(of_class > 0, rarity[:, None], 1.0)
    unsure = (logits.sigmoid() - quality).square().detach()
    focal = F.binary_cross_entropy_with_logits(logits, quality, reduction="none") * unsure * weights
    return (focal.sum() + GIOU_WEIGHT * (rarity * (1 - generalized)).sum()) / count


def class_weights(numbers: Tensor, classes: int) -> Tensor:
    """Weight of each place from the class numbers of a batch's places: the root of how much commoner the commonest class is.

    Their mean is 1. Source of the root: Mahajan et al., "Exploring the Limits of Weakly Supervised Pretraining" (ECCV 2018).
    """
    counts = torch.bincount(numbers, minlength=classes).to(torch.float32)
    weights = (counts.max() / counts.clamp(min=1)).sqrt().clamp(max=MAX_CLASS_WEIGHT)[numbers]
    return weights / weights.mean() if len(weights) else weights


def overlaps(boxes: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Intersection over union of pairs of boxes, and the generalised one."""
    low, high = torch.maximum(boxes[:, :2], others[:, :2]), torch.minimum(boxes[:, 2:], others[:, 2:])
    both = (high - low).clamp(min=0).prod(1)
    either = (boxes[:, 2:] - boxes[:, :2]).prod(1) + (others[:, 2:] - others[:, :2]).prod(1) - both
    hull = (torch.maximum(boxes[:, 2:], others[:, 2:]) - torch.minimum(boxes[:, :2], others[:, :2])).prod(1)
    overlap = both / either.clamp(min=1e-6)
    return overlap, overlap - (hull - either) / hull.clamp(min=1e-6)
