"""Backbone of the server as one file: images to embeddings."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from pipeline_tasks.backbones.exported_backbone import open_session
from pipeline_tasks.edge.frame import Pixels
from pipeline_tasks.edge.model_pixels import model_pixels
from pipeline_tasks.errors import ModelError, SettingsError
from pipeline_tasks.neighbors.cosine import Floats, unit_rows


class BackboneFile:
    """An exported backbone, run in one thread."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            SettingsError: it is not there, or no backbone that Nightlens exported.
        """
        if not path.is_file():
            raise SettingsError(f"keep.backbone: wanted the file of a backbone, found nothing at {path}")
        try:
            self._session = open_session(path)
        except ModelError as error:
            raise SettingsError(f"keep.backbone: {error}") from error
        given, made = self._session.get_inputs(), self._session.get_outputs()
        shape = given[0].shape if len(given) == len(made) == 1 else []
        if len(shape) != 4 or shape[1] != shape[2] or not isinstance(shape[1], int) or given[0].type != "tensor(uint8)":
            raise SettingsError(f"keep.backbone: wanted a backbone that Nightlens exported, found inputs {given} in {path}")
        self.side_px: int = shape[1]
        self._input = given[0].name
        self.digest = hashlib.sha256(path.read_bytes()).hexdigest()

    def embed(self, pixels: Pixels) -> Floats:
        """Embedding of a frame as one row of length 1 (1 x D)."""
        image = model_pixels(pixels, self.side_px)
        return unit_rows(np.asarray(self._session.run(None, {self._input: image[np.newaxis]})[0]))
