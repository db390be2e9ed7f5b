"""RT-DETR in torch: its convolutional part as backbone, the rest as head, and its own loss.

Zhao et al., "DETRs Beat YOLOs on Real-time Object Detection" (CVPR 2024). The queries for denoising, which only training has, are
left out: they need the targets in the forward pass.
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
    AfterBackbone,
    DetectionObjective,
    GivenMaps,
    Labels,
    backbone_maps,
    sigmoid_scores,
)
from pipeline_tasks.networks.folder import KEY
from pipeline_tasks.networks.transformers_model import Pretrained, load_model

RENEWED = ("class_embed", "enc_score_head")
"""Parts of the keys of weights that depend on the number of names."""
OPTIONS = {"num_denoising": 0, "anchor_image_size": None, "eval_size": None}


def rt_detr(folder: Path, names: int) -> WholeNetwork:
    """The network of a folder for so many names: N x (layers + 1) x queries x (names + 4), the last for the encoder's proposals.

    Numbers are logits of the names, then centre and size of the box in shares of the square.
    """
    model = load_model("AutoModelForObjectDetection", folder, "rt_detr", names, RENEWED, **OPTIONS)
    backbone = Pretrained(read_preprocessing(folder, KEY), model.model.backbone, backbone_maps)
    model.model.backbone = GivenMaps()
    return WholeNetwork(backbone, AfterBackbone(model, _numbers))


def objective_of(folder: Path, names: int, side_px: int) -> DetectionObjective:
    """Varifocal loss, L1 and GIoU of the queries that matching gives to the boxes, of all layers, as the folder weighs them."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder, num_labels=names, local_files_only=True)
    return DetectionObjective(partial(_loss, config, names), sigmoid_scores, names, side_px)


def _numbers(model: Any, pixels: Tensor) -> Tensor:
    found = model(pixels)
    layers = torch.cat([found.intermediate_logits, found.intermediate_reference_points], -1)
    proposals = torch.cat([found.enc_topk_logits, found.enc_topk_bboxes], -1)
    return torch.cat([layers, proposals[:, None]], 1)


def _loss(config: Any, names: int, outputs: Tensor, labels: Labels) -> Tensor:
    from transformers.loss.loss_rt_detr import RTDetrForObjectDetectionLoss

    logits, boxes = outputs[..., :names], outputs[..., names:]
    loss, *_ = RTDetrForObjectDetectionLoss(
        logits[:, -2],
        labels,
        outputs.device,
        boxes[:, -2],
        config,
        logits[:, :-1],
        boxes[:, :-1],
        enc_topk_logits=logits[:, -1],
        enc_topk_bboxes=boxes[:, -1],
    )
    found: Tensor = loss
    return found
