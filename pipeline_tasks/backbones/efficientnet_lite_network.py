"""EfficientNet-Lite without its classifier, as TensorFlow trained it.

Tan & Le, "EfficientNet" (ICML 2019); Lite: no squeeze-and-excitation, ReLU6, fixed stem and head. TensorFlow's "same"
padding is asymmetric where a stride is 2, and its batch normalisation uses an epsilon of 1e-3.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline_tasks.backbones.scaling import Scaling

_STAGES = (
    # kernel, stride, expansion, channels, repeats
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
_TAPPED_STAGES = (2, 4, 6)
"""Stages whose last blocks give the feature maps, at strides 8, 16 and 32."""
_STEM_CHANNELS = 32
_HEAD_CHANNELS = 1280


def load_network(weights: Path, scaling: Scaling) -> NormalizedNetwork:
    """Read the published weights, without the classifier, into a network in evaluation mode."""
    saved = torch.load(weights, weights_only=True, map_location="cpu")
    features = EfficientNetLite(scaling)
    # The file's tensors are transposed views, so their values are copied, not their memory. The classifier is left out.
    wanted = {name: tensor.contiguous() for name, tensor in saved.items() if not name.startswith("_fc.")}
    own = features.state_dict()
    features.load_state_dict(dict(zip(own, wanted.values(), strict=True)), strict=True)
    return NormalizedNetwork(features).eval()


class NormalizedNetwork(nn.Module):
    """uint8 images N x side x side x 3 → embeddings float32 N x 1280; normalisation inside."""

    def __init__(self, features: nn.Module) -> None:
        """Add the normalisation before a network that takes float32 N x 3 x side x side."""
        super().__init__()
        self.features = features

    def forward(self, images: Tensor) -> Tensor:
        """Embed images; gradients flow into `features` in training mode."""
        channels_first = images.permute(0, 3, 1, 2).to(torch.float32)
        embeddings: Tensor = self.features((channels_first - 127.0) / 128.0)
        return embeddings


class NormalizedMaps(nn.Module):
    """uint8 images N x side x side x 3 → feature maps at strides 8, 16 and 32; normalisation inside."""

    def __init__(self, network: NormalizedNetwork) -> None:
        """Take stem and blocks of the network."""
        super().__init__()
        features = network.features
        assert isinstance(features, EfficientNetLite)
        self.stem, self.stem_norm, self.blocks = features.stem, features.stem_norm, features.blocks
        self.taps = features.taps

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Outputs of the tapped blocks, N x channels x height x width."""
        channels_first = images.permute(0, 3, 1, 2).to(torch.float32)
        features, maps = F.relu6(self.stem_norm(self.stem((channels_first - 127.0) / 128.0))), []
        for number, block in enumerate(self.blocks):
            features = block(features)
            if number in self.taps:
                maps.append(features)
        return tuple(maps)


class EfficientNetLite(nn.Module):
    """float32 N x 3 x side x side → N x 1280 pooled features. Parameters are in the order of the published weights."""

    def __init__(self, scaling: Scaling) -> None:
        """Build the network with random weights."""
        super().__init__()
        self.stem = _SameConvolution(3, _STEM_CHANNELS, kernel=3, stride=2)
        self.stem_norm = _norm(_STEM_CHANNELS)
        blocks, ends, channels = [], [], _STEM_CHANNELS
        for number, (kernel, stride, expansion, unscaled, repeats) in enumerate(_STAGES):
            out_channels = scaling.channels(unscaled)
            for repeat in range(repeats if number in (0, len(_STAGES) - 1) else scaling.repeats(repeats)):
                blocks.append(_Block(channels, out_channels, kernel, stride if repeat == 0 else 1, expansion))
                channels = out_channels
            ends.append(len(blocks) - 1)
        self.taps = tuple(ends[stage] for stage in _TAPPED_STAGES)
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Conv2d(channels, _HEAD_CHANNELS, 1, bias=False)
        self.head_norm = _norm(_HEAD_CHANNELS)

    def forward(self, images: Tensor) -> Tensor:
        """Average the last feature map over its positions."""
        features = self.blocks(F.relu6(self.stem_norm(self.stem(images))))
        features = F.relu6(self.head_norm(self.head(features)))
        return features.mean((2, 3))


class _Block(nn.Module):
    """Inverted residual block: expand, filter each channel, project; adds the input if the shape allows."""

    def __init__(self, channels: int, out_channels: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        if expansion > 1:
            self.expand = nn.Conv2d(channels, wide, 1, bias=False)
            self.expand_norm = _norm(wide)
        self.depthwise = _SameConvolution(wide, wide, kernel, stride, groups=wide)
        self.depthwise_norm = _norm(wide)
        self.project = nn.Conv2d(wide, out_channels, 1, bias=False)
        self.project_norm = _norm(out_channels)
        self.is_expanding = expansion > 1
        self.is_residual = stride == 1 and channels == out_channels

    def forward(self, features: Tensor) -> Tensor:
        """Features of the block: N x C x H x W → N x out_channels x H/stride x W/stride."""
        wide = F.relu6(self.expand_norm(self.expand(features))) if self.is_expanding else features
        wide = F.relu6(self.depthwise_norm(self.depthwise(wide)))
        narrow: Tensor = self.project_norm(self.project(wide))
        return narrow + features if self.is_residual else narrow


class _SameConvolution(nn.Conv2d):
    """Convolution with TensorFlow's "same" padding: an odd pixel is added on the right and below."""

    def __init__(self, channels: int, out_channels: int, kernel: int, stride: int, groups: int = 1) -> None:
        super().__init__(channels, out_channels, kernel, stride, groups=groups, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Convolve N x C x H x W, padded with zeros as TensorFlow does: one more at the bottom and right if the sum is odd."""
        height, width = int(features.shape[2]), int(features.shape[3])
        top, bottom = self._padding_of(height)
        left, right = self._padding_of(width)
        return super().forward(F.pad(features, (left, right, top, bottom)))

    def _padding_of(self, length: int) -> tuple[int, int]:
        kernel, stride = int(self.kernel_size[0]), int(self.stride[0])
        needed = max((-(-length // stride) - 1) * stride + kernel - length, 0)
        return needed // 2, needed - needed // 2


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)
