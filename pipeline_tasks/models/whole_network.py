"""Backbone and head as one torch module; apart from the training, so that whoever only compares need not import Lightning."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class WholeNetwork(nn.Module):
    """Backbone and head. The backbone's normalisation layers keep their statistics: batches here are too small for new ones."""

    def __init__(self, backbone: nn.Module, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
        """Put a trained head (C x D, C) on a backbone (uint8 N x side x side x 3 → N x D)."""
        super().__init__()
        self.backbone = backbone
        self.head = nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(weight))
            self.head.bias.copy_(torch.from_numpy(bias))

    def forward(self, images: Tensor) -> Tensor:
        """uint8 images N x side x side x 3 → logits N x C."""
        logits: Tensor = self.head(self.backbone(images))
        return logits

    def train(self, mode: bool = True) -> WholeNetwork:
        """Leave the backbone in evaluation mode: its weights are trained, its statistics are not."""
        super().train(mode)
        self.backbone.eval()
        return self
