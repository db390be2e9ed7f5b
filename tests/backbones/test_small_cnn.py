"""Tests of the small network from scratch: its identity is the content of its weights."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from pipeline_tasks.backbones.backbone import open_backbone
from pipeline_tasks.backbones.small_cnn import SmallCnn
from pipeline_tasks.backbones.small_cnn_network import Stages, load_stages
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings import BackboneSettings

pytestmark = pytest.mark.slow

DRAWN = "0ca06e80"


def test_small_cnn__draws_the_same_weights_on_each_machine(tmp_path: Path) -> None:
    assert SmallCnn(32, tmp_path).digest[:8] == DRAWN


def test_small_cnn__is_another_backbone_with_other_weights(tmp_path: Path) -> None:
    torch.manual_seed(1)
    weights = Stages().state_dict()
    torch.save(weights, tmp_path / "own.pt")
    shutil.copy(tmp_path / "own.pt", tmp_path / "copy.pt")
    named = [BackboneSettings(name="small_cnn", side_px=32, weights=name) for name in (None, "own.pt", "copy.pt")]

    drawn, own, copy = (open_backbone(one, tmp_path / "cache", home=tmp_path) for one in named)

    assert own.digest == copy.digest != drawn.digest
    assert torch.equal(own.load_network().state_dict()["features.stages.0.first.weight"], weights["stages.0.first.weight"])


def test_small_cnn__reads_safetensors_as_it_reads_a_state_dict(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch", reason="no safetensors: make install-transformers")
    weights = Stages().state_dict()
    safetensors.save_file(weights, tmp_path / "own.safetensors")
    (tmp_path / "damaged.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1")

    assert torch.equal(
        load_stages(tmp_path / "own.safetensors").state_dict()["stages.4.second.weight"], weights["stages.4.second.weight"]
    )
    with pytest.raises(SettingsError, match=r"wanted tensors in .*damaged\.safetensors"):
        load_stages(tmp_path / "damaged.safetensors")


def test_small_cnn__refuses_what_is_not_its_weights(tmp_path: Path) -> None:
    (tmp_path / "text.pt").write_text("no weights")
    torch.save({"head.weight": torch.zeros(2)}, tmp_path / "other.pt")

    with pytest.raises(SettingsError, match=r"wants a file .* found none at .*none\.pt"):
        SmallCnn(32, tmp_path, tmp_path / "none.pt")
    with pytest.raises(SettingsError, match=r"wanted a state dict in .*text\.pt"):
        load_stages(tmp_path / "text.pt")
    with pytest.raises(SettingsError, match=r"(?s)other\.pt is not of a small_cnn: .*Missing key"):
        load_stages(tmp_path / "other.pt")


def test_backbone_with_weights_of_its_own__takes_no_others(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"efficientnet_lite0 has weights of its own, found .*mine.pt; leave"):
        open_backbone(BackboneSettings(weights="mine.pt"), tmp_path)
