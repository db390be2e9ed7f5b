"""Weights of each backbone of the registry, of random values and as small as the family allows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from given_models import SIDE_PX

from pipeline_tasks.backbones.efficientnet_lite0 import EfficientNetLite0
from pipeline_tasks.backbones.efficientnet_lite_larger import EfficientNetLite1, EfficientNetLite2
from pipeline_tasks.backbones.efficientnet_lite_network import EfficientNetLite
from pipeline_tasks.backbones.mobilenet_v3_network import Features

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


def put_folder(architecture: str, **configuration: Any) -> Put:
    """Stand in for a folder that was downloaded from Hugging Face."""

    def put(folder: Path, patch: pytest.MonkeyPatch) -> Path | None:
        """Write a network of random weights, as its authors would."""
        transformers = pytest.importorskip("transformers", reason="no transformers: make install-transformers")
        torch.manual_seed(4)
        made = transformers.AutoModel.from_config(transformers.AutoConfig.for_model(architecture, **configuration))
        made.save_pretrained(folder / "weights")
        (folder / "weights/preprocessor_config.json").write_text(json.dumps(PREPROCESSING))
        return folder / "weights"

    return put


def put_file(name: str) -> Put:
    """Stand in for a file that torchvision publishes."""

    def put(folder: Path, patch: pytest.MonkeyPatch) -> Path | None:
        """Write a file of random weights, with a classifier."""
        torch.manual_seed(5)
        folder.mkdir(exist_ok=True)
        torch.save(Features(name).state_dict() | {"classifier.3.bias": torch.zeros(1000)}, folder / "published.pth")
        return folder / "published.pth"

    return put


PREPROCESSING = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
RESNET = {"embedding_size": 8, "hidden_sizes": [8, 8, 16, 16]}
VIT = {"hidden_size": 16, "num_hidden_layers": 12, "num_attention_heads": 2}
GIVEN: dict[str, Put] = {
    "efficientnet_lite0": put_nothing,
    "efficientnet_lite1": put_package(EfficientNetLite1),
    "efficientnet_lite2": put_package(EfficientNetLite2),
    "small_cnn": put_nothing,
    "mobilenet_v3_small": put_file("mobilenet_v3_small"),
    "mobilenet_v3_large": put_file("mobilenet_v3_large"),
    "resnet18": put_folder("resnet", **RESNET, depths=[2, 2, 2, 2], layer_type="basic"),
    "resnet34": put_folder("resnet", **RESNET, depths=[3, 4, 6, 3], layer_type="basic"),
    "resnet50": put_folder("resnet", **RESNET, depths=[3, 4, 6, 3], layer_type="bottleneck"),
    "convnext_tiny": put_folder("convnext", hidden_sizes=[8, 8, 16, 16], depths=[3, 3, 9, 3]),
    "vit_small": put_folder("vit", **VIT, intermediate_size=32, image_size=64, patch_size=16),
    "dinov2_small": put_folder("dinov2", **VIT, mlp_ratio=2, image_size=70, patch_size=14),
    "transformers": put_folder("mobilenet_v2", depth_multiplier=0.1, initializer_range=0.3),
}
"""Writes weights into a folder, and returns what `backbone.weights` says."""

SIBLINGS = {
    "efficientnet_lite0": "efficientnet_lite2",
    "efficientnet_lite1": "efficientnet_lite2",
    "mobilenet_v3_large": "mobilenet_v3_small",
    "resnet18": "resnet50",
    "resnet34": "resnet50",
}
"""Networks of the same code, only larger or smaller: the other one is trained for both, because a training takes seconds."""


def settings_of(name: str, folder: Path, patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The section `backbone` of a project, with weights in this folder."""
    weights = GIVEN[name](folder, patch)
    return {"name": name, "side_px": SIDE_PX, "map_side_px": MAP_SIDE_PX, "weights": None if weights is None else str(weights)}
