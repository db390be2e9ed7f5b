"""Tests of MobileNetV3: its weights have the names and shapes that torchvision publishes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pipeline_tasks.backbones.backbone import open_backbone
from pipeline_tasks.backbones.mobilenet_v3_network import Features, load_features
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings import BackboneSettings


@pytest.mark.parametrize(
    ("name", "parameters"), [("mobilenet_v3_small", 2_542_856 - 1_615_848), ("mobilenet_v3_large", 5_483_032 - 2_511_080)]
)
def test_network__has_as_many_parameters_as_the_published_one(name: str, parameters: int) -> None:
    """Torchvision's figure without the classifier's two layers."""
    assert sum(one.numel() for one in Features(name).parameters()) == parameters


def test_network__names_its_weights_as_torchvision_does() -> None:
    names = set(Features("mobilenet_v3_small").state_dict())

    assert {"features.0.0.weight", "features.0.1.running_mean", "features.1.block.1.fc1.bias", "features.12.1.weight"} <= names
    assert {"features.4.block.3.0.weight", "features.4.block.2.fc2.weight"} <= names


def test_file__of_another_network_is_refused(tmp_path: Path) -> None:
    torch.save(Features("mobilenet_v3_large").state_dict(), tmp_path / "large.pth")

    with pytest.raises(SettingsError, match=r"(?s)large.pth is not of a mobilenet_v3_small: "):
        load_features("mobilenet_v3_small", tmp_path / "large.pth")


def test_file__is_asked_for_by_its_published_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"mobilenet_v3_small needs the file.*mobilenet_v3_small-047dcff4.pth"):
        open_backbone(BackboneSettings(name="mobilenet_v3_small"), tmp_path)
    with pytest.raises(
        SettingsError, match=r"found none at nowhere.pth; torchvision publishes it as mobilenet_v3_large-5c1a4163.pth"
    ):
        open_backbone(BackboneSettings(name="mobilenet_v3_large", weights="nowhere.pth"), tmp_path)
