"""DETR in torch: its convolutional part as backbone, the rest as head, and its own loss.

Carion et al., "End-to-End Object Detection with Transformers" (ECCV 2020). The published training drops a tenth of the values out;
here none is, as in its successors, so that processes that share a fit compute what one does.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pipeline_tasks.backbones.preprocessing import read_preprocessing
from pipeline_tasks.models.whole_network import WholeNetwork
from pipeline_tasks.networks.detector_network import (
    BOX_NUMBERS,
    AfterBackbone,
    DetectionObjective,
    GivenMaps,
    Labels,
    backbone_maps,
)
from pipeline_tasks.networks.folder import KEY
from pipeline_tasks.networks.transformers_model import Pretrained, load_model

RENEWED = ("class_labels_classifier",)
"""Part of the keys of weights that depend on the number of names."""
DROPS = ("dropout", "attention_dropout", "activation_dropout", "encoder_layerdrop", "decoder_layerdrop")
OPTIONS: dict[str, Any] = {"auxiliary_loss": True} | dict.fromkeys(DROPS, 0.0)


def detr(folder: Path, names: int) -> WholeNetwork:
    """The network of a folder for so many names: N x layers x queries x (names + 1 + 4).

    Numbers are logits of the names and of nothing, then centre and size of the box in shares of the square.
    """
    model = load_model("AutoModelForObjectDetection", folder, "detr", names, RENEWED, **OPTIONS)
    # transformers freezes all of a backbone of its own, by names that only timm's layers have.
    model.model.backbone.requires_grad_(requires_grad=True)
    backbone = Pretrained(read_preprocessing(folder, KEY), model.model.backbone, _last_map)
    model.model.backbone = GivenMaps()
    return WholeNetwork(backbone, AfterBackbone(model, _numbers))


def objective_of(folder: Path, names: int, side_px: int) -> DetectionObjective:
    """Cross-entropy, L1 and GIoU of the queries that matching gives to the boxes, of all layers, as the folder weighs them."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder, num_labels=names, local_files_only=True, **OPTIONS)
    return DetectionObjective(partial(_loss, config), softmax_scores, names, side_px)


def softmax_scores(outputs: Tensor, names: int) -> tuple[Tensor, Tensor]:
    """Scores and boxes where the names and nothing share a softmax."""
    last = outputs[:, -1]
    return last[..., : names + 1].softmax(-1)[..., :names], last[..., names + 1 :]


def _last_map(body: Any, pixels: Tensor) -> list[Tensor]:
    return backbone_maps(body, pixels)[-1:]


def _numbers(model: Any, pixels: Tensor) -> Tensor:
    layers = model.model(pixels).intermediate_hidden_states.transpose(0, 1)
    return torch.cat([model.class_labels_classifier(layers), model.bbox_predictor(layers).sigmoid()], -1)


def _loss(config: Any, outputs: Tensor, labels: Labels) -> Tensor:
    from transformers.loss.loss_for_object_detection import ForObjectDetectionLoss

    logits, boxes = outputs[..., :-BOX_NUMBERS].transpose(0, 1), outputs[..., -BOX_NUMBERS:].transpose(0, 1)
    loss, *_ = ForObjectDetectionLoss(logits[-1], labels, outputs.device, boxes[-1], config, logits, boxes)
    found: Tensor = loss
    return found
