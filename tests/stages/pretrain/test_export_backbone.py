"""Tests of the exported file, and of the backbone that a project file can then name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from given_models import SIDE_PX
from given_pretraining_cycle import SMALL_CNN, Pretraining

from pipeline_tasks.backbones.backbone import Backbone, open_backbone
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.storage.blobs.model_files import read_model
from pipeline_tasks.storage.care.verifying import verify_objects
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.training_data.pretraining_images import find_pretrained

pytestmark = pytest.mark.slow

NOISE = np.random.default_rng(3).integers(0, 256, (2, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)


def opened(pretraining: Pretraining, folder: Path, **changed: object) -> Backbone:
    settings = SMALL_CNN.model_copy(update={"pretrained": pretraining.probe().pretrained} | changed)
    return open_backbone(settings, folder, pretrained=lambda name: find_pretrained(pretraining.store, name))


def test_export_backbone__stores_the_file_that_the_project_then_opens(tmp_path: Path, undisturbed: Pretraining) -> None:
    exported, backbone = undisturbed.export(), opened(undisturbed, tmp_path)
    assert exported.model_digest is not None
    assert backbone.onnx_bytes == read_model(undisturbed.store.objects, exported.model_digest)
    assert exported.parity_max_difference is not None
    assert exported.parity_max_difference < 1e-5


def test_pretrained_backbone__embeds_maps_and_trains_with_the_new_weights(tmp_path: Path, undisturbed: Pretraining) -> None:
    import torch

    backbone, base = opened(undisturbed, tmp_path), undisturbed.backbone
    assert backbone.digest != base.digest
    assert backbone.dimensions == base.dimensions
    with torch.no_grad():
        wanted = backbone.load_network()(torch.from_numpy(NOISE)).numpy()
    assert np.abs(backbone.embed(NOISE) - wanted).max() < 1e-4
    assert np.abs(backbone.embed(NOISE) - base.embed(NOISE)).max() > 1e-4
    trunk, of_base = backbone.trunk(64), base.trunk(64)
    image = np.random.default_rng(4).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert trunk.shapes == of_base.shapes
    assert trunk.digest != of_base.digest
    assert np.abs(trunk.maps(image) - of_base.maps(image)).max() > 1e-3


def test_pretrained_backbone__at_another_side_is_exported_for_it(tmp_path: Path, undisturbed: Pretraining) -> None:
    assert opened(undisturbed, tmp_path, side_px=64).embed(np.zeros((1, 64, 64, 3), np.uint8)).shape == (1, 256)


def test_pretrained_backbone__under_another_name_or_digest_or_without_a_root_is_refused(
    tmp_path: Path, undisturbed: Pretraining
) -> None:
    name = undisturbed.probe().pretrained
    with pytest.raises(SettingsError, match=f"{name} are weights of small_cnn, found backbone.name efficientnet_lite0"):
        opened(undisturbed, tmp_path, name="efficientnet_lite0")
    with pytest.raises(SettingsError, match=rf"wanted weights of a pretraining of this project \({name}\), found {'0' * 64}"):
        opened(undisturbed, tmp_path, pretrained="0" * 64)
    with pytest.raises(SettingsError, match="lie in the project's root, which is not open here"):
        open_backbone(SMALL_CNN.model_copy(update={"pretrained": name}), tmp_path)


def test_verify_store__finds_weights_and_file_of_a_pretraining_named_and_whole(undisturbed: Pretraining) -> None:
    found, named = verify_objects(undisturbed.store.objects)
    assert found.damaged == []
    assert {undisturbed.train().candidate_key, layout.model(str(undisturbed.export().model_digest))} <= set(named.named_by)
