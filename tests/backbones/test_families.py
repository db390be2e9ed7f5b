"""Tests that each backbone of the registry embeds, trains, exports with parity and serves; a new one cannot be forgotten."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from backbones.given_families import GIVEN, MAP_SIDE_PX, SIBLINGS, settings_of
from given import an_open_cycle
from given_models import SIDE_PX, DecodingHere, RememberingLog, RememberingRegistry, an_image, put_labelled_images
from PIL import Image as PillowImage
from serving.test_application import Bench

from pipeline_tasks.backbones.backbone import Backbone, open_backbone
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.models.exported import ExportedModel
from pipeline_tasks.records.export_model import ExportModelSummary
from pipeline_tasks.registries import BACKBONES
from pipeline_tasks.settings import BackboneSettings
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
class Family:
    """An open backbone, one model that was trained on it, and what the export of that said."""

    backbone: Backbone
    summary: ExportModelSummary
    content: bytes


def trained_and_exported(settings: dict[str, Any], folder: Path) -> Family:
    """A head and then the whole network trained on a dozen drawn images."""
    store, decoder, registry = Store(MemoryObjects()), DecodingHere(), RememberingRegistry()
    cycle = an_open_cycle(store, training=TRAINING, backbone=settings)
    put_labelled_images(store, cycle, SPLITS)
    build_dataset_version(store, cycle)
    backbone = open_backbone(cycle.project.backbone, folder / "cache")
    train_model(store, cycle, decoder, backbone, registry, RememberingLog(), folder / "work")
    summary = export_model(store, cycle, decoder, backbone, registry)
    return Family(backbone, summary, read_model(store.objects, str(summary.model_digest)))


@pytest.fixture(scope="module", params=sorted(set(FAMILIES) - set(SIBLINGS)))
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Family]:
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        yield trained_and_exported(settings_of(request.param, folder, patch), folder)


@pytest.fixture(scope="module", params=sorted(SIBLINGS))
def sibling(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backbone]:
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        yield open_backbone(BackboneSettings(**settings_of(request.param, folder, patch)), folder / "cache")


def test_families__are_all_tested() -> None:
    assert sorted(GIVEN) == FAMILIES
    assert set(SIBLINGS.values()) <= set(FAMILIES) - set(SIBLINGS)


def test_family__trains_exports_and_serves(family: Family, tmp_path: Path) -> None:
    assert family.summary.parity_images == 12
    assert family.summary.parity_max_difference is not None
    assert family.summary.parity_max_difference < 1e-3
    buffer, bench = io.BytesIO(), Bench(tmp_path)
    PillowImage.fromarray(an_image("nut", 99)).save(buffer, "PNG")
    digest = bench.serve(family.content)
    served = bench.predict(buffer.getvalue()).json()
    bench.prediction_threads.close()
    bench.log.close()
    own = ExportedModel(family.content).run(model_image(an_image("nut", 99), SIDE_PX))["probabilities"]
    assert served["model_digest"] == digest
    assert [served["probabilities"][one] for one in ("bolt", "nut")] == pytest.approx(own.tolist(), abs=1e-5)


def test_family__embeds_and_gives_maps_as_its_torch_network_does(family: Family) -> None:
    assert_embeds_as_torch(family.backbone)
    assert_gives_the_maps_of_torch(family.backbone)


def test_sibling__embeds_and_gives_maps_as_its_torch_network_does(sibling: Backbone) -> None:
    assert_embeds_as_torch(sibling)
    assert_gives_the_maps_of_torch(sibling)


def assert_embeds_as_torch(backbone: Backbone) -> None:
    images = np.stack([model_image(an_image(one, 1), SIDE_PX) for one in ("bolt", "nut")])

    found = backbone.embed(images)

    with torch.no_grad():
        wanted = backbone.load_network()(torch.from_numpy(images)).numpy()
    assert found.shape == (2, backbone.dimensions)
    assert np.abs(found - wanted).max() < 1e-3 * np.abs(wanted).max()
    assert np.abs(found[0] - found[1]).max() > 0


def assert_gives_the_maps_of_torch(backbone: Backbone) -> None:
    image = np.array(model_image(an_image("nut", 1), MAP_SIDE_PX))

    trunk = backbone.trunk(MAP_SIDE_PX)
    row = trunk.maps(image)

    with torch.no_grad():
        wanted = [one[0].numpy() for one in trunk.load_network()(torch.from_numpy(image[np.newaxis]))]
    assert [(one.stride, one.height, one.width) for one in trunk.shapes] == [(8, 12, 12), (16, 6, 6), (32, 3, 3)]
    assert [(one.channels, one.height, one.width) for one in trunk.shapes] == [one.shape for one in wanted]
    together = np.concatenate([one.ravel() for one in wanted])
    assert np.abs(row - together).max() < 2e-3 * np.abs(together).max(), "stored in half precision"


def test_families__stand_in_the_document_with_their_weights() -> None:
    document = (Path(__file__).parents[2] / "docs/how-to/choose-a-backbone.md").read_text()
    found = dict(BACKBONES.load_all())
    repositories = [str(getattr(one, "repository", "")) for name, one in found.items() if name != "transformers"]
    files = [str(getattr(one, "published", "")) for one in found.values()]

    assert [name for name in found if f"| `{name}` |" not in document] == []
    assert [one for one in (*repositories, *files) if one and one not in document] == []
