"""Anchor-free detector over feature maps in torch: pyramid, shared tower, loss, and the final head with suppression.

Pyramid: Lin et al., "Feature Pyramid Networks" (CVPR 2017). Loss: quality focal loss (Li et al., "Generalized Focal Loss", NeurIPS
2020) and GIoU (Rezatofighi et al., CVPR 2019). Weights of a tower are shared by all maps; each map has its own normalisation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline_tasks.kinds.boxes.assignment import ANCHOR_STRIDES, places
from pipeline_tasks.kinds.boxes.validation import average_precision
from pipeline_tasks.kinds.map_modelling import Shapes
from pipeline_tasks.kinds.modelling import Metrics

CHANNELS = 64
TOWER = 2
PRIOR = 0.01
"""Score of a place before training."""
GIOU_WEIGHT = 2.0
CANDIDATES = 500
"""Most likely places and classes of an image that suppression looks at."""
OUTPUTS = 200
"""Boxes an image in the file's output."""
MIN_SCORE = 0.01
"""Boxes of a lower score are no boxes."""
MAX_OVERLAP = 0.6
"""Two boxes of one class with a greater intersection over union are one."""
ROUNDS = 12
"""Rounds of suppression; a chain of boxes that suppress each other longer than this is cut."""
SHIFT_UNIT, SIZE_UNIT = 0.1, 0.2
"""Units of the head's numbers, those of Faster R-CNN's code: one step of the training then moves a box by little."""
SIZE_RANGE = 4.0
"""Limit of a box's logarithmic size against its anchor."""


class DetectorHead(nn.Module):
    """A row of maps (N x values) → for each place the logits of the classes and four numbers of a box (N x A x (C + 4))."""

    def __init__(self, shapes: Shapes, class_count: int, channels: int = CHANNELS) -> None:
        """Build the head with random weights."""
        super().__init__()
        self.shapes, self.class_count = shapes, class_count
        self.lateral = nn.ModuleList(_normed(one.channels, channels, 1) for one in shapes)
        self.smooth = nn.ModuleList(_normed(channels, channels, 3) for _ in shapes)
        self.tower = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1, bias=False) for _ in range(TOWER))
        self.norms = nn.ModuleList(nn.ModuleList(nn.BatchNorm2d(channels) for _ in shapes) for _ in range(TOWER))
        self.classes = nn.Conv2d(channels, class_count, 3, padding=1)
        self.sides = nn.Conv2d(channels, 4, 3, padding=1)
        self.scales = nn.Parameter(torch.ones(len(shapes)))
        nn.init.normal_(self.classes.weight, std=0.01)
        nn.init.normal_(self.sides.weight, std=0.01)
        nn.init.constant_(self.classes.bias, -math.log((1 - PRIOR) / PRIOR))  # type: ignore[arg-type]
        nn.init.zeros_(self.sides.bias)  # type: ignore[arg-type]

    def forward(self, rows: Tensor) -> Tensor:
        """Outputs for rows of maps."""
        parts = torch.split(rows, [one.values for one in self.shapes], dim=1)
        maps = [part.reshape(-1, one.channels, one.height, one.width) for part, one in zip(parts, self.shapes, strict=True)]
        return self.of_maps(maps)

    def of_maps(self, maps: list[Tensor]) -> Tensor:
        """Outputs for the maps themselves."""
        levels = [lateral(one) for lateral, one in zip(self.lateral, maps, strict=True)]
        for number in range(len(levels) - 2, -1, -1):
            size = self.shapes[number].height, self.shapes[number].width
            levels[number] = levels[number] + F.interpolate(levels[number + 1], size=size, mode="nearest")
        outputs = []
        for number, level in enumerate(levels):
            features = F.relu(self.smooth[number](level))
            for convolution, norms in zip(self.tower, self.norms, strict=True):
                features = F.relu(norms[number](convolution(features)))  # type: ignore[index]
            found = torch.cat([self.classes(features), self.sides(features) * self.scales[number]], 1)
            # Sizes in numbers: a size to be inferred fails for no image at all.
            count = self.shapes[number].height * self.shapes[number].width
            outputs.append(found.reshape(found.shape[0], self.class_count + 4, count).transpose(1, 2))
        return torch.cat(outputs, 1)


def _normed(channels: int, out_channels: int, kernel: int) -> nn.Sequential:
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


class BoxObjective:
    """Quality focal loss and GIoU."""

    def __init__(self, shapes: Shapes, class_count: int) -> None:
        """Know where the places are."""
        self.module: nn.Module = Boxes(shapes)
        self.class_count = class_count

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Loss of a batch: N x A x (C + 4) against N x A x 5, over the number of places with a box."""
        logits, boxes = outputs[..., : self.class_count], self.module(outputs[..., self.class_count :])
        is_given = targets[..., 0] >= 0
        count = is_given.sum().clamp(min=1)
        found, wanted = boxes[is_given], targets[is_given][:, 1:]
        overlap, generalized = overlaps(found, wanted)
        quality = torch.zeros_like(logits)
        numbers = targets[..., 0][is_given].long()
        quality[is_given] = F.one_hot(numbers, self.class_count) * overlap.detach().clamp(0, 1)[:, None]
        unsure = (logits.sigmoid() - quality).square().detach()
        focal = F.binary_cross_entropy_with_logits(logits, quality, reduction="none") * unsure
        return (focal.sum() + GIOU_WEIGHT * (1 - generalized).sum()) / count

    def metrics(self, outputs: Tensor, targets: Tensor) -> Metrics:
        """Loss, average precision, and what is missing to 1, which chooses the epoch."""
        loss = self.loss(outputs, targets).item()
        scores = outputs[..., : self.class_count].sigmoid()
        boxes = self.module(outputs[..., self.class_count :])
        candidates = min(CANDIDATES, scores.shape[1] * self.class_count)
        found = [suppressed(scores[[one]], boxes[[one]], candidates, min(OUTPUTS, candidates)) for one in range(len(scores))]
        precision = average_precision([[part[0].numpy() for part in one] for one in found], [one.numpy() for one in targets])
        return {"val_loss": loss, "val_scaled_loss": 1 - precision, "val_ap": precision}


def overlaps(boxes: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Intersection over union of pairs of boxes, and the generalised one."""
    low, high = torch.maximum(boxes[:, :2], others[:, :2]), torch.minimum(boxes[:, 2:], others[:, 2:])
    both = (high - low).clamp(min=0).prod(1)
    either = (boxes[:, 2:] - boxes[:, :2]).prod(1) + (others[:, 2:] - others[:, :2]).prod(1) - both
    hull = (torch.maximum(boxes[:, 2:], others[:, 2:]) - torch.minimum(boxes[:, :2], others[:, :2])).prod(1)
    overlap = both / either.clamp(min=1e-6)
    return overlap, overlap - (hull - either) / hull.clamp(min=1e-6)


class FinalHead(nn.Module):
    """Maps → the best boxes of each image after suppression: boxes in shares of the square, scores, class numbers.

    N x B x 4, N x B and N x B, the highest score first; rows without a box have a score of 0. Plain operations only, so that every
    runtime gives the same for any N.
    """

    def __init__(self, head: DetectorHead, side_px: int) -> None:
        """Add decoding and suppression to a head."""
        super().__init__()
        self.head, self.boxes, self.side_px = head, Boxes(head.shapes), side_px
        places_count = sum(one.height * one.width for one in head.shapes)
        self.candidates = min(CANDIDATES, places_count * head.class_count)
        self.count = min(OUTPUTS, self.candidates)

    def forward(self, *maps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Find the boxes."""
        outputs, classes = self.head.of_maps(list(maps)), self.head.class_count
        boxes = (self.boxes(outputs[..., classes:]) / self.side_px).clamp(0, 1)
        return suppressed(outputs[..., :classes].sigmoid(), boxes, self.candidates, self.count)


def suppressed(scores: Tensor, boxes: Tensor, candidates: int, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Suppress the less likely of boxes (N x A x 4, scores N x A x C) that overlap; return boxes, scores and class numbers."""
    places_count, classes = int(scores.shape[1]), int(scores.shape[2])
    best, rows = scores.reshape(scores.shape[0], places_count * classes).topk(candidates, dim=1)
    class_numbers = rows % classes
    boxes = boxes.gather(1, (rows // classes)[..., None].expand(-1, -1, 4))
    # Sorted by score, so the rows above decide. What is suppressed suppresses nothing: repeated until nothing changes.
    rivals = (_matrix(boxes) > MAX_OVERLAP) & (class_numbers[:, :, None] == class_numbers[:, None, :])
    above = rivals.to(best.dtype) * torch.ones(candidates, candidates).tril(-1)
    kept = torch.ones_like(best)
    for _ in range(ROUNDS):
        kept = ((above @ kept[..., None])[..., 0] < 0.5).to(best.dtype)
    kept = kept * (best >= MIN_SCORE).to(best.dtype)
    best, order = (best * kept).topk(count, dim=1)
    return boxes.gather(1, order[..., None].expand(-1, -1, 4)), best, class_numbers.gather(1, order)


def _matrix(boxes: Tensor) -> Tensor:
    """Intersection over union of all pairs of an image's boxes: N x K x 4 → N x K x K."""
    one, other = boxes[:, :, None], boxes[:, None]
    low, high = torch.maximum(one[..., :2], other[..., :2]), torch.minimum(one[..., 2:], other[..., 2:])
    sides = (high - low).clamp(min=0)
    both = sides[..., 0] * sides[..., 1]
    areas = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    return both / (areas[:, :, None] + areas[:, None] - both).clamp(min=1e-12)


def final_head(weights: Mapping[str, NDArray[np.generic]], shapes: Shapes, class_count: int) -> FinalHead:
    """The final head with these weights, in evaluation mode."""
    head = DetectorHead(shapes, class_count)
    head.load_state_dict({name: torch.from_numpy(np.array(values)) for name, values in weights.items()})
    return FinalHead(head, max(shapes[0].height, shapes[0].width) * shapes[0].stride).eval()
