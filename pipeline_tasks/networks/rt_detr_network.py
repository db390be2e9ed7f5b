"""RT-DETR in torch: its convolutional part as backbone, the rest as head, its own loss, and the boxes that it finds.

Zhao et al., "DETRs Beat YOLOs on Real-time Object Detection" (CVPR 2024). The queries for denoising, which only training has, are
left out: they need the targets in the forward pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pipeline_tasks.backbones.preprocessing import read_preprocessing
from pipeline_tasks.kinds.map_heads.outputs import MIN_SCORE
from pipeline_tasks.kinds.map_heads.suppression import OUTPUTS, at_places
from pipeline_tasks.kinds.map_heads.validation import average_precision
from pipeline_tasks.kinds.modelling import Metrics
from pipeline_tasks.models.whole_network import WholeNetwork
from pipeline_tasks.networks.folder import KEY
from pipeline_tasks.networks.transformers_model import Pretrained, load_model

RENEWED = ("class_embed", "enc_score_head")
"""Parts of the keys of weights that depend on the number of names."""
LOSS_IMAGES = 8
"""Images of a validation batch: matching compares all of its boxes with all of its queries."""


def rt_detr(folder: Path, names: int) -> WholeNetwork:
    """The network of a folder for so many names: N x (layers + 1) x queries x (names + 4), the last for the encoder's proposals.

    Numbers are logits of the names, then centre and size of the box in shares of the square.
    """
    options = {"num_denoising": 0, "anchor_image_size": None, "eval_size": None}
    model = load_model("AutoModelForObjectDetection", folder, "rt_detr", names, RENEWED, **options)
    backbone = Pretrained(read_preprocessing(folder, KEY), model.model.backbone, _maps)
    model.model.backbone = _Given()
    return WholeNetwork(backbone, _Rest(model))


def objective_of(folder: Path, names: int, side_px: int) -> DetectionObjective:
    """The loss that the folder's configuration says."""
    from transformers import AutoConfig

    return DetectionObjective(AutoConfig.from_pretrained(folder, num_labels=names, local_files_only=True), names, side_px)


def _maps(body: nn.Module, pixels: Tensor) -> list[Tensor]:
    is_image = torch.ones((pixels.shape[0], *pixels.shape[2:]), device=pixels.device)
    return [maps for maps, _ in body(pixels, is_image)]


class _Given(nn.Module):
    """Stands where the convolutional part was, and gives the maps that it has computed."""

    def __init__(self) -> None:
        super().__init__()
        self.maps: Sequence[Tensor] = ()

    def forward(self, pixels: Tensor, is_image: Tensor) -> list[tuple[Tensor, None]]:
        """The maps, as the convolutional part returns them."""
        return [(one, None) for one in self.maps]


class _Rest(nn.Module):
    """Pixels and maps → logits and boxes of all layers."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, given: tuple[Tensor, ...]) -> Tensor:
        """N x (layers + 1) x queries x (names + 4)."""
        pixels, *maps = given
        stand_in = self.model.model.backbone
        stand_in.maps = maps
        try:
            found = self.model(pixels)
        finally:
            # Tensors of a step are no part of the network, which may be copied and pickled.
            stand_in.maps = ()
        layers = torch.cat([found.intermediate_logits, found.intermediate_reference_points], -1)
        proposals = torch.cat([found.enc_topk_logits, found.enc_topk_bboxes], -1)
        return torch.cat([layers, proposals[:, None]], 1)


class DetectionObjective:
    """Varifocal loss, L1 and GIoU of the queries that Hungarian matching gives to the boxes, of all layers."""

    def __init__(self, config: Any, names: int, side_px: int) -> None:
        """Know the weights of the parts of the loss, which the folder's configuration says."""
        self.module: nn.Module = nn.Module()
        self.config, self.names, self.side_px = config, names, side_px

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Loss of a batch: outputs of all layers against N x B x 5, number of the name (or less than 0) and corners in pixels."""
        from transformers.loss.loss_rt_detr import RTDetrForObjectDetectionLoss

        logits, boxes = outputs[..., : self.names], outputs[..., self.names :]
        loss, *_ = RTDetrForObjectDetectionLoss(
            logits[:, -2],
            [self._labels(one) for one in targets],
            outputs.device,
            boxes[:, -2],
            self.config,
            logits[:, :-1],
            boxes[:, :-1],
            enc_topk_logits=logits[:, -1],
            enc_topk_bboxes=boxes[:, -1],
        )
        found: Tensor = loss
        return found

    def metrics(self, outputs: Tensor, targets: Tensor) -> Metrics:
        """Loss, average precision, and what is missing to 1, which chooses the epoch."""
        parts = zip(torch.split(outputs, LOSS_IMAGES), torch.split(targets, LOSS_IMAGES), strict=True)
        losses = [self.loss(*part).item() for part in parts]
        found = [found_boxes(one[None], self.names) for one in outputs]
        said = [[boxes[0].numpy() * self.side_px, scores[0].numpy(), numbers[0].numpy()] for boxes, scores, numbers in found]
        precision = average_precision(said, [one.numpy() for one in targets])
        return {"val_loss": sum(losses) / len(losses), "val_scaled_loss": 1 - precision, "val_ap": precision}

    def _labels(self, target: Tensor) -> dict[str, Tensor]:
        """Numbers of the names, and boxes by centre and size in shares of the square."""
        target = target[target[:, 0] >= 0]
        low, high = target[:, 1:3] / self.side_px, target[:, 3:] / self.side_px
        return {"class_labels": target[:, 0].long(), "boxes": torch.cat([(low + high) / 2, high - low], 1)}


def found_boxes(outputs: Tensor, names: int) -> tuple[Tensor, Tensor, Tensor]:
    """The likeliest boxes of the last layer: corners in shares of the square, scores (the highest first), numbers of the names."""
    last = outputs[:, -2]
    scores = last[..., :names].sigmoid()
    count = int(scores.shape[1]) * names
    best, rows = scores.reshape(scores.shape[0], count).topk(min(OUTPUTS, count), dim=1)
    boxes = at_places(last[..., names:], rows // names)
    middle, half = boxes[..., :2], boxes[..., 2:] / 2
    corners = torch.cat([middle - half, middle + half], -1).clamp(0, 1)
    return corners, best * (best >= MIN_SCORE).to(best.dtype), rows % names


class FoundBoxes(nn.Module):
    """uint8 images → the likeliest boxes of each: N x B x 4, N x B and N x B; rows without a box have a score of 0."""

    def __init__(self, network: nn.Module, names: int) -> None:
        """Add the choice of boxes to a network."""
        super().__init__()
        self.network, self.names = network, names

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Find the boxes."""
        return found_boxes(self.network(images), self.names)
