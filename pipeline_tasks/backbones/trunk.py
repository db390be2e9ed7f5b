"""Feature maps of an exported backbone at several strides: exported once a machine and side, then run by ONNX Runtime."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.backbones.exported_backbone import ExportedBackbone, open_session, write_once
from pipeline_tasks.errors import ModelError
from pipeline_tasks.kinds.map_modelling import Shapes

if TYPE_CHECKING:
    from torch import nn

GRAPH_VERSION = 1
"""Bump when the exported graph of the maps changes."""


class Trunk:
    """The maps of one backbone for images of one side. Thread-safe."""

    def __init__(self, backbone: ExportedBackbone, side_px: int, cache_folder: Path) -> None:
        """Open the exported file in `cache_folder`; export it if it is missing.

        Raises:
            SettingsError: the backbone has no feature maps.
        """
        self._backbone, self.side_px, self.engine = backbone, side_px, backbone.engine
        whole = f"{backbone.digest_for(side_px)} maps {GRAPH_VERSION}"
        self.digest = hashlib.sha256(whole.encode()).hexdigest()
        """Digest of all that the maps depend on."""
        self.shapes: Shapes = backbone.map_shapes(side_px)
        self._file = cache_folder / f"{self.digest}.onnx"
        write_once(self._file, self._export)
        self._session = open_session(self._file)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the graph's outputs, the finest map first."""
        return tuple(f"map_{shape.stride}" for shape in self.shapes)

    @cached_property
    def onnx_bytes(self) -> bytes:
        """The graph: input `pictures` uint8 N x side x side x 3, outputs `names`, normalisation inside."""
        return self._file.read_bytes()

    def maps(self, image: NDArray[np.uint8]) -> NDArray[np.float16]:
        """Maps of one image (uint8, side x side x 3) as one row of float16, one map after the other.

        Raises:
            ModelError: the image does not have that shape and type.
        """
        wanted = (self.side_px, self.side_px, 3)
        if image.dtype != np.uint8 or image.shape != wanted:
            raise ModelError(f"trunk: wanted a uint8 image of {wanted}, found {image.dtype} {image.shape}")
        maps = self._session.run(list(self.names), {"pictures": image[np.newaxis]})
        row: NDArray[np.float16] = np.concatenate([one.ravel() for one in maps]).astype(np.float16)
        return row

    def load_network(self) -> nn.Module:
        """Load the same network in torch, in evaluation mode: uint8 N x side x side x 3 → a tuple of maps."""
        return self._backbone.load_maps_at(self.side_px)

    def _export(self) -> bytes:
        from pipeline_tasks.backbones.onnx_export import check_export, export_onnx

        network = self.load_network()
        content = export_onnx(network, self.side_px, self.names)
        if self._backbone.is_any_network:
            check_export(network, content, self.side_px, self._backbone.name)
        return content
