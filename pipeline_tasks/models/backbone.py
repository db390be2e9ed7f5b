"""The frozen network that turns a model-size image into an embedding, run by ONNX Runtime.

Torch is imported only to export the network, once a machine; after that the exported file is used.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline_tasks.errors import ModelError
from pipeline_tasks.models.backbone_weights import weights_file
from pipeline_tasks.settings import BackboneSettings

ENGINE = "onnxruntime-fp32"
DIMENSIONS = 1280
GRAPH_VERSION = 1
"""Whoever changes the exported graph changes this, and with it the backbone's digest."""
PREPROCESSING = "uint8 RGB, (x - 127) / 128"


class Backbone:
    """An exported backbone, ready to embed. Thread-safe; each image runs alone, so no embedding depends on its neighbours."""

    engine = ENGINE
    dimensions = DIMENSIONS

    def __init__(self, digest: str, side_px: int, file: Path) -> None:
        """Open the exported file; `digest` names weights, preprocessing and side."""
        self.digest = digest
        self.side_px = side_px
        self._file = file
        self._session = _open_session(file)

    @cached_property
    def onnx_bytes(self) -> bytes:
        """The graph: input `pictures` uint8 N x side x side x 3, output `embeddings` float32 N x 1280, normalisation inside."""
        return self._file.read_bytes()

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed model-size images (uint8, N x side x side x 3) as float32 N x 1280, one stream a core.

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
        return np.stack(rows) if rows else np.empty((0, DIMENSIONS), np.float32)

    def _embed_one(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Batches of one: the fixed batch shape, and on a CPU also the quickest."""
        row: NDArray[np.float32] = self._session.run(None, {"pictures": image[np.newaxis]})[0][0]
        return row

    @cached_property
    def _streams(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(len(os.sched_getaffinity(0)), thread_name_prefix="embed")


def open_backbone(settings: BackboneSettings, cache_folder: Path) -> Backbone:
    """Open the backbone of a project; the first call on a machine exports it into `cache_folder`.

    Raises:
        SettingsError: its weights are not installed.
        ModelError: the exported file cannot be read.
    """
    digest = backbone_digest(settings)
    file = cache_folder / f"{digest}.onnx"
    if not file.exists():
        with _only_exporter(cache_folder):
            if not file.exists():
                _export(settings, file)
    return Backbone(digest, settings.side_px, file)


def backbone_digest(settings: BackboneSettings) -> str:
    """Name a backbone by what its embeddings depend on: weights, preprocessing, side, graph.

    Raises:
        SettingsError: its weights are not installed.
    """
    recipe = {
        "name": settings.name,
        "weights": hashlib.sha256(weights_file(settings).read_bytes()).hexdigest(),
        "preprocessing": PREPROCESSING,
        "side_px": settings.side_px,
        "graph": GRAPH_VERSION,
    }
    return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def _open_session(file: Path) -> Any:
    """One thread a run: callers bring the threads, so that each core has its own stream."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except (onnxruntime.capi.onnxruntime_pybind11_state.InvalidProtobuf, onnxruntime.capi.onnxruntime_pybind11_state.Fail) as error:
        raise ModelError(f"{file}: not a readable ONNX file; delete it and it is exported again: {error}") from error


@contextmanager
def _only_exporter(cache_folder: Path) -> Iterator[None]:
    """Let one process export while the others wait for it."""
    cache_folder.mkdir(parents=True, exist_ok=True)
    with (cache_folder / ".export.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _export(settings: BackboneSettings, file: Path) -> None:
    """Put the exported file in its place, whole or not at all."""
    from pipeline_tasks.models.backbone_torch import export_onnx

    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".export-") as folder:
        exported = Path(folder) / file.name
        export_onnx(settings, exported)
        with exported.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(exported, file)
