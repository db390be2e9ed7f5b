"""Tests of networks by transformers: found in their folder alone, known by content, and seen as their authors meant."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from backbones.given_families import GIVEN, PREPROCESSING, put_folder

from pipeline_tasks.backbones.backbone import Backbone, open_backbone
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.settings import BackboneSettings

GIVEN_BIT = put_folder("bit", embedding_size=8, hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1], num_groups=2)
pytestmark = pytest.mark.slow
transformers = pytest.importorskip("transformers", reason="no transformers: make install-transformers")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of tiny networks: `resnet18` and `vit_small`."""
    folder = tmp_path_factory.mktemp("folders")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("resnet18", "vit_small"):
            GIVEN[name](folder / name, patch)
    return folder


def open_folder(name: str, weights: Path, side_px: int = 32) -> Backbone:
    return open_backbone(BackboneSettings(name=name, side_px=side_px, weights=str(weights)), weights.parent / "cache")


def copied(made: Path, folder: Path) -> Path:
    shutil.copytree(made / "resnet18/weights", folder / "copy")
    return folder / "copy"


def test_digest__is_of_the_content_and_not_of_the_place(made: Path, tmp_path: Path) -> None:
    copy = copied(made, tmp_path)
    here, there = open_folder("resnet18", made / "resnet18/weights"), open_folder("resnet18", copy)
    (copy / "preprocessor_config.json").write_text(json.dumps(PREPROCESSING | {"image_std": [0.5, 0.5, 0.5]}))

    assert here.digest == there.digest
    assert open_folder("resnet18", copy).digest != here.digest


def test_embedding__is_what_transformers_computes_for_the_normalised_image(made: Path) -> None:
    """The tiny network was made for 64 px, so that its positions are interpolated for 48."""
    folder = made / "vit_small/weights"
    image = np.random.default_rng(2).integers(0, 256, (1, 48, 48, 3), np.uint8)
    scaled = (image / 255 - np.array(PREPROCESSING["image_mean"])) / np.array(PREPROCESSING["image_std"])
    pixels = torch.from_numpy(scaled.transpose(0, 3, 1, 2).astype(np.float32))
    with torch.no_grad():
        wanted = transformers.AutoModel.from_pretrained(folder)(pixels, interpolate_pos_encoding=True).last_hidden_state[:, 0]

    found = open_folder("vit_small", folder, side_px=48).embed(image)

    assert np.abs(found - wanted.numpy()).max() < 1e-4


def test_opened_again__needs_neither_torch_nor_transformers(made: Path) -> None:
    digest = open_folder("resnet18", made / "resnet18/weights").digest
    script = (
        "import sys, pathlib\n"
        "from pipeline_tasks.backbones.families import ResNet18\n"
        f"weights = pathlib.Path({str(made / 'resnet18/weights')!r})\n"
        "found = ResNet18(32, weights.parent / 'cache', weights)\n"
        "print(found.digest, found.dimensions, {'torch', 'transformers'} & set(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert answer.stdout.split() == [digest, "16", "set()"]


def test_folder__is_asked_for_with_the_way_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"resnet18 needs the folder.*hf download microsoft/resnet-18 --local-dir FOLDER"):
        open_backbone(BackboneSettings(name="resnet18"), tmp_path)
    with pytest.raises(SettingsError, match=r"resnet18 wants config.json in .*nowhere, found none; .*microsoft/resnet-18"):
        open_folder("resnet18", tmp_path / "nowhere")


def test_folder__of_another_network_is_refused(made: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"resnet34 wants a network with .*3, 4, 6, 3.*, found .*2, 2, 2, 2"):
        open_folder("resnet34", copied(made, tmp_path))
    with pytest.raises(SettingsError, match=r"convnext_tiny wants a network with .*convnext.*, found .*'model_type': 'resnet'"):
        open_folder("convnext_tiny", tmp_path / "copy")


def test_folder__that_lacks_weights_is_refused_instead_of_filled_with_random_ones(made: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = copied(made, tmp_path)
    weights = load_file(folder / "model.safetensors")
    lost = next(name for name in weights if name.endswith("convolution.weight"))
    save_file({name: values for name, values in weights.items() if name != lost}, folder / "model.safetensors", {"format": "pt"})

    with pytest.raises(SettingsError, match=rf"lacks weights of the network, such as {lost}"):
        open_folder("resnet18", folder)


def test_damaged_weights__are_named(made: Path, tmp_path: Path) -> None:
    folder = copied(made, tmp_path)
    (folder / "model.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1")

    with pytest.raises(SettingsError, match=r"transformers cannot open .*copy"):
        open_folder("resnet18", folder)


def test_network_of_text__is_refused(tmp_path: Path) -> None:
    made = transformers.AutoModel.from_config(
        transformers.AutoConfig.for_model("bert", hidden_size=8, num_hidden_layers=1, num_attention_heads=1, vocab_size=9)
    )
    made.save_pretrained(tmp_path / "text")
    (tmp_path / "text/preprocessor_config.json").write_text(json.dumps(PREPROCESSING))

    with pytest.raises(SettingsError, match=r"wanted a network of images in .*text, found one of input_ids"):
        open_folder("transformers", tmp_path / "text")


def test_network__whose_graph_computes_something_else_is_refused_by_name(tmp_path: Path) -> None:
    """BiT pads by code that a traced graph does not follow."""
    GIVEN_BIT(tmp_path, pytest.MonkeyPatch())

    with pytest.raises(SettingsError, match=r"transformers cannot use this network: its exported graph .* are off by .* ResNet"):
        open_folder("transformers", tmp_path / "weights", side_px=48)
