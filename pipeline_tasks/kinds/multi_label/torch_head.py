"""Loss of a head that decides on each class for itself, in torch."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline_tasks.kinds.classes.temperature import best_temperature
from pipeline_tasks.kinds.classes.torch_head import effective_number
from pipeline_tasks.kinds.modelling import Metrics
from pipeline_tasks.kinds.multi_label.losses import log_loss
from pipeline_tasks.settings.fit import USUAL, FitSettings

MOST_WEIGHT = 10.0
"""Maximum weight of a class's presence over its absence, so that one image of a rare class does not outweigh all others."""


class MultiLabelObjective:
    """Weighted binary cross-entropy or focal loss, and metrics on validation images."""

    def __init__(self, targets: NDArray[np.float32], *, balance: bool, fit: FitSettings = USUAL) -> None:
        """Weight the presence of each class by its frequency in `targets` (N x C)."""
        self.module, self._fit = nn.Module(), fit
        beta = fit.effective_number_beta if fit.balance_by == "effective_number" else None
        self.module.register_buffer("presence_weights", presence_weights(torch.from_numpy(targets), balance=balance, beta=beta))

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean loss over images and classes, with weighted presence."""
        weights, smoothing = self.module.get_buffer("presence_weights"), self._fit.label_smoothing
        wanted = targets * (1 - smoothing) + smoothing / 2 if smoothing else targets
        if self._fit.loss != "focal":
            return F.binary_cross_entropy_with_logits(outputs, wanted, pos_weight=weights)
        sides = (1 - smoothing / 2, outputs), (smoothing / 2, -outputs)
        present, absent = (
            F.binary_cross_entropy_with_logits(outputs, torch.full_like(outputs, side), pos_weight=weights, reduction="none")
            * (1 - towards.sigmoid()) ** self._fit.focal_gamma
            for side, towards in sides
        )
        # A target between 0 and 1 is that of an image of two.
        return (targets * present + (1 - targets) * absent).mean()

    def metrics(self, outputs: Tensor, targets: Tensor) -> Metrics:
        """Loss, the loss that chooses the epoch, share of right decisions, mean F1."""
        said, truth = outputs >= 0, targets > 0
        hits, either = (said & truth).sum(0).float(), said.sum(0) + truth.sum(0)
        f1 = 2 * hits / either.clamp(min=1)
        return {
            "val_loss": F.binary_cross_entropy_with_logits(outputs, targets).item(),
            "val_scaled_loss": _scaled_loss(outputs, targets),
            "val_accuracy": (said == truth).float().mean().item(),
            "val_f1_macro": f1[truth.any(0)].mean().item() if truth.any() else 0.0,
        }


def presence_weights(targets: Tensor, *, balance: bool, beta: float | None = None) -> Tensor:
    """Weight of each class's presence: the root of absent images over present ones; ones without `balance`.

    The full ratio would make presence and absence equally probable in training, and rare classes likely to be named where they are
    not; without a weight a head of few images tends to name none. The root lies between; it was chosen beforehand, not measured.
    With `beta` both are effective numbers of images.
    """
    present = targets.sum(0)
    absent, at_least_1 = len(targets) - present, present.clamp(min=1)
    if beta is not None:
        absent, at_least_1 = effective_number(absent, beta), effective_number(at_least_1, beta)
    weights = (absent / at_least_1).sqrt().clamp(1 / MOST_WEIGHT, MOST_WEIGHT)
    return torch.where(present > 0, weights, torch.ones_like(weights)) if balance else torch.ones_like(present)


def _scaled_loss(logits: Tensor, targets: Tensor) -> float:
    """Loss with balanced classes and the best temperature, as overconfidence is corrected later and the score is balanced."""
    truth, outputs = targets.numpy(), logits.numpy()
    present = truth.sum(axis=0, keepdims=True).clip(1)
    absent = (1 - truth).sum(axis=0, keepdims=True).clip(1)
    weights = np.where(truth > 0, 1 / present, 1 / absent).astype(np.float32)
    temperature = best_temperature(lambda one: log_loss(outputs, truth, one, weights))
    return log_loss(outputs, truth, temperature, weights)
