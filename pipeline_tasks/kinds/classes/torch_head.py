"""Linear head over embeddings, with its loss, in torch."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline_tasks.kinds.classes.contraction import NAMES, Contraction, contraction_of
from pipeline_tasks.kinds.classes.temperature import likeliest_temperature, log_loss
from pipeline_tasks.kinds.modelling import Arrays, Metrics
from pipeline_tasks.settings.fit import USUAL, FitSettings


def new_head(dimensions: int, class_count: int) -> nn.Linear:
    """A linear layer of zeros, so that only the order of the images is drawn."""
    head = nn.Linear(dimensions, class_count)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    return head


def head_of(arrays: Arrays) -> nn.Linear:
    """The linear layer with these weights (C x D) and bias (C), behind its contraction if it has one."""
    weight, bias, contraction = arrays["weight"], arrays["bias"], contraction_of(arrays)
    size = weight.shape[1], weight.shape[0]
    head = nn.Linear(*size) if contraction is None else ContractingHead(*size, contraction)
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(weight))
        head.bias.copy_(torch.from_numpy(bias))
    return head


class ContractingHead(nn.Linear):
    """A linear layer over contracted embeddings; the contraction is not trained."""

    def __init__(self, dimensions: int, class_count: int, contraction: Contraction) -> None:
        """Keep the contraction as buffers, so that it is part of the layer's state."""
        super().__init__(dimensions, class_count)
        for name in NAMES:
            self.register_buffer(name, torch.from_numpy(np.array(getattr(contraction, name), np.float32)))

    def forward(self, embeddings: Tensor) -> Tensor:
        """Logits of embeddings, N x D."""
        mean, precision, reach = (self.get_buffer(name) for name in NAMES)
        moved = embeddings - mean
        share = reach / torch.maximum((moved * moved) @ precision, reach)
        return super().forward(mean + moved * share[:, None])


class ClassObjective:
    """Weighted cross-entropy or focal loss, and metrics on validation images."""

    def __init__(self, targets: NDArray[np.int64], class_count: int, *, balance: bool, fit: FitSettings = USUAL) -> None:
        """Weight the classes by their frequency in `targets`."""
        self.module, self._fit = nn.Module(), fit
        beta = fit.effective_number_beta if fit.balance_by == "effective_number" else None
        weights = class_weights(torch.from_numpy(targets), class_count, balance=balance, beta=beta)
        self.module.register_buffer("class_weights", weights)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Weighted loss; the small constant avoids a division by 0 in batches without weight."""
        if targets.is_floating_point():
            return self._shared_loss(outputs, targets)
        weights = self.module.get_buffer("class_weights")[targets]
        losses = F.cross_entropy(outputs, targets, reduction="none", label_smoothing=self._fit.label_smoothing)
        if self._fit.loss == "focal":
            sure = outputs.softmax(1).gather(1, targets[:, None])[:, 0]
            losses = losses * (1 - sure) ** self._fit.focal_gamma
        return (losses * weights).sum() / (weights.sum() + 1e-12)

    def _shared_loss(self, outputs: Tensor, shares: Tensor) -> Tensor:
        """The loss of a batch in which each image stands once for each class, weighted by the class's share (N x C) of it."""
        losses, smoothing = -outputs.log_softmax(1), self._fit.label_smoothing
        losses = (1 - smoothing) * losses + smoothing * losses.mean(1, keepdim=True)
        if self._fit.loss == "focal":
            losses = losses * (1 - outputs.softmax(1)) ** self._fit.focal_gamma
        weights = shares * self.module.get_buffer("class_weights")
        return (losses * weights).sum() / (weights.sum() + 1e-12)

    def metrics(self, outputs: Tensor, targets: Tensor) -> Metrics:
        """Loss, the loss that chooses the epoch, accuracy, balanced accuracy."""
        is_right = outputs.argmax(1) == targets
        recalls = [is_right[targets == one].float().mean().item() for one in torch.unique(targets)]
        return {
            "val_loss": F.cross_entropy(outputs, targets).item(),
            "val_scaled_loss": _scaled_loss(outputs, targets),
            "val_accuracy": is_right.float().mean().item(),
            "val_balanced_accuracy": sum(recalls) / len(recalls),
        }


def class_weights(targets: Tensor, class_count: int, *, balance: bool, beta: float | None = None) -> Tensor:
    """Weights that give all occurring classes the same total; ones without `balance`.

    With `beta` they follow the effective number of images, (1 - beta^n) / (1 - beta), and are 1 in the mean over all images
    (Cui et al., "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019).
    """
    counts = torch.bincount(targets, minlength=class_count).to(torch.float32)
    occurs = (counts > 0).to(torch.float32)
    if not balance:
        return torch.ones(class_count)
    if beta is None:
        return occurs * counts.sum() / (occurs.sum() * counts.clamp(min=1))
    weights = occurs / effective_number(counts.clamp(min=1), beta)
    return weights * counts.sum() / (weights * counts).sum()


def effective_number(counts: Tensor, beta: float) -> Tensor:
    """Number of images that are not each other's copies, as the more there are, the less each adds; float32."""
    return ((1 - beta ** counts.double()) / (1 - beta)).to(torch.float32)


def _scaled_loss(logits: Tensor, targets: Tensor) -> float:
    """Loss with balanced classes and the best temperature.

    Overconfidence is corrected later, and the gate's score is balanced, so neither should influence the choice of the epoch.
    """
    weights = class_weights(targets, logits.shape[1], balance=True)[targets].numpy()
    temperature = likeliest_temperature(logits.numpy(), targets.numpy(), weights)
    return log_loss(logits.numpy(), targets.numpy(), temperature, weights)
