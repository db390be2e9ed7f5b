"""Loss of a detector, and the final head with decoding and suppression, in torch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline_tasks.kinds.map_heads.detector import Boxes, DetectorHead, detection_loss
from pipeline_tasks.kinds.map_heads.suppression import CANDIDATES, OUTPUTS, suppressed
from pipeline_tasks.kinds.map_heads.validation import average_precision
from pipeline_tasks.kinds.map_modelling import Shapes
from pipeline_tasks.kinds.modelling import Metrics


class BoxObjective:
    """Quality focal loss and GIoU."""

    def __init__(self, shapes: Shapes, class_count: int) -> None:
        """Know where the places are."""
        self.module: nn.Module = Boxes(shapes)
        self.class_count = class_count

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Loss of a batch: N x A x (C + 4) against N x A x 5, over the number of places with a box."""
        return detection_loss(outputs[..., : self.class_count], self.module(outputs[..., self.class_count :]), targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> Metrics:
        """Loss, average precision, and what is missing to 1, which chooses the epoch."""
        loss = self.loss(outputs, targets).item()
        scores = outputs[..., : self.class_count].sigmoid()
        boxes = self.module(outputs[..., self.class_count :])
        candidates = min(CANDIDATES, scores.shape[1] * self.class_count)
        found = [suppressed(scores[[one]], boxes[[one]], candidates, min(OUTPUTS, candidates)) for one in range(len(scores))]
        precision = average_precision([[part[0].numpy() for part in one[:3]] for one in found], [one.numpy() for one in targets])
        return {"val_loss": loss, "val_scaled_loss": 1 - precision, "val_ap": precision}


class FinalHead(nn.Module):
    """Maps → the best boxes of each image after suppression: boxes in shares of the square, scores, class numbers.

    N x B x 4, N x B and N x B, the highest score first; rows without a box have a score of 0.
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
        found, scores, class_numbers, _ = suppressed(outputs[..., :classes].sigmoid(), boxes, self.candidates, self.count)
        return found, scores, class_numbers


def final_head(weights: Mapping[str, NDArray[np.generic]], shapes: Shapes, class_count: int) -> FinalHead:
    """The final head with these weights, in evaluation mode."""
    head = DetectorHead(shapes, class_count)
    head.load_state_dict({name: torch.from_numpy(np.array(values)) for name, values in weights.items()})
    return FinalHead(head, max(shapes[0].height, shapes[0].width) * shapes[0].stride).eval()
