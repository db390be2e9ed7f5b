"""Backbone whose weights a person names in the project file; identified by the content of their files."""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pipeline_tasks.backbones.exported_backbone import ExportedBackbone
from pipeline_tasks.errors import SettingsError

if TYPE_CHECKING:
    from torch import Tensor


class NamedWeights(ExportedBackbone):
    """Base class: a subclass sets the attributes of its base but `weights_file`, and two methods."""

    def __init__(self, side_px: int, cache_folder: Path, weights: Path | None = None) -> None:
        """Open the exported file; export it if it is missing.

        Raises:
            SettingsError: the weights are missing or of another network.
        """
        self.weights = self.checked(weights)
        self._content = self.content()
        super().__init__(side_px, cache_folder)

    @classmethod
    def open_with(cls, weights: Path | None, side_px: int, cache_folder: Path) -> Self:
        """Open the backbone with these weights."""
        return cls(side_px, cache_folder, weights)

    @abstractmethod
    def checked(self, weights: Path | None) -> Path | None:
        """The same path, if what it names can be this backbone's weights.

        Raises:
            SettingsError: it cannot.
        """

    @abstractmethod
    def content(self) -> Mapping[str, str]:
        """Digests of all that the weights depend on, by name; imports no torch."""

    def digest_for(self, side_px: int) -> str:
        """Digest of the content, never of a path: the same files elsewhere are the same backbone."""
        recipe = {
            "name": self.name,
            "content": dict(self._content),
            "preprocessing": self.preprocessing,
            "side_px": side_px,
            "graph": self.graph_version,
        }
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()


def sha256_of(file: Path) -> str:
    """Digest of a file.

    Raises:
        SettingsError: it cannot be read.
    """
    try:
        with file.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise SettingsError(f"backbone.weights: {file} cannot be read: {error.strerror}") from error


def read_state(file: Path) -> dict[str, Tensor]:
    """Tensors by name of a `.safetensors` file or of a state dict that torch saved; nothing in the file is run.

    Raises:
        SettingsError: it cannot be read as that.
    """
    if file.suffix == ".safetensors":
        return _read_safetensors(file)
    import pickle

    import torch

    try:
        found = torch.load(file, weights_only=True, map_location="cpu")
    except (OSError, RuntimeError, pickle.UnpicklingError, ValueError, EOFError) as error:
        raise SettingsError(f"backbone.weights: wanted a state dict in {file}, which cannot be read: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(one, torch.Tensor) for one in found.values()):
        raise SettingsError(f"backbone.weights: wanted a state dict (tensors by name) in {file}, found {type(found).__name__}")
    return found


def _read_safetensors(file: Path) -> dict[str, Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        raise SettingsError(f"backbone.weights: {file} needs the package safetensors: make install-transformers") from error
    try:
        tensors: dict[str, Tensor] = load_file(file)
    except (OSError, SafetensorError) as error:
        raise SettingsError(f"backbone.weights: wanted tensors in {file}, which cannot be read: {error}") from error
    return tensors
