"""Parts in torch that all detectors with queries share: the seam behind the backbone, the objective, and the found boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pipeline_tasks.kinds.map_heads.outputs import MIN_SCORE
from pipeline_tasks.kinds.map_heads.suppression import OUTPUTS, at_places
from pipeline_tasks.kinds.map_heads.validation import average_precision
from pipeline_tasks.kinds.modelling import Metrics

LOSS_IMAGES = 8
"""Images of a validation batch: matching compares all of its boxes with all of its queries."""
BOX_NUMBERS = 4
Labels = list[dict[str, Tensor]]
"""An image each: `class_labels` (B), and `boxes` (B x 4) by centre and size in shares of the square."""
LossOf = Callable[[Tensor, Labels], Tensor]
"""Outputs of all layers and the labels → loss."""
LastLayer = Callable[[Tensor, int], tuple[Tensor, Tensor]]
"""Outputs of all layers, number of names → scores N x Q x names, and boxes N x Q x 4 by centre and size in shares of the square."""


def backbone_maps(body: nn.Module, pixels: Tensor) -> list[Tensor]:
    """Maps of a detector's convolutional part."""
    is_image = torch.ones((pixels.shape[0], *pixels.shape[2:]), device=pixels.device)
    return [maps for maps, _ in body(pixels, is_image)]


class GivenMaps(nn.Module):
    """Stands where the convolutional part was, and gives the maps that it has computed."""

    def __init__(self) -> None:
        """Start without maps."""
        super().__init__()
        self.maps: Sequence[Tensor] = ()

    def forward(self, pixels: Tensor, is_image: Tensor) -> list[tuple[Tensor, Tensor]]:
        """The maps, as the convolutional part returns them, with a mask that says that all of the square is image."""
        return [(one, torch.ones_like(one[:, 0], dtype=torch.bool)) for one in self.maps]


class AfterBackbone(nn.Module):
    """Pixels and maps → numbers of all layers."""

    def __init__(self, model: Any, numbers_of: Callable[[Any, Tensor], Tensor]) -> None:
        """Take a detector of transformers whose backbone is `GivenMaps`; `numbers_of` calls it with pixels."""
        super().__init__()
        self.model, self.numbers_of = model, numbers_of

    def forward(self, given: tuple[Tensor, ...]) -> Tensor:
        """N x layers x queries x numbers."""
        pixels, *maps = given
        stand_in = self.model.model.backbone
        stand_in.maps = maps
        try:
            return self.numbers_of(self.model, pixels)
        finally:
            # Tensors of a step are no part of the network, which may be copied and pickled.
            stand_in.maps = ()


class DetectionObjective:
    """A network's own loss after Hungarian matching, and average precision of the boxes that it finds."""

    def __init__(self, loss_of: LossOf, last_layer: LastLayer, names: int, side_px: int) -> None:
        """Know the loss, and the layer that speaks at last."""
        self.module: nn.Module = nn.Module()
        self.loss_of, self.last_layer, self.names, self.side_px = loss_of, last_layer, names, side_px

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Loss of a batch: outputs of all layers against N x B x 5, number of the name (or less than 0) and corners in pixels."""
        return self.loss_of(outputs, [self._labels(one) for one in targets])

    def metrics(self, outputs: Tensor, targets: Tensor) -> Metrics:
        """Loss, average precision, and what is missing to 1, which chooses the epoch."""
        parts = zip(torch.split(outputs, LOSS_IMAGES), torch.split(targets, LOSS_IMAGES), strict=True)
        losses = [self.loss(*part).item() for part in parts]
        found = [found_boxes(one[None], self.names, self.last_layer) for one in outputs]
        said = [[boxes[0].numpy() * self.side_px, scores[0].numpy(), numbers[0].numpy()] for boxes, scores, numbers in found]
        precision = average_precision(said, [one.numpy() for one in targets])
        return {"val_loss": sum(losses) / len(losses), "val_scaled_loss": 1 - precision, "val_ap": precision}

    def _labels(self, target: Tensor) -> dict[str, Tensor]:
        target = target[target[:, 0] >= 0]
        low, high = target[:, 1:3] / self.side_px, target[:, 3:] / self.side_px
        return {"class_labels": target[:, 0].long(), "boxes": torch.cat([(low + high) / 2, high - low], 1)}


def sigmoid_scores(outputs: Tensor, names: int) -> tuple[Tensor, Tensor]:
    """Scores and boxes where each name has a sigmoid, and the last row is of the encoder's proposals."""
    last = outputs[:, -2]
    return last[..., :names].sigmoid(), last[..., names : names + BOX_NUMBERS]


def found_boxes(outputs: Tensor, names: int, last_layer: LastLayer) -> tuple[Tensor, Tensor, Tensor]:
    """The likeliest boxes of the last layer: corners in shares of the square, scores (the highest first), numbers of the names."""
    scores, places = last_layer(outputs, names)
    count = int(scores.shape[1]) * names
    best, rows = scores.reshape(scores.shape[0], count).topk(min(OUTPUTS, count), dim=1)
    boxes = at_places(places, rows // names)
    middle, half = boxes[..., :2], boxes[..., 2:] / 2
    corners = torch.cat([middle - half, middle + half], -1).clamp(0, 1)
    return corners, best * (best >= MIN_SCORE).to(best.dtype), rows % names


class FoundBoxes(nn.Module):
    """uint8 images → the likeliest boxes of each: N x B x 4, N x B and N x B; rows without a box have a score of 0."""

    def __init__(self, network: nn.Module, names: int, last_layer: LastLayer) -> None:
        """Add the choice of boxes to a network."""
        super().__init__()
        self.network, self.names, self.last_layer = network, names, last_layer

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Find the boxes."""
        return found_boxes(self.network(images), self.names, self.last_layer)
