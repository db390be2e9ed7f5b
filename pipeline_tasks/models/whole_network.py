"""Backbone and head as one torch module; separate from the training, so that the parity check need not import Lightning."""

from __future__ import annotations

from torch import Tensor, nn


class WholeNetwork(nn.Module):
    """Backbone and head. The backbone's batch normalisation keeps its statistics, because batches are too small for new ones."""

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
        """Set the training mode, but keep the backbone in evaluation mode, which freezes its statistics."""
        super().train(mode)
        self.backbone.eval()
        return self
