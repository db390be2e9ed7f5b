"""D-FINE in torch: its convolutional part as backbone, the rest as head, and its own loss.

Peng et al., "D-FINE: Redefine Regression Task in DETRs as Fine-grained Distribution Refinement" (ICLR 2025). The queries for
denoising, which only training has, are left out: they need the targets in the forward pass.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pipeline_tasks.backbones.preprocessing import read_preprocessing
from pipeline_tasks.models.whole_network import WholeNetwork
from pipeline_tasks.networks.detector_network import (
    BOX_NUMBERS,
    AfterBackbone,
    DetectionObjective,
    GivenMaps,
    Labels,
    backbone_maps,
    sigmoid_scores,
)
from pipeline_tasks.networks.folder import KEY
from pipeline_tasks.networks.rt_detr_network import OPTIONS
from pipeline_tasks.networks.transformers_model import Pretrained, load_model

RENEWED = ("class_embed", "enc_score_head")
"""Parts of the keys of weights that depend on the number of names."""


def d_fine(folder: Path, names: int) -> WholeNetwork:
    """The network of a folder for so many names: N x rows x queries x numbers.

    In evaluation the rows are the last layer and the encoder's proposals, the numbers logits of the names, then centre and size of
    the box in shares of the square. In training the boxes before the first layer and all layers are there, too, and after these
    numbers come the distributions of the four edges and the box that they refine, which are 0 where there are none.
    """
    model = load_model("AutoModelForObjectDetection", folder, "d_fine", names, RENEWED, **OPTIONS)
    backbone = Pretrained(read_preprocessing(folder, KEY), model.model.backbone, backbone_maps)
    model.model.backbone = GivenMaps()
    # These two alone: their mode says which rows there are, and a fit keeps each module's. Normalisation keeps its statistics.
    model.training = model.model.decoder.training = True
    return WholeNetwork(backbone, AfterBackbone(model, _numbers))


def objective_of(folder: Path, names: int, side_px: int) -> DetectionObjective:
    """Varifocal loss, L1, GIoU and, in training, the losses of the distributions, as the folder weighs them.

    The loss of validation images is that of the boxes alone.
    """
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder, num_labels=names, local_files_only=True)
    return DetectionObjective(partial(_loss, config, names), sigmoid_scores, names, side_px)


def _numbers(model: Any, pixels: Tensor) -> Tensor:
    found = model(pixels)
    layers = torch.cat([found.intermediate_logits, found.intermediate_reference_points], -1)
    rows = torch.cat([layers, torch.cat([found.enc_topk_logits, found.enc_topk_bboxes], -1)[:, None]], 1)
    if not model.training:
        return rows
    edges = torch.cat([found.intermediate_predicted_corners, found.initial_reference_points], -1)
    # The first row is before the first layer, the last of the proposals: neither has distributions.
    return torch.cat([rows, nn.functional.pad(edges, (0, 0, 0, 0, 1, 1))], -1)


def _loss(config: Any, names: int, outputs: Tensor, labels: Labels) -> Tensor:
    """Pair the layers' rows with their own distributions, as the paper's code does; transformers 5.24 shifts them by a row."""
    from transformers.loss.loss_d_fine import DFineLoss

    has_edges = outputs.shape[-1] > names + BOX_NUMBERS
    last, *others = (outputs[:, row] for row in (-2, *range(outputs.shape[1] - 2), -1))
    said = [_boxes(one, names) for one in (last, *others)]
    if has_edges:
        teacher = {"teacher_corners": _edges(last, names)["pred_corners"], "teacher_logits": last[..., :names]}
        for one, row in list(zip(said, (last, *others), strict=True))[:-1]:
            one.update(_edges(row, names) | teacher)
        for key in ("pred_corners", "ref_points", *teacher):
            said[1].pop(key)
    losses = DFineLoss(config).to(outputs.device)(said[0] | {"auxiliary_outputs": said[1:]}, labels)
    found: Tensor = sum(losses.values(), start=outputs.new_zeros(()))
    return found


def _boxes(row: Tensor, names: int) -> dict[str, Tensor]:
    return {"logits": row[..., :names], "pred_boxes": row[..., names : names + BOX_NUMBERS].clamp(0, 1)}


def _edges(row: Tensor, names: int) -> dict[str, Tensor]:
    edges = row[..., names + BOX_NUMBERS :]
    return {"pred_corners": edges[..., :-BOX_NUMBERS], "ref_points": edges[..., -BOX_NUMBERS:]}
