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
from pipeline_tasks.kinds.map_heads.detector import SHIFT_UNIT, Boxes, DetectorHead, detection_loss, maps_of, normed
from pipeline_tasks.kinds.map_heads.suppression import CANDIDATES, OUTPUTS, at_places, suppressed
from pipeline_tasks.kinds.map_heads.validation import average_precision
from pipeline_tasks.kinds.map_modelling import Shapes
from pipeline_tasks.kinds.modelling import Metrics

POINT_WEIGHT = 1.0
FIELD_WEIGHT = 0.5
NEAR_CELLS = 3.0
"""Distance from a point, in cells of the finest map, within which a field leads to it."""
LED = 2
"""Times that a point is led on."""
PRESENCE_WEIGHT = 0.5
MIN_SIDE_PX = 8.0
"""Smallest side of a thing in the loss, in pixels of the square."""


class PoseHead(DetectorHead):
    """A row of maps (N x values) → one row: classes, box and points of each place, then the fields of the points.

    A place has three numbers for each point of all classes: shift across and down, and logit of being in the image. A field has
    three numbers for each cell of the finest map: logit of the point being near, and the way to it across and down.
    """

    def __init__(self, shapes: Shapes, layout: PointLayout) -> None:
        """Build the head with random weights."""
        super().__init__(shapes, len(layout.points), more=3 * layout.count)
        self.point_count = layout.count
        channels = self.classes.in_channels
        self.fine = normed(channels, channels, 3)
        self.fields = nn.Conv2d(channels, 3 * layout.count, 1)

    def forward(self, rows: Tensor) -> Tensor:
        """Outputs for rows of maps."""
        outputs, fields = self.parts(maps_of(rows, self.shapes))
        return torch.cat([outputs.flatten(1), fields.flatten(1)], 1)

    def parts(self, maps: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Outputs of the places, N x A x (C + 4 + 3 P), and fields, N x P x 3 x cells of the finest map."""
        levels, finest = self.levels(maps), self.shapes[0]
        fields = self.fields(F.relu(self.fine(levels[0])))
        return self.of_levels(levels), fields.reshape(fields.shape[0], self.point_count, 3, finest.height * finest.width)


class Things(nn.Module):
    """Numbers of the places → boxes N x A x 4 and points N x A x P x 3: x, y in pixels of the square, and logit of being there."""

    def __init__(self, shapes: Shapes, class_count: int) -> None:
        """Keep centres and anchors of the places, and the grid of the fields."""
        super().__init__()
        self.class_count, self.boxes, self.finest = class_count, Boxes(shapes), shapes[0]
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

    def refined(self, points: Tensor, fields: Tensor) -> Tensor:
        """Points (N x B x P x 2) led on by the fields of the cells that they are in, as far as a point is near by its field."""
        for _ in range(LED):
            cells = (points / self.finest.stride).floor()
            x, y = cells[..., 0].clamp(0, self.finest.width - 1), cells[..., 1].clamp(0, self.finest.height - 1)
            rows = (y * self.finest.width + x).long().transpose(1, 2)[:, :, None].expand(-1, -1, 3, -1)
            found = fields.gather(3, rows).permute(0, 3, 1, 2)
            way = found[..., 1:] * self.finest.stride + (torch.stack([x, y], -1) + 0.5) * self.finest.stride - points
            points = points + found[..., :1].sigmoid() * way
        return points

    def ways(self, points: Tensor) -> Tensor:
        """Ways from the middle of each cell to points (M x 2), in cells: M x cells x 2."""
        count = self.finest.height * self.finest.width
        return points[:, None] / self.finest.stride - self.get_buffer("centres")[:count] / self.finest.stride


class PoseObjective:
    """Loss of a detector, of the points that are placed, of their presence, and of the fields around them."""

    def __init__(self, shapes: Shapes, layout: PointLayout, sigmas: Sequence[float]) -> None:
        """Know where the places are, and the spread of each point of the layout."""
        self.things = Things(shapes, len(layout.points))
        self.module: nn.Module = self.things
        self.layout, self.sigmas, self.class_count = layout, np.array(sigmas, np.float32), len(layout.points)
        self.places = sum(one.height * one.width for one in shapes)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Loss of a batch: rows of the head against N x A x (5 + 3 P), as placed."""
        outputs, fields = self._parts(outputs)
        boxes, points = self.things(outputs)
        found = detection_loss(outputs[..., : self.class_count], boxes, targets)
        is_given = targets[..., 0] >= 0
        wanted, mine = targets[is_given], points[is_given]
        if not len(wanted):
            return found + FIELD_WEIGHT * self._field_loss(fields, targets)
        truth = wanted[:, 5:].reshape(len(wanted), -1, 3)
        is_placed, is_asked = truth[..., 2] > 0, truth[..., 2] >= 0
        away = torch.log1p(self._exponents(mine[..., :2], truth[..., :2], wanted[:, 1:5])) * is_placed
        presence = F.binary_cross_entropy_with_logits(mine[..., 2], is_placed.to(mine.dtype), reduction="none") * is_asked
        away = (away.sum(1) / is_placed.sum(1).clamp(min=1)).mean()
        presence = (presence.sum(1) / is_asked.sum(1).clamp(min=1)).mean()
        return found + POINT_WEIGHT * away + PRESENCE_WEIGHT * presence + FIELD_WEIGHT * self._field_loss(fields, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> Metrics:
        """Loss, average precision by OKS, and what is missing to 1, which chooses the epoch."""
        loss, candidates = self.loss(outputs, targets).item(), min(CANDIDATES, self.places * self.class_count)
        found = []
        for one in range(len(outputs)):
            numbers, fields = self._parts(outputs[[one]])
            boxes, points = self.things(numbers)
            scores = numbers[..., : self.class_count].sigmoid()
            _, sure, classes, rows = suppressed(scores, boxes, candidates, min(OUTPUTS, candidates))
            kept = at_places(points.flatten(2), rows).reshape(1, len(rows[0]), -1, 3)
            mine = self.things.refined(kept[..., :2], fields)
            found.append([part[0].numpy() for part in (mine, sure, classes)])
        precision = average_precision(found, [one.numpy() for one in targets], self._likeness)
        return {"val_loss": loss, "val_scaled_loss": 1 - precision, "val_ap": precision}

    def _parts(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        numbers = self.class_count + 4 + 3 * self.layout.count
        places = outputs[:, : self.places * numbers].reshape(-1, self.places, numbers)
        return places, outputs[:, self.places * numbers :].reshape(len(outputs), self.layout.count, 3, -1)

    def _field_loss(self, fields: Tensor, targets: Tensor) -> Tensor:
        """Of each field the presence of its point within `NEAR_CELLS`, and there the way to the nearest one."""
        near, away = torch.zeros_like(fields[:, :, 0]), fields.sum() * 0
        count = 0
        for image, rows in enumerate(targets):
            things = torch.unique(rows[rows[:, 0] >= 0], dim=0)
            points = things[:, 5:].reshape(len(things), self.layout.count, 3)
            for number in range(self.layout.count):
                placed = points[points[:, number, 2] > 0, number, :2]
                if not len(placed):
                    continue
                ways = self.things.ways(placed)
                distance, nearest = ways.square().sum(-1).min(0)
                is_near = distance <= NEAR_CELLS**2
                wanted = ways[nearest[is_near], is_near.nonzero()[:, 0]]
                near[image, number, is_near] = 1.0
                away = away + F.smooth_l1_loss(fields[image, number, 1:, is_near].T, wanted, reduction="sum", beta=0.5)
                count += int(is_near.sum())
        shares = F.binary_cross_entropy_with_logits(fields[:, :, 0], near, reduction="sum")
        return (away + shares) / max(count, 1)

    def _exponents(self, points: Tensor, truth: Tensor, boxes: Tensor) -> Tensor:
        """Exponents of OKS of pairs (M x P): squared distance over twice the area and the square of twice the spread."""
        scale = 2 * _areas(boxes)[:, None] * torch.from_numpy((2 * self.sigmas) ** 2)
        return (points - truth).square().sum(-1) / scale

    def _likeness(self, found: NDArray[np.float32], truth: NDArray[np.float32]) -> NDArray[np.float32]:
        """OKS of found points (D x P x 2) and those of targets of one class."""
        if not len(found) or not len(truth):
            return np.zeros((len(found), len(truth)), np.float32)
        points, targets = torch.from_numpy(found), torch.from_numpy(truth)
        alike = []
        for one in targets:
            wanted = one[5:].reshape(1, -1, 3)
            is_placed = (wanted[..., 2] > 0).to(points.dtype)
            exponents = self._exponents(points, wanted[..., :2], one[None, 1:5])
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

    def __init__(self, head: PoseHead, side_px: int) -> None:
        """Add decoding and suppression to a head."""
        super().__init__()
        self.head, self.things, self.side_px = head, Things(head.shapes, head.class_count), side_px
        self.candidates = min(CANDIDATES, sum(one.height * one.width for one in head.shapes) * head.class_count)
        self.count = min(OUTPUTS, self.candidates)

    def forward(self, *maps: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Find the things."""
        outputs, fields = self.head.parts(list(maps))
        boxes, points = self.things(outputs)
        scores, boxes = outputs[..., : self.head.class_count].sigmoid(), (boxes / self.side_px).clamp(0, 1)
        found, sure, class_numbers, rows = suppressed(scores, boxes, self.candidates, self.count)
        # Sizes in numbers: a size to be inferred fails for no image at all.
        numbers = points.reshape(points.shape[0], int(points.shape[1]), self.head.point_count * 3)
        kept = at_places(numbers, rows).reshape(points.shape[0], self.count, self.head.point_count, 3)
        places = self.things.refined(kept[..., :2], fields) / self.side_px
        return found, sure, class_numbers, torch.cat([places, kept[..., 2:].sigmoid()], -1)


def final_head(weights: Mapping[str, NDArray[np.generic]], shapes: Shapes, layout: PointLayout) -> FinalHead:
    """The final head with these weights, in evaluation mode."""
    head = PoseHead(shapes, layout)
    head.load_state_dict({name: torch.from_numpy(np.array(values)) for name, values in weights.items()})
    return FinalHead(head, max(shapes[0].height, shapes[0].width) * shapes[0].stride).eval()
