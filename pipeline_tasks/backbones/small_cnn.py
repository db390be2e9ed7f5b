"""A small convolutional network from scratch: for projects that must not start from anyone's weights, and for tests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.backbones.named_weights import NamedWeights, sha256_of
from pipeline_tasks.errors import SettingsError

if TYPE_CHECKING:
    from torch import nn

    from pipeline_tasks.kinds.map_modelling import Shapes

STAGES = (32, 48, 96, 160, 256)
"""Channels of the stages; each halves height and width."""
_MAPS = ((96, 8), (160, 16), (256, 32))
_SEED = 20261130


class SmallCnn(NamedWeights):
    """Five stages of two convolutions; its weights are drawn, or a state dict of your own."""

    name = "small_cnn"
    dimensions = STAGES[-1]
    preprocessing = "uint8 RGB, (x - 127.5) / 64"
    graph_version = 1

    def checked(self, weights: Path | None) -> Path | None:
        """A file, or None for drawn weights."""
        if weights is not None and not weights.is_file():
            raise SettingsError(f"backbone.weights: small_cnn wants a file of tensors (.pt, .safetensors), found none at {weights}")
        return weights

    def content(self) -> Mapping[str, str]:
        """Digest of the file or of the drawn weights."""
        if self.weights is not None:
            return {"weights": sha256_of(self.weights)}
        drawn = hashlib.sha256()
        for name, values in drawn_weights().items():
            drawn.update(name.encode() + values.tobytes())
        return {"weights": drawn.hexdigest()}

    def load_network(self) -> nn.Module:
        """Normalisation and network, in evaluation mode."""
        from pipeline_tasks.backbones.small_cnn_network import Embedding, load_stages

        return Embedding(load_stages(self.weights)).eval()

    def load_maps(self) -> nn.Module:
        """Stages up to strides 8, 16 and 32, in evaluation mode."""
        from pipeline_tasks.backbones.small_cnn_network import Maps, load_stages

        return Maps(load_stages(self.weights)).eval()

    def map_shapes(self, side_px: int) -> Shapes:
        """Maps at strides 8, 16 and 32."""
        from pipeline_tasks.kinds.map_modelling import MapShape

        return tuple(MapShape(channels, -(-side_px // stride), -(-side_px // stride), stride) for channels, stride in _MAPS)


def drawn_weights() -> dict[str, NDArray[np.float32]]:
    """Weights of the convolutions by their names in the network, the same on each machine (He et al., ICCV 2015)."""
    generator, drawn, before = np.random.default_rng(_SEED), {}, 3
    for stage, channels in enumerate(STAGES):
        for number, inputs in enumerate((before, channels)):
            spread = np.sqrt(2 / (9 * inputs))
            values = generator.normal(0, spread, (channels, inputs, 3, 3)).astype(np.float32)
            drawn[f"stages.{stage}.{'first' if number == 0 else 'second'}.weight"] = values
        before = channels
    return drawn
