"""U-Net in torch: a backbone as encoder, a fine stage beside it, and a decoder with a skip connection at each stride.

Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation" (MICCAI 2015). Backbones give no maps at
strides 2 and 4, so these are computed from the pixels by two stages of the decoder's own.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline_tasks.kinds.map_modelling import Shapes
from pipeline_tasks.models.whole_network import WholeNetwork

FINE_CHANNELS = (16, 32)
"""Channels of the stages at strides 2 and 4."""
CHANNELS = (96, 64, 48, 32)
"""Channels of the decoder's steps, from the coarsest skip connection (stride 16) to stride 2."""
DROPPED_RATIO = 0.2
"""Channels of the coarsest map that a training step does without, so that the few training images are not learned by heart."""
MIDDLE, SPREAD = 127.5, 64.0
"""Scaling of the pixels for the fine stages."""


def unet(trunk: nn.Module, shapes: Shapes, side_px: int, names: int) -> WholeNetwork:
    """A U-Net over the maps of a trunk, for so many names with nothing: logits N x names x side/2 x side/2."""
    return WholeNetwork(PixelsAndMaps(trunk), Decoder(shapes, side_px, names))


class PixelsAndMaps(nn.Module):
    """uint8 images → scaled pixels, then the maps of the trunk."""

    def __init__(self, trunk: nn.Module) -> None:
        """Take a trunk: uint8 N x side x side x 3 → maps, the finest first."""
        super().__init__()
        self.trunk = trunk

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Pixels N x 3 x side x side, and maps."""
        pixels = images.permute(0, 3, 1, 2).to(torch.float32)
        return ((pixels - MIDDLE) / SPREAD, *self.trunk(images))


class Decoder(nn.Module):
    """Pixels and maps → logits of nothing and of each name at stride 2."""

    def __init__(self, shapes: Shapes, side_px: int, names: int) -> None:
        """Build the decoder with random weights."""
        super().__init__()
        self.at_half = _stage(3, FINE_CHANNELS[0])
        self.at_quarter = _stage(*FINE_CHANNELS)
        skips = [*FINE_CHANNELS, *(one.channels for one in shapes[:-1])]
        self.sizes = [side_px // 2, side_px // 4, *(one.height for one in shapes[:-1])]
        before, steps = shapes[-1].channels, []
        for channels, skip in zip(CHANNELS[-len(skips) :], reversed(skips), strict=True):
            steps.append(_twice(before + skip, channels))
            before = channels
        self.steps = nn.ModuleList(steps)
        self.names = nn.Conv2d(before, names, 1)

    def forward(self, given: tuple[Tensor, ...]) -> Tensor:
        """Logits N x names x side/2 x side/2."""
        pixels, *maps = given
        half = self.at_half(pixels)
        skips = [half, self.at_quarter(half), *maps[:-1]]
        features = F.dropout2d(maps[-1], DROPPED_RATIO, self.training)
        for step, skip, length in zip(self.steps, reversed(skips), reversed(self.sizes), strict=True):
            larger = F.interpolate(features, size=(length, length), mode="bilinear", align_corners=False)
            features = step(torch.cat([larger, skip], 1))
        logits: Tensor = self.names(features)
        return logits


def _stage(before: int, channels: int) -> nn.Sequential:
    """Two convolutions, the first of which halves height and width."""
    return nn.Sequential(*_normed(before, channels, stride=2), *_normed(channels, channels))


def _twice(before: int, channels: int) -> nn.Sequential:
    return nn.Sequential(*_normed(before, channels), *_normed(channels, channels))


def _normed(before: int, channels: int, stride: int = 1) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(before, channels, 3, stride=stride, padding=1, bias=False)
    return convolution, nn.BatchNorm2d(channels), nn.ReLU()


class Shares(nn.Module):
    """uint8 images → shares of nothing and of each name, adding up to 1."""

    def __init__(self, network: nn.Module) -> None:
        """Add the softmax to a network of logits."""
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """Shares of the cells, the one output."""
        return (self.network(images).softmax(1),)
