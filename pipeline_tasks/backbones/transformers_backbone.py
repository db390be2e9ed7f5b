"""Any vision network of the package `transformers`, from a local folder as Hugging Face lays it out; nothing is downloaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pipeline_tasks.backbones.exported_backbone import write_once
from pipeline_tasks.backbones.named_weights import NamedWeights, sha256_of
from pipeline_tasks.backbones.preprocessing import FILE as PREPROCESSING
from pipeline_tasks.backbones.preprocessing import Preprocessing, read_preprocessing
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.json_values import Json

if TYPE_CHECKING:
    from torch import nn

    from pipeline_tasks.kinds.map_modelling import Shapes

CONFIGURATION = "config.json"
WEIGHTS = ("model.safetensors", "pytorch_model.bin")


class TransformersBackbone(NamedWeights):
    """Any vision network of Hugging Face's transformers, by its folder; a subclass is a family by name."""

    name = "transformers"
    graph_version = 1
    is_any_network = True
    repository: ClassVar[str] = "REPOSITORY"
    """Address of the published weights."""
    wanted: ClassVar[Mapping[str, Json]] = {}
    """Entries of the configuration that make a network one of this family."""

    def __init__(self, side_px: int, cache_folder: Path, weights: Path | None = None) -> None:
        """Open the exported file; export it if it is missing.

        Raises:
            SettingsError: a file is missing from the folder, or it holds another network.
        """
        super().__init__(side_px, cache_folder, weights)
        length = self._session.get_outputs()[0].shape[-1]
        plain = np.zeros((1, side_px, side_px, 3), np.uint8)
        self.dimensions = length if isinstance(length, int) else self.embed(plain).shape[1]

    def checked(self, weights: Path | None) -> Path:
        """The folder, with its three files."""
        get = f"on a machine with internet: hf download {self.repository} --local-dir FOLDER, then copy it here"
        if weights is None:
            raise SettingsError(f"backbone.weights: {self.name} needs the folder of its weights; {get}")
        for names in ((CONFIGURATION,), (PREPROCESSING,), WEIGHTS):
            if not any((weights / name).is_file() for name in names):
                raise SettingsError(f"backbone.weights: {self.name} wants {' or '.join(names)} in {weights}, found none; {get}")
        return weights

    def content(self) -> Mapping[str, str]:
        """Digests of configuration and weights; the preprocessing is part of the digest by its numbers."""
        used = next(name for name in WEIGHTS if (self.folder / name).is_file())
        return {"configuration": sha256_of(self.folder / CONFIGURATION), "weights": sha256_of(self.folder / used)}

    @property
    def folder(self) -> Path:
        """The folder of the weights."""
        assert self.weights is not None, "checked when it was opened"
        return self.weights

    @cached_property
    def normalisation(self) -> Preprocessing:
        """The preprocessing that the folder names."""
        return read_preprocessing(self.folder)

    @property
    def preprocessing(self) -> str:  # type: ignore[override]
        """The same in words."""
        return self.normalisation.words

    def load_network(self) -> nn.Module:
        """Preprocessing and network, in evaluation mode."""
        from pipeline_tasks.backbones.transformers_network import Embedding, load_model

        return Embedding(load_model(self.folder, self.name, self.wanted), self.normalisation, self.side_px).eval()

    def load_maps_at(self, side_px: int) -> nn.Module:
        """The same up to the feature maps."""
        from pipeline_tasks.backbones.transformers_maps import Maps
        from pipeline_tasks.backbones.transformers_network import load_model

        return Maps(load_model(self.folder, self.name, self.wanted), self.normalisation, side_px).eval()

    def map_shapes(self, side_px: int) -> Shapes:
        """Maps at strides 8, 16 and 32; measured once a machine, as no configuration says them for all networks."""
        from pipeline_tasks.kinds.map_modelling import MapShape

        file = self._file.parent / f"{self.digest_for(side_px)}.maps.json"
        write_once(file, lambda: self._measured(side_px))
        return tuple(MapShape(**one) for one in json.loads(file.read_text()))

    def _measured(self, side_px: int) -> bytes:
        from pipeline_tasks.backbones.transformers_maps import shapes_of

        return json.dumps([asdict(one) for one in shapes_of(self.load_maps_at(side_px), side_px)]).encode()
