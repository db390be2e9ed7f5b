"""Protocol of a backbone, and the opener of a project's backbone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.errors import SettingsError
from pipeline_tasks.registries import BACKBONES
from pipeline_tasks.settings import BackboneSettings

if TYPE_CHECKING:
    from torch import nn

    from pipeline_tasks.backbones.pretrained import PretrainedFiles
    from pipeline_tasks.backbones.trunk import Trunk


class Backbone(Protocol):
    """An open backbone. Thread-safe; no embedding depends on the other images of a call."""

    @property
    def digest(self) -> str:
        """Digest (64 hexadecimal digits) of all that its embeddings depend on: weights, preprocessing, side, graph."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of an embedding."""
        ...

    @property
    def engine(self) -> str:
        """Inference engine, such as `onnxruntime-fp32`."""
        ...

    @property
    def side_px(self) -> int:
        """Side of the model-size images that it takes."""
        ...

    @property
    def onnx_bytes(self) -> bytes:
        """The graph: input `pictures` uint8 N x side x side x 3, output `embeddings` float32 N x D, normalisation inside."""
        ...

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed model-size images (uint8, N x side x side x 3) as float32 N x D.

        Raises:
            ModelError: the images do not have that shape and type.
        """
        ...

    def load_network(self) -> nn.Module:
        """Load the same network in torch, in evaluation mode: uint8 N x side x side x 3 → float32 N x D."""
        ...

    def onnx_of(self, network: nn.Module) -> bytes:
        """Export a network from `load_network` with changed weights, as a graph like `onnx_bytes`."""
        ...

    def trunk(self, side_px: int) -> Trunk:
        """Open its feature maps for images of this side, for kinds that say where something is.

        Raises:
            SettingsError: the backbone has no feature maps.
        """
        ...


class OpensBackbone(Protocol):
    """Entry of `BACKBONES`: a class or a function that opens a backbone."""

    def __call__(self, side_px: int, cache_folder: Path) -> Backbone:
        """Open the backbone for images of this side; it caches files in `cache_folder`."""
        ...


@runtime_checkable
class TakesWeights(Protocol):
    """Entry of `BACKBONES` whose weights a person names."""

    def open_with(self, weights: Path | None, side_px: int, cache_folder: Path) -> Backbone:
        """Open the backbone with these weights; None if the project names none.

        Raises:
            SettingsError: it needs weights, or these are not of its kind.
        """
        ...


class FindsPretrained(Protocol):
    """Finds weights of the project's own pretrainings."""

    def __call__(self, pretrained: str) -> PretrainedFiles:
        """The files of a pretraining, by the digest of its weights.

        Raises:
            SettingsError: the project has none of this name.
        """
        ...


def open_backbone(
    settings: BackboneSettings, cache_folder: Path, *, home: Path = Path(), pretrained: FindsPretrained | None = None
) -> Backbone:
    """Open the backbone of a project; the first call on a machine may export it into `cache_folder`.

    A relative path of weights lies in `home`; `pretrained` finds the weights of the project's own pretrainings.

    Raises:
        SettingsError: an unknown backbone, its weights are not there, or it takes none.
        ModelError: the exported file cannot be read.
    """
    base = _published(settings, cache_folder, home)
    if settings.pretrained is None:
        return base
    if pretrained is None:
        raise SettingsError("backbone.pretrained: these weights lie in the project's root, which is not open here")
    from pipeline_tasks.backbones.pretrained import PretrainedBackbone, check_network

    files = pretrained(settings.pretrained)
    return PretrainedBackbone(check_network(base, settings.name, files), files, cache_folder)


def _published(settings: BackboneSettings, cache_folder: Path, home: Path) -> Backbone:
    """The backbone with weights from outside the project."""
    opener = BACKBONES.load(settings.name)
    weights = None if settings.weights is None else home / settings.weights
    if isinstance(opener, TakesWeights):
        return opener.open_with(weights, settings.side_px, cache_folder)
    if weights is not None:
        raise SettingsError(
            f"backbone.weights: {settings.name} has weights of its own, found {weights}; leave backbone.weights out"
        )
    return opener(settings.side_px, cache_folder)
