"""A backbone with weights that the project's own pretraining made, behind the same contract as the one it began from."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.backbones.exported_backbone import ExportedBackbone, write_once
from pipeline_tasks.errors import ModelError, SettingsError

if TYPE_CHECKING:
    from torch import nn

    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.kinds.map_modelling import Shapes

Weights = Mapping[str, NDArray[np.generic]]
_EMBEDDING = "features."
"""Prefix of a network's weights in its embedding, which its feature maps may leave out."""


@dataclass(frozen=True)
class PretrainedFiles:
    """Files that a pretraining left in the store; opened when needed."""

    pretrained: str
    """Digest of the weights, which names them."""
    name: str
    """`backbone.name` of the network."""
    side_px: int
    """Side of the images of the graph."""
    weights: Callable[[], bytes]
    graph: Callable[[], bytes]
    """The exported file, so that no machine needs to export it again."""


class PretrainedBackbone(ExportedBackbone):
    """The network of `base` with other weights."""

    name = "pretrained"
    preprocessing = "that of its base"
    graph_version = 1

    def __init__(self, base: ExportedBackbone, files: PretrainedFiles, cache_folder: Path) -> None:
        """Open the exported file in `cache_folder`; fetch it, or export it for images of another side.

        Raises:
            SettingsError: the weights are of another network.
        """
        self._base, self._files, self.dimensions = base, files, base.dimensions
        if base.side_px == files.side_px:
            write_once(cache_folder / f"{self.digest_for(base.side_px)}.onnx", files.graph)
        super().__init__(base.side_px, cache_folder)

    def digest_for(self, side_px: int) -> str:
        """Digest of the weights and of what the base says of its preprocessing and graph."""
        recipe = {"backbone": self._base.digest_for(side_px), "pretrained": self._files.pretrained}
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()

    def load_network(self) -> nn.Module:
        """The base's network with the weights, in evaluation mode."""
        return with_weights(self._base.load_network(), self._weights)

    def load_maps_at(self, side_px: int) -> nn.Module:
        """The base's feature maps with the weights."""
        maps = self._base.load_maps_at(side_px)
        names = [(name, name if name in self._weights else _EMBEDDING + name) for name in maps.state_dict()]
        return with_weights(maps, {name: self._weights[known] for name, known in names if known in self._weights})

    def map_shapes(self, side_px: int) -> Shapes:
        """Those of the base."""
        return self._base.map_shapes(side_px)

    @cached_property
    def _weights(self) -> Weights:
        return read_weights(self._files.weights())


def check_network(base: Backbone, name: str, files: PretrainedFiles) -> ExportedBackbone:
    """Return the project's backbone if the weights can be of its network.

    Raises:
        SettingsError: they cannot.
    """
    if files.name != name or not isinstance(base, ExportedBackbone):
        raise SettingsError(
            f"backbone.pretrained: {files.pretrained} are weights of {files.name}, found backbone.name {name}; use {files.name}"
        )
    return base


def with_weights(network: nn.Module, weights: Weights) -> nn.Module:
    """A copy of a network with other weights, in evaluation mode.

    Raises:
        SettingsError: the weights are of another network.
    """
    import torch

    changed = deepcopy(network)
    try:
        changed.load_state_dict({name: torch.from_numpy(np.array(values)) for name, values in weights.items()})
    except RuntimeError as error:
        raise SettingsError(f"backbone.pretrained: the weights do not fit this network at this side: {error}") from error
    return changed.eval()


def weights_as_bytes(network: nn.Module) -> bytes:
    """A network's weights as an npz file without any pickle; the same weights give the same bytes."""
    buffer, state = io.BytesIO(), sorted(network.state_dict().items())
    np.savez(buffer, allow_pickle=False, **{name: values.detach().cpu().numpy() for name, values in state})
    return buffer.getvalue()


def read_weights(content: bytes) -> Weights:
    """Read the weights of an npz file.

    Raises:
        ModelError: the bytes are no weights.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (ValueError, zipfile.BadZipFile, EOFError) as error:
        raise ModelError(
            f"pretrained weights: wanted an npz file that a pretraining wrote, found something else: {error}"
        ) from error
