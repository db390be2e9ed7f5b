"""Tests that each backbone of the registry embeds, trains, exports with parity and serves; a new one cannot be forgotten."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from backbones.given_families import GIVEN, MAP_SIDE_PX, opened, settings_of
from given import an_open_cycle
from given_models import SIDE_PX, DecodingHere, RememberingLog, RememberingRegistry, an_image, put_labelled_images
from PIL import Image as PillowImage
from serving.test_application import Bench

from pipeline_tasks.backbones.backbone import open_backbone
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.models.exported import ExportedModel
from pipeline_tasks.records.export_model import ExportModelSummary
from pipeline_tasks.registries import BACKBONES
from pipeline_tasks.stages.train.build_dataset_version import build_dataset_version
from pipeline_tasks.stages.train.export_model import export_model
from pipeline_tasks.stages.train.train_model import train_model
from pipeline_tasks.storage.blobs.model_files import read_model
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects

pytestmark = pytest.mark.slow

SPLITS = {number: "val" if number % 3 == 0 else "train" for number in range(6)}
TRAINING = {"max_epochs": 4, "patience_epochs": 4, "augmented_views": 1, "batch_size": 8, "unfreeze_epochs": 1}
FAMILIES = sorted(BACKBONES.names)


@dataclass
class Exported:
    """One model of a family, and what its export said."""

    summary: ExportModelSummary
    content: bytes


def trained_and_exported(name: str, folder: Path, patch: pytest.MonkeyPatch, **training: Any) -> Exported:
    """A head and then the whole network trained on a dozen drawn images."""
    store, decoder, registry = Store(MemoryObjects()), DecodingHere(), RememberingRegistry()
    settings: dict[str, Any] = {"training": TRAINING | training, "backbone": settings_of(name, folder, patch)}
    cycle = an_open_cycle(store, **settings)
    put_labelled_images(store, cycle, SPLITS)
    build_dataset_version(store, cycle)
    backbone = open_backbone(cycle.project.backbone, folder / "cache")
    train_model(store, cycle, decoder, backbone, registry, RememberingLog(), folder / "work")
    summary = export_model(store, cycle, decoder, backbone, registry)
    return Exported(summary, read_model(store.objects, str(summary.model_digest)))


def test_families__are_all_tested() -> None:
    assert sorted(GIVEN) == FAMILIES


@pytest.mark.parametrize("name", FAMILIES)
def test_family__trains_exports_and_serves(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exported = trained_and_exported(name, tmp_path, monkeypatch)

    assert exported.summary.parity_images == 12
    assert exported.summary.parity_max_difference is not None
    assert exported.summary.parity_max_difference < 1e-3
    buffer, bench = io.BytesIO(), Bench(tmp_path)
    PillowImage.fromarray(an_image("nut", 99)).save(buffer, "PNG")
    digest = bench.serve(exported.content)
    served = bench.predict(buffer.getvalue()).json()
    bench.prediction_threads.close()
    bench.log.close()
    own = ExportedModel(exported.content).run(model_image(an_image("nut", 99), SIDE_PX))["probabilities"]
    assert served["model_digest"] == digest
    assert [served["probabilities"][one] for one in ("bolt", "nut")] == pytest.approx(own.tolist(), abs=1e-5)


@pytest.mark.parametrize("name", FAMILIES)
def test_family__embeds_and_gives_maps_as_its_torch_network_does(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbone = opened(name, tmp_path, monkeypatch)
    images = np.stack([model_image(an_image(one, 1), SIDE_PX) for one in ("bolt", "nut")])
    large = model_image(an_image("nut", 1), MAP_SIDE_PX)

    found, trunk = backbone.embed(images), backbone.trunk(MAP_SIDE_PX)

    with torch.no_grad():
        wanted = backbone.load_network()(torch.from_numpy(images)).numpy()
        maps = [one[0].numpy() for one in trunk.load_network()(torch.from_numpy(large[np.newaxis]))]
    assert found.shape == (2, backbone.dimensions)
    assert np.abs(found - wanted).max() < 1e-3 * np.abs(wanted).max()
    assert np.abs(found[0] - found[1]).max() > 0
    assert [(one.stride, one.height, one.width) for one in trunk.shapes] == [(8, 12, 12), (16, 6, 6), (32, 3, 3)]
    assert [(one.channels, one.height, one.width) for one in trunk.shapes] == [one.shape for one in maps]
    row = np.concatenate([one.ravel() for one in maps])
    assert np.abs(trunk.maps(large) - row).max() < 2e-3 * np.abs(row).max(), "stored in half precision"
