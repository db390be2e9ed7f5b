"""Networks of the package `transformers`, from a local folder: how they are opened, named and checked."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.map_modelling import MapModelling
from pipeline_tasks.networks.folder import check_folder, folder_digests

if TYPE_CHECKING:
    from pipeline_tasks.backbones.backbone import Backbone
    from pipeline_tasks.models.whole_network import WholeNetwork


class FolderNetwork:
    """A network whose weights, configuration and preprocessing lie in a folder."""

    name: ClassVar[str]
    version: ClassVar[int]
    """Bump when the graph or the training changes."""
    types: ClassVar[tuple[str, ...]]
    """`model_type` of folders that it opens."""
    repository: ClassVar[str]
    rate_ratio: ClassVar[float] = 0.1

    def __init__(self, kind: Kind, folder: Path, side_px: int) -> None:
        """Open it for images of this side."""
        modelling: object = kind.modelling
        assert isinstance(modelling, MapModelling), "boxes and masks have places"
        self._modelling, self._vocabulary, self._folder, self.side_px = modelling, kind.vocabulary, folder, side_px
        recipe = {"name": self.name, "version": self.version, "side_px": side_px} | folder_digests(folder)
        self.digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()

    @classmethod
    def check_weights(cls, weights: Path | None) -> None:
        """Refuse a folder of another network."""
        check_folder(cls.name, weights, cls.types, cls.repository)

    @classmethod
    def open(cls, kind: Kind, weights: Path | None, backbone: Backbone, side_px: int) -> Self:
        """Open the folder; the project's backbone is not used."""
        assert weights is not None, "checked"
        return cls(kind, weights, side_px)

    def network(self, folder: Path, names: int) -> WholeNetwork:
        """The network of a folder for so many names."""
        raise NotImplementedError
