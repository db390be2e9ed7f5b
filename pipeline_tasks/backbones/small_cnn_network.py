"""The small convolutional network in torch.

Group normalisation (Wu & He, ECCV 2018) instead of batch normalisation: it keeps no statistics, which a network from
scratch does not have, and no image depends on the others of its batch.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline_tasks.backbones.named_weights import read_state
from pipeline_tasks.backbones.small_cnn import STAGES, drawn_weights
from pipeline_tasks.errors import SettingsError

_GROUPS = 8
_FIRST_MAP = 2


def load_stages(weights: Path | None) -> Stages:
    """The stages with the weights of a file, or with drawn ones.

    Raises:
        SettingsError: the file is of another network.
    """
    stages = Stages()
    if weights is None:
        stages.load_state_dict({name: torch.from_numpy(values) for name, values in drawn_weights().items()}, strict=False)
        return stages
    try:
        stages.load_state_dict(read_state(weights))
    except RuntimeError as error:
        raise SettingsError(f"backbone.weights: {weights} is not of a small_cnn: {error}") from error
    return stages


class Stages(nn.Module):
    """uint8 images N x side x side x 3 → outputs of the stages, float32 N x channels x height x width."""

    def __init__(self) -> None:
        """Build the network."""
        super().__init__()
        self.stages = nn.ModuleList(_Stage(before, channels) for before, channels in zip((3, *STAGES), STAGES, strict=False))

    def forward(self, images: Tensor) -> list[Tensor]:
        """Outputs of all stages."""
        features, outputs = (images.permute(0, 3, 1, 2).to(torch.float32) - 127.5) / 64, []
        for stage in self.stages:
            features = stage(features)
            outputs.append(features)
        return outputs


class Embedding(nn.Module):
    """uint8 images → the last stage's features, averaged over their positions."""

    def __init__(self, features: Stages) -> None:
        """Take the stages."""
        super().__init__()
        self.features = features

    def forward(self, images: Tensor) -> Tensor:
        """Embed images, N x D."""
        embeddings: Tensor = self.features(images)[-1].mean((2, 3))
        return embeddings


class Maps(nn.Module):
    """uint8 images → feature maps at strides 8, 16 and 32."""

    def __init__(self, features: Stages) -> None:
        """Take the stages."""
        super().__init__()
        self.features = features

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Outputs of the last three stages."""
        return tuple(self.features(images)[_FIRST_MAP:])


class _Stage(nn.Module):
    """Two convolutions, the first of which halves height and width."""

    def __init__(self, before: int, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(before, channels, 3, stride=2, padding=1, bias=False)
        self.first_norm = nn.GroupNorm(_GROUPS, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second_norm = nn.GroupNorm(_GROUPS, channels)

    def forward(self, features: Tensor) -> Tensor:
        """N x before x H x W → N x channels x H/2 x W/2."""
        features = F.relu(self.first_norm(self.first(features)))
        return F.relu(self.second_norm(self.second(features)))
