"""Head of poses in torch: a detector whose places also find the points of their thing; loss, and the final head.

As in single-stage pose heads (Maji et al., "YOLO-Pose", CVPR Workshops 2022) a place says where each point is, against its own
centre, and how likely it is in the image. Loss of a point: the logarithm of 1 + e, for the exponent e of its OKS; near the
truth it is that of OKS, and it still pulls from afar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline_tasks.kinds.keypoints.layout import PointLayout
from pipeline_tasks.kinds.map_heads.assignment import ANCHOR_STRIDES, places
from pipeline_tasks.kinds.map_heads.detector import SHIFT_UNIT, Boxes, DetectorHead, detection_loss
from pipeline_tasks.kinds.map_heads.suppression import CANDIDATES, OUTPUTS, at_places, suppressed
from pipeline_tasks.kinds.map_heads.validation import average_precision
from pipeline_tasks.kinds.map_modelling import Shapes
from pipeline_tasks.kinds.modelling import Metrics

POINT_WEIGHT = 1.0
PRESENCE_WEIGHT = 0.5
MIN_SIDE_PX = 8.0
"""Smallest side of a thing in the loss, in pixels of the square."""


def new_head(shapes: Shapes, layout: PointLayout) -> DetectorHead:
    """A detector with three numbers more for each point of all classes: shift across and down, and logit of being there."""
    return DetectorHead(shapes, len(layout.points), more=3 * layout.count)


class Things(nn.Module):
    """Numbers of the places → boxes N x A x 4 and points N x A x P x 3: x, y in pixels of the square, and logit of being there."""

    def __init__(self, shapes: Shapes, class_count: int) -> None:
        """Keep centres and anchors of the places."""
        super().__init__()
        self.class_count, self.boxes = class_count, Boxes(shapes)
        centres, strides = places(shapes)
        self.register_buffer("centres", torch.from_numpy(centres), persistent=False)
        self.register_buffer("units", torch.from_numpy(strides * np.float32(ANCHOR_STRIDES * SHIFT_UNIT)), persistent=False)

    def forward(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Boxes and points of a head's outputs."""
        first = self.class_count + 4
        numbers = outputs[..., first:].reshape(outputs.shape[0], int(outputs.shape[1]), (int(outputs.shape[2]) - first) // 3, 3)
        middles, units = self.get_buffer("centres")[:, None], self.get_buffer("units")[:, None, None]
        points = middles + numbers[..., :2] * units
        return self.boxes(outputs[..., self.class_count : first]), torch.cat([points, numbers[..., 2:]], -1)


class PoseObjective:
    """Loss of a detector, of the points that are placed, and of their presence."""

    def __init__(self, shapes: Shapes, layout: PointLayout, sigmas: Sequence[float]) -> None:
        """Know where the places are, and the spread of each point of the layout."""
        self.module: nn.Module = Things(shapes, len(layout.points))
        self.layout, self.sigmas, self.class_count = layout, np.array(sigmas, np.float32), len(layout.points)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Loss of a batch: N x A x (C + 4 + 3 P) against N x A x (5 + 3 P), as placed."""
        boxes, points = self.module(outputs)
        found = detection_loss(outputs[..., : self.class_count], boxes, targets)
        is_given = targets[..., 0] >= 0
        wanted, mine = targets[is_given], points[is_given]
        if not len(wanted):
            return found
        truth = wanted[:, 5:].reshape(len(wanted), -1, 3)
        is_placed, is_asked = truth[..., 2] > 0, truth[..., 2] >= 0
        away = torch.log1p(self._exponents(mine[..., :2], truth[..., :2], wanted[:, 1:5])) * is_placed
        presence = F.binary_cross_entropy_with_logits(mine[..., 2], is_placed.to(mine.dtype), reduction="none") * is_asked
        away = (away.sum(1) / is_placed.sum(1).clamp(min=1)).mean()
        presence = (presence.sum(1) / is_asked.sum(1).clamp(min=1)).mean()
        return found + POINT_WEIGHT * away + PRESENCE_WEIGHT * presence

    def metrics(self, outputs: Tensor, targets: Tensor) -> Metrics:
        """Loss, average precision by OKS, and what is missing to 1, which chooses the epoch."""
        loss, candidates = self.loss(outputs, targets).item(), min(CANDIDATES, outputs.shape[1] * self.class_count)
        found = []
        for one in range(len(outputs)):
            boxes, points = self.module(outputs[[one]])
            scores = outputs[[one], :, : self.class_count].sigmoid()
            _, sure, numbers, rows = suppressed(scores, boxes, candidates, min(OUTPUTS, candidates))
            mine = at_places(points.flatten(2), rows)
            found.append([part[0].numpy() for part in (mine, sure, numbers)])
        precision = average_precision(found, [one.numpy() for one in targets], self._likeness)
        return {"val_loss": loss, "val_scaled_loss": 1 - precision, "val_ap": precision, "val_oks": precision}

    def _exponents(self, points: Tensor, truth: Tensor, boxes: Tensor) -> Tensor:
        """Exponents of OKS of pairs (M x P): squared distance over twice the area and the square of twice the spread."""
        scale = 2 * _areas(boxes)[:, None] * torch.from_numpy((2 * self.sigmas) ** 2)
        return (points - truth).square().sum(-1) / scale

    def _likeness(self, found: NDArray[np.float32], truth: NDArray[np.float32]) -> NDArray[np.float32]:
        """OKS of found points (D x 3 P) and those of targets of one class."""
        if not len(found) or not len(truth):
            return np.zeros((len(found), len(truth)), np.float32)
        points, targets = torch.from_numpy(found).reshape(len(found), -1, 3), torch.from_numpy(truth)
        alike = []
        for one in targets:
            wanted = one[5:].reshape(1, -1, 3)
            is_placed = (wanted[..., 2] > 0).to(points.dtype)
            exponents = self._exponents(points[..., :2], wanted[..., :2], one[None, 1:5])
            alike.append(((-exponents).exp() * is_placed).sum(1) / is_placed.sum())
        return torch.stack(alike, 1).numpy()


def _areas(boxes: Tensor) -> Tensor:
    """Areas as OKS takes them (`likeness`): the shorter side counts at least half of the longer one."""
    sides = (boxes[:, 2:] - boxes[:, :2]).clamp(min=MIN_SIDE_PX)
    longer, shorter = sides.amax(1), sides.amin(1)
    return longer * torch.maximum(shorter, longer / 2)


class FinalHead(nn.Module):
    """Maps → the best things of each image after suppression: boxes, scores, class numbers and points.

    N x B x 4, N x B, N x B and N x B x P x 3: places in shares of the square, and the score of each point of all classes.
    """

    def __init__(self, head: DetectorHead, side_px: int) -> None:
        """Add decoding and suppression to a head."""
        super().__init__()
        self.head, self.things, self.side_px = head, Things(head.shapes, head.class_count), side_px
        self.point_count = (head.numbers - head.class_count - 4) // 3
        self.candidates = min(CANDIDATES, sum(one.height * one.width for one in head.shapes) * head.class_count)
        self.count = min(OUTPUTS, self.candidates)

    def forward(self, *maps: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Find the things."""
        outputs = self.head.of_maps(list(maps))
        boxes, points = self.things(outputs)
        # Sizes in numbers: a size to be inferred fails for no image at all.
        points = torch.cat([points[..., :2] / self.side_px, points[..., 2:].sigmoid()], -1)
        points = points.reshape(points.shape[0], int(points.shape[1]), self.point_count * 3)
        scores, boxes = outputs[..., : self.head.class_count].sigmoid(), (boxes / self.side_px).clamp(0, 1)
        found, sure, class_numbers, rows = suppressed(scores, boxes, self.candidates, self.count)
        kept = at_places(points, rows)
        return found, sure, class_numbers, kept.reshape(kept.shape[0], self.count, self.point_count, 3)


def final_head(weights: Mapping[str, NDArray[np.generic]], shapes: Shapes, layout: PointLayout) -> FinalHead:
    """The final head with these weights, in evaluation mode."""
    head = new_head(shapes, layout)
    head.load_state_dict({name: torch.from_numpy(np.array(values)) for name, values in weights.items()})
    return FinalHead(head, max(shapes[0].height, shapes[0].width) * shapes[0].stride).eval()
