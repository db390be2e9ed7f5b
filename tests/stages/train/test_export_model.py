"""Tests that the exported file predicts like the trained network; otherwise nothing is registered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from given import an_open_cycle
from given_models import SIDE_PX, TinyNetwork, World, an_image
from torch import nn

from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.decoding.model_recipe import recipe_digest
from pipeline_tasks.errors import ModelError, ParityError
from pipeline_tasks.kinds.classes.decode import ClassPrediction
from pipeline_tasks.models.exported import ExportedModel, read_head, smoke_image
from pipeline_tasks.records.cycle import CycleArguments
from pipeline_tasks.records.export_model import ExportModelSummary
from pipeline_tasks.stages.train.build_dataset_version import build_dataset_version
from pipeline_tasks.stages.train.export_model import export_model
from pipeline_tasks.storage.blobs.checkpoint_files import put_candidate
from pipeline_tasks.storage.blobs.model_files import read_model

pytestmark = pytest.mark.slow


def export(world: World) -> ExportModelSummary:
    return export_model(world.store, world.cycle, world.decoder, world.backbone, world.registry)


def exported(world: World, summary: ExportModelSummary) -> ExportedModel:
    assert summary.model_digest is not None
    return ExportedModel(read_model(world.store.objects, summary.model_digest))


def said(model: ExportedModel, image: np.ndarray) -> ClassPrediction:
    return model.kind.decoding.predict(model.objects(image, (48, 48)), (48, 48), 0.0)


@pytest.fixture
def trained(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.train()
    return world


def test_export_model__predicts_from_pixels_alone(trained: World) -> None:
    summary = export(trained)

    model = exported(trained, summary)
    images = np.stack([model_image(an_image(name, 99), SIDE_PX) for name in ("bolt", "nut")])
    assert [said(model, image).class_name for image in images] == ["bolt", "nut"]
    assert summary.parity_max_difference is not None
    assert summary.parity_max_difference < 1e-5
    assert summary.parity_images == 24
    assert summary.size_bytes == len(read_model(trained.store.objects, str(summary.model_digest)))


def test_export_model__carries_its_origin_and_smoke_predictions(trained: World) -> None:
    summary = export(trained)

    model = exported(trained, summary)
    assert model.kind.vocabulary == ("bolt", "nut")
    assert model.recipe_digest == recipe_digest(SIDE_PX)
    assert model.backbone_digest == trained.backbone.digest
    assert model.dataset_id == summary.dataset_id
    assert len(model.smoke_images) == 3
    for smoke in model.smoke_images:
        found = model.run(smoke_image(smoke.seed, SIDE_PX))
        assert model.kind.decoding.difference(found, smoke.recorded) < 1e-5


def test_export_model__head_alone_scores_known_embeddings(trained: World) -> None:
    summary = export(trained)
    content = read_model(trained.store.objects, str(summary.model_digest))
    images = np.stack([model_image(an_image("nut", number), SIDE_PX) for number in range(3)])

    head = read_head(content)

    assert head.backbone_digest == trained.backbone.digest
    assert head is not None
    found = head.scorer.beliefs(trained.backbone.embed(images))
    wanted = [ExportedModel(content).run(image)["probabilities"] for image in images]
    assert np.abs(found - np.stack(wanted)).max() < 1e-5


def test_export_model__registers_the_candidate_once(trained: World) -> None:
    summary = export(trained)

    assert export(trained) == summary
    assert trained.registry.versions == {summary.model_digest: "1"}
    assert trained.registry.aliases == {"parts@candidate": "1"}
    candidate = trained.store.state().values["candidate"]
    assert candidate["model_digest"] == summary.model_digest
    assert candidate["dataset_cycle_id"] == "2026-11-21"


def test_export_model__registers_no_file_whose_predictions_differ(trained: World) -> None:
    trained.backbone.network = TinyNetwork().eval()
    nn.init.constant_(trained.backbone.network.filters.weight, 0.3)

    with pytest.raises(ParityError, match="wanted probabilities within"):
        export(trained)

    assert trained.registry.versions == {}
    assert list(trained.store.objects.list("models/")) == []


def test_export_model__refuses_a_head_of_another_backbone(trained: World) -> None:
    trained.backbone.digest = "c" * 64

    with pytest.raises(ModelError, match="wanted the backbone"):
        export(trained)


def test_export_model__of_an_unfrozen_backbone_holds_the_trained_weights(tmp_path: Path) -> None:
    world = World(tmp_path, unfreeze_epochs=3, learning_rate=0.03)
    world.train()

    summary = export(world)

    assert exported(world, summary).backbone_digest != world.backbone.digest
    assert summary.parity_max_difference is not None
    assert summary.parity_max_difference < 1e-5


def test_export_model__has_nothing_to_do_after_a_skipped_training(tmp_path: Path) -> None:
    world = World(tmp_path, arguments=CycleArguments(training="skip"))
    world.train()

    assert export(world).skipped == "Not trained: this cycle was started with training `skip`."


def test_build_dataset_version__trains_again_only_for_new_labels(trained: World) -> None:
    export(trained)
    cycle = an_open_cycle(trained.store, "2026-11-22")

    summary = build_dataset_version(trained.store, cycle)

    assert not summary.is_changed
    assert not summary.should_train
    assert summary.why == "Not trained: the newest model was trained on exactly these labels."


def test_candidate__same_parts_are_the_same_bytes(trained: World) -> None:
    first = export(trained)
    candidate = trained.candidate(trained.train())

    key, sha256 = put_candidate(trained.store.objects, "2026-11-21", replace(candidate).as_bytes())

    assert (key, sha256) == (trained.train().candidate_key, trained.train().candidate_sha256)
    assert first.model_digest is not None
