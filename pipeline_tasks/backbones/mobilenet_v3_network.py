"""MobileNetV3 without its classifier; modules are named as in torchvision, so that its files fit (Howard et al., ICCV 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from pipeline_tasks.backbones.named_weights import read_state
from pipeline_tasks.backbones.scaling import Scaling
from pipeline_tasks.errors import SettingsError

_STEM_CHANNELS = 16
_CLASSIFIER = "classifier."


@dataclass(frozen=True)
class _Row:
    """One block of the paper's tables."""

    kernel: int
    expanded: int
    channels: int
    is_squeezed: bool
    is_hard: bool
    """Hard swish instead of ReLU."""
    stride: int


@dataclass(frozen=True)
class _Table:
    rows: tuple[_Row, ...]
    taps: tuple[int, int, int]
    """Modules whose outputs are the maps at strides 8, 16 and 32."""


_SMALL = _Table(
    (
        _Row(3, 16, 16, True, False, 2),
        _Row(3, 72, 24, False, False, 2),
        _Row(3, 88, 24, False, False, 1),
        _Row(5, 96, 40, True, True, 2),
        _Row(5, 240, 40, True, True, 1),
        _Row(5, 240, 40, True, True, 1),
        _Row(5, 120, 48, True, True, 1),
        _Row(5, 144, 48, True, True, 1),
        _Row(5, 288, 96, True, True, 2),
        _Row(5, 576, 96, True, True, 1),
        _Row(5, 576, 96, True, True, 1),
    ),
    (3, 8, 11),
)
_LARGE = _Table(
    (
        _Row(3, 16, 16, False, False, 1),
        _Row(3, 64, 24, False, False, 2),
        _Row(3, 72, 24, False, False, 1),
        _Row(5, 72, 40, True, False, 2),
        _Row(5, 120, 40, True, False, 1),
        _Row(5, 120, 40, True, False, 1),
        _Row(3, 240, 80, False, True, 2),
        _Row(3, 200, 80, False, True, 1),
        _Row(3, 184, 80, False, True, 1),
        _Row(3, 184, 80, False, True, 1),
        _Row(3, 480, 112, True, True, 1),
        _Row(3, 672, 112, True, True, 1),
        _Row(5, 672, 160, True, True, 2),
        _Row(5, 960, 160, True, True, 1),
        _Row(5, 960, 160, True, True, 1),
    ),
    (6, 12, 15),
)
TABLES = {"mobilenet_v3_small": _SMALL, "mobilenet_v3_large": _LARGE}


def load_features(name: str, file: Path) -> Features:
    """The network with the weights of a file; those of its classifier are left out.

    Raises:
        SettingsError: the file is of another network.
    """
    features = Features(name)
    kept = {key: values for key, values in read_state(file).items() if not key.startswith(_CLASSIFIER)}
    try:
        features.load_state_dict(kept)
    except RuntimeError as error:
        raise SettingsError(f"backbone.weights: {file} is not of a {name}: {error}") from error
    return features


class Features(nn.Module):
    """uint8 images N x side x side x 3 → outputs of all modules, float32 N x channels x height x width."""

    def __init__(self, name: str) -> None:
        """Build the network of a table with random weights."""
        super().__init__()
        table, channels = TABLES[name], _STEM_CHANNELS
        modules: list[nn.Module] = [_convolution(3, channels, 3, 2, nn.Hardswish)]
        for row in table.rows:
            modules.append(_Block(channels, row))
            channels = row.channels
        modules.append(_convolution(channels, 6 * channels, 1, 1, nn.Hardswish))
        self.features, self.taps = nn.Sequential(*modules), table.taps
        for key, values in (("mean", (0.485, 0.456, 0.406)), ("spread", (0.229, 0.224, 0.225))):
            self.register_buffer(key, 255 * torch.tensor(values).reshape(1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> list[Tensor]:
        """Outputs of the stem, of each block and of the last convolution."""
        pixels = images.permute(0, 3, 1, 2).to(torch.float32)
        values, outputs = (pixels - self.get_buffer("mean")) / self.get_buffer("spread"), []
        for module in self.features:
            values = module(values)
            outputs.append(values)
        return outputs


class Embedding(nn.Module):
    """uint8 images → the last convolution's features, averaged over their positions."""

    def __init__(self, network: Features) -> None:
        """Take the network."""
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Embed images, N x D."""
        embeddings: Tensor = self.network(images)[-1].mean((2, 3))
        return embeddings


class Maps(nn.Module):
    """uint8 images → feature maps at strides 8, 16 and 32."""

    def __init__(self, network: Features) -> None:
        """Take the network."""
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Outputs of the deepest block at each stride."""
        outputs = self.network(images)
        return tuple(outputs[number] for number in self.network.taps)


class _Block(nn.Module):
    """Inverted residual block with squeeze and excitation; adds the input if the shape allows."""

    def __init__(self, before: int, row: _Row) -> None:
        super().__init__()
        shape = nn.Hardswish if row.is_hard else nn.ReLU
        modules: list[nn.Module] = [] if row.expanded == before else [_convolution(before, row.expanded, 1, 1, shape)]
        modules.append(_convolution(row.expanded, row.expanded, row.kernel, row.stride, shape, groups=row.expanded))
        modules += [_Squeeze(row.expanded)] if row.is_squeezed else []
        modules.append(_convolution(row.expanded, row.channels, 1, 1, None))
        self.block = nn.Sequential(*modules)
        self.is_residual = row.stride == 1 and before == row.channels

    def forward(self, features: Tensor) -> Tensor:
        """N x before x H x W → N x channels x H/stride x W/stride."""
        found: Tensor = self.block(features)
        return found + features if self.is_residual else found


class _Squeeze(nn.Module):
    """Weighs channels by their means over the image (Hu et al., CVPR 2018)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = Scaling().channels(channels // 4)
        self.fc1, self.fc2 = nn.Conv2d(channels, narrow, 1), nn.Conv2d(narrow, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Features with weighed channels."""
        narrow = torch.relu(self.fc1(features.mean((2, 3), keepdim=True)))
        return nn.functional.hardsigmoid(self.fc2(narrow)) * features


def _convolution(
    before: int, channels: int, kernel: int, stride: int, shape: type[nn.Module] | None, groups: int = 1
) -> nn.Sequential:
    """Convolution and batch normalisation, and an activation if there is one."""
    convolution = nn.Conv2d(before, channels, kernel, stride, padding=kernel // 2, groups=groups, bias=False)
    modules: list[nn.Module] = [convolution, nn.BatchNorm2d(channels, eps=1e-3)]
    return nn.Sequential(*modules, *([] if shape is None else [shape()]))
