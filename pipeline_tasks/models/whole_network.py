"""Backbone and head as one torch module; apart from the training, so that whoever only compares need not import Lightning."""

from __future__ import annotations

from torch import Tensor, nn


class WholeNetwork(nn.Module):
    """Backbone and head. The backbone's normalisation layers keep their statistics: batches here are too small for new ones."""

    def __init__(self, backbone: nn.Module, head: nn.Module) -> None:
        """Put a head (N x D → outputs) on a backbone (uint8 N x side x side x 3 → N x D)."""
        super().__init__()
        self.backbone = backbone
        self.head = head

    def forward(self, images: Tensor) -> Tensor:
        """uint8 images N x side x side x 3 → outputs of the head before calibration."""
        outputs: Tensor = self.head(self.backbone(images))
        return outputs

    def train(self, mode: bool = True) -> WholeNetwork:
        """Leave the backbone in evaluation mode: its weights are trained, its statistics are not."""
        super().train(mode)
        self.backbone.eval()
        return self
