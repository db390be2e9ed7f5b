"""Masks of objects in torch: a detector whose places also mix prototypes to the mask of their object; loss, and the final head.

As in YOLACT (Bolya et al., ICCV 2019): prototypes are maps of the whole image at half the finest stride, and a place says how
much of each is in its object, inside its box. Loss of a mask: cross-entropy over the cells of the box, and dice.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline_tasks.kinds.map_heads.detector import Boxes, DetectorHead, detection_loss, maps_of, normed
from pipeline_tasks.kinds.map_heads.suppression import CANDIDATES, OUTPUTS, at_places, suppressed
from pipeline_tasks.kinds.map_heads.validation import average_precision
from pipeline_tasks.kinds.map_modelling import Shapes
from pipeline_tasks.kinds.masks.placed_instances import NUMBERS, grid_of
from pipeline_tasks.kinds.modelling import Metrics

PROTOTYPES = 24
MASK_WEIGHT = 2.0
MOST_TRAINED = 128
"""Places of a batch whose masks are in the loss; of more, every so many."""
MOST_JUDGED = 50
"""Objects of a validation image whose masks are compared."""


class InstanceHead(DetectorHead):
    """A row of maps (N x values) → one row: classes, box and coefficients of each place, then the prototypes."""

    def __init__(self, shapes: Shapes, class_count: int) -> None:
        """Build the head with random weights."""
        super().__init__(shapes, class_count, more=PROTOTYPES)
        self.cells = grid_of(shapes).cells
        channels = self.classes.in_channels
        self.fine = normed(channels, channels, 3)
        self.prototypes = nn.Conv2d(channels, PROTOTYPES, 1)

    def forward(self, rows: Tensor) -> Tensor:
        """Outputs for rows of maps."""
        outputs, prototypes = self.parts(maps_of(rows, self.shapes))
        return torch.cat([outputs.flatten(1), prototypes.flatten(1)], 1)

    def parts(self, maps: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Outputs of the places N x A x (C + 4 + K), and prototypes N x K x h x w."""
        levels = self.levels(maps)
        across, down = self.cells
        larger = F.interpolate(levels[0], size=(down, across), mode="bilinear", align_corners=False)
        return self.of_levels(levels), self.prototypes(F.relu(self.fine(larger)))


class InstanceObjective:
    """Loss of a detector, and of the masks of some of its places."""

    def __init__(self, shapes: Shapes, class_count: int) -> None:
        """Know where the places and cells are."""
        self.module: nn.Module = Boxes(shapes)
        self.class_count, self.cells = class_count, grid_of(shapes).cells
        self.places = sum(one.height * one.width for one in shapes)
        self.cell_px = grid_of(shapes).cell_px

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Loss of a batch: rows of the head against rows as placed."""
        places, prototypes = self._outputs(outputs)
        wanted, cells = self._targets(targets)
        classes = self.class_count
        found = detection_loss(places[..., :classes], self.module(places[..., classes : classes + 4]), wanted)
        images, rows = (wanted[..., 0] >= 0).nonzero(as_tuple=True)
        step = max(1, -(-len(images) // MOST_TRAINED))
        images, rows = images[::step], rows[::step]
        if not len(images):
            return found
        mine, truth = places[images, rows], wanted[images, rows]
        logits = torch.einsum("mk,mkc->mc", mine[:, classes + 4 :].tanh(), prototypes.flatten(2)[images])
        is_mine = (cells.flatten(1)[images] == truth[:, 5:6]).to(logits.dtype)
        inside = self._inside(truth[:, 1:5])
        entropy = F.binary_cross_entropy_with_logits(logits, is_mine, reduction="none") * inside
        entropy = (entropy.sum(1) / inside.sum(1).clamp(min=1)).mean()
        shares = logits.sigmoid() * inside
        both, either = (shares * is_mine).sum(1), (shares + is_mine).sum(1)
        return found + MASK_WEIGHT * (entropy + (1 - (2 * both + 1) / (either + 1)).mean())

    def metrics(self, outputs: Tensor, targets: Tensor) -> Metrics:
        """Loss, average precision by the overlap of cells, and what is missing to 1, which chooses the epoch."""
        loss = self.loss(outputs, targets).item()
        places, prototypes = self._outputs(outputs)
        wanted, cells = self._targets(targets)
        classes, candidates = self.class_count, min(CANDIDATES, self.places * self.class_count)
        found, truths = [], []
        for one in range(len(outputs)):
            mine = places[[one]]
            boxes, scores = self.module(mine[..., classes : classes + 4]), mine[..., :classes].sigmoid()
            kept, sure, numbers, rows = suppressed(scores, boxes, candidates, min(OUTPUTS, candidates, MOST_JUDGED))
            coefficients = at_places(mine[..., classes + 4 :], rows)[0].tanh()
            masks = (coefficients @ prototypes[one].flatten(1) > 0) & (self._inside(kept[0]) > 0)
            found.append([part.numpy() for part in (masks.to(torch.float32), sure[0], numbers[0])])
            truths.append(_masks(wanted[one], cells[one]))
        precision = average_precision(found, truths, _likeness)
        return {"val_loss": loss, "val_scaled_loss": 1 - precision, "val_ap": precision}

    def _outputs(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        numbers, (across, down) = self.class_count + 4 + PROTOTYPES, self.cells
        places = outputs[:, : self.places * numbers].reshape(-1, self.places, numbers)
        return places, outputs[:, self.places * numbers :].reshape(-1, PROTOTYPES, down, across)

    def _targets(self, targets: Tensor) -> tuple[Tensor, Tensor]:
        across, down = self.cells
        split = self.places * NUMBERS
        return targets[:, :split].reshape(-1, self.places, NUMBERS), targets[:, split:].reshape(-1, down, across)

    def _inside(self, boxes: Tensor) -> Tensor:
        """1 for each cell whose centre is in the box (M x 4), else 0: M x cells."""
        across, down = self.cells
        x = (torch.arange(across) + 0.5) * self.cell_px
        y = (torch.arange(down) + 0.5) * self.cell_px
        is_across = (x >= boxes[:, 0:1]) & (x <= boxes[:, 2:3])
        is_down = (y >= boxes[:, 1:2]) & (y <= boxes[:, 3:4])
        return (is_down[:, :, None] & is_across[:, None]).flatten(1).to(boxes.dtype)


def _masks(places: Tensor, cells: Tensor) -> NDArray[np.float32]:
    """Class number and cells of each object of an image."""
    objects = torch.unique(places[places[:, 0] >= 0][:, [0, 5]], dim=0)
    masks = (cells.flatten()[None] == objects[:, 1:]).to(torch.float32)
    return torch.cat([objects[:, :1], masks], 1).numpy()


def _likeness(found: NDArray[np.float32], truth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of cells."""
    both = found @ truth[:, 1:].T
    either = found.sum(axis=1)[:, None] + truth[:, 1:].sum(axis=1)[None] - both
    alike: NDArray[np.float32] = both / np.maximum(either, 1)
    return alike


class FinalHead(nn.Module):
    """Maps → the best objects of each image after suppression: boxes, scores, class numbers, coefficients; and prototypes.

    N x B x 4 in shares of the square, N x B, N x B, N x B x K and N x K x h x w.
    """

    def __init__(self, head: InstanceHead, side_px: int) -> None:
        """Add decoding and suppression to a head."""
        super().__init__()
        self.head, self.boxes, self.side_px = head, Boxes(head.shapes), side_px
        self.candidates = min(CANDIDATES, sum(one.height * one.width for one in head.shapes) * head.class_count)
        self.count = min(OUTPUTS, self.candidates)

    def forward(self, *maps: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Find the objects."""
        outputs, prototypes = self.head.parts(list(maps))
        classes = self.head.class_count
        boxes = (self.boxes(outputs[..., classes : classes + 4]) / self.side_px).clamp(0, 1)
        scores = outputs[..., :classes].sigmoid()
        found, sure, class_numbers, rows = suppressed(scores, boxes, self.candidates, self.count)
        return found, sure, class_numbers, at_places(outputs[..., classes + 4 :].tanh(), rows), prototypes


def final_head(weights: Mapping[str, NDArray[np.generic]], shapes: Shapes, class_count: int) -> FinalHead:
    """The final head with these weights, in evaluation mode."""
    head = InstanceHead(shapes, class_count)
    head.load_state_dict({name: torch.from_numpy(np.array(values)) for name, values in weights.items()})
    return FinalHead(head, max(shapes[0].height, shapes[0].width) * shapes[0].stride).eval()
