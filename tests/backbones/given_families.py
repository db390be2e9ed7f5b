"""Weights of each backbone of the registry, of random values and as small as the family allows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from given_models import SIDE_PX

from pipeline_tasks.backbones.backbone import Backbone, open_backbone
from pipeline_tasks.backbones.efficientnet_lite0 import EfficientNetLite0
from pipeline_tasks.backbones.efficientnet_lite_larger import EfficientNetLite1, EfficientNetLite2
from pipeline_tasks.backbones.efficientnet_lite_network import EfficientNetLite
from pipeline_tasks.settings import BackboneSettings

MAP_SIDE_PX = 96
Put = Callable[[Path, pytest.MonkeyPatch], Path | None]


def put_package(of: type[EfficientNetLite0]) -> Put:
    """Stand in for the package that ships the weights."""

    def put(folder: Path, patch: pytest.MonkeyPatch) -> Path | None:
        """Write a package with random weights and put it on the path of imports."""
        package = folder / of.weights_file.package
        (package / "models").mkdir(parents=True)
        (package / "__init__.py").touch()
        torch.manual_seed(3)
        weights = EfficientNetLite(of.scaling).state_dict() | {"_fc.weight": torch.zeros(1), "_fc.bias": torch.zeros(1)}
        torch.save(weights, package / of.weights_file.name)
        patch.syspath_prepend(str(folder))
        return None

    return put


def put_nothing(folder: Path, patch: pytest.MonkeyPatch) -> Path | None:
    """Let the backbone use its own weights."""


GIVEN: dict[str, Put] = {
    "efficientnet_lite0": put_nothing,
    "efficientnet_lite1": put_package(EfficientNetLite1),
    "efficientnet_lite2": put_package(EfficientNetLite2),
    "small_cnn": put_nothing,
}
"""Writes weights into a folder, and returns what `backbone.weights` says."""


def settings_of(name: str, folder: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The section `backbone` of a project, with weights in this folder."""
    weights = GIVEN[name](folder, patch)
    return {"name": name, "side_px": SIDE_PX, "map_side_px": MAP_SIDE_PX, "weights": None if weights is None else str(weights)}


def opened(name: str, folder: Path, patch: pytest.MonkeyPatch) -> Backbone:
    """The backbone with weights in this folder."""
    return open_backbone(BackboneSettings(**settings_of(name, folder, patch)), folder / "cache")
