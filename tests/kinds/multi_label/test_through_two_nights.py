"""Tests of whole nights of a project with several classes an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
from given_models import DecodingHere
from kinds.given_nights import FIRST, SECOND, DrawnNight, Pixels, after_nights

from pipeline_tasks.commands.versions.describing import as_text, describe
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.lineage.explain import explain
from pipeline_tasks.reports.tree import as_text as tree_text
from pipeline_tasks.serving.loaded_model import load_model
from pipeline_tasks.storage.blobs.serving_pointer import read_pointer
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.versions.version_history import dataset_versions
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import DatasetObject
from pipeline_tasks.tables.prediction import Prediction

pytestmark = pytest.mark.slow
CLASSES = ("red", "green", "blue")


class PatchNight(DrawnNight):
    """Images of nine patches, of which some have a strong colour: those that the image is named by, if any."""

    def objects_of(self, number: int) -> list[str]:
        return shown_in(number)

    def drawn(self, objects: Sequence[str], number: int) -> Pixels:
        return an_image(number)

    def annotate_all(self) -> None:
        for number, task in list(self.server.tasks.items()):
            if not task["annotations"]:
                self.server.annotate(number, list(self.truth[task["data"]["image_id"]]), control="classes")


def shown_in(number: int) -> list[str]:
    """Any of the 8 sets of three classes, the empty one too."""
    return [name for bit, name in enumerate(CLASSES) if number >> bit & 1]


def an_image(number: int) -> np.ndarray[Any, Any]:
    drawn = np.random.default_rng(number)
    patches = drawn.integers(0, 90, (3, 3, 3))
    for name in shown_in(number):
        patches[..., CLASSES.index(name)] += 140
    return np.kron(patches, np.ones((16, 16, 1))).astype(np.uint8)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> PatchNight:
    settings: dict[str, Any] = {"label_kind": "classes", "classes": list(CLASSES), "gates": {"margin": 0.05}}
    return after_nights(tmp_path_factory.mktemp("patches"), PatchNight, [range(64)], **settings)


def test_first_night__asks_freezes_and_promotes_a_model_better_than_naming_every_class(night: PatchNight) -> None:
    told = night.told[FIRST]
    states = set(night.store.current(Label)["state"].cast(pl.String))

    assert states == {"labelled", "empty"}
    assert told["build_dataset_version"]["images"] == told["resolve_labels"]["labelled"] + told["resolve_labels"]["empty"]
    assert told["evaluate_model"]["score"] > told["evaluate_model"]["baseline_score"]
    assert told["promote_model"]["is_promoted"], told["compare_with_champion"]["why"]
    assert told["compare_with_champion"]["why"].startswith("Promoted: better than naming every class in every image. Mean F1 ")
    assert set(told["evaluate_model"]["figures"]) == {"exact_images", "log_loss", "roc_auc", "average_precision"}
    assert told["write_cycle_report"]["missing"] == {}


def test_first_night__freezes_all_classes_of_each_image(night: PatchNight) -> None:
    frozen = night.store.read(DatasetObject, FIRST).group_by("image_id").agg("class_name")

    assert frozen.height > 40
    assert all(sorted(names) == sorted(night.truth[image_id]) for image_id, names in frozen.iter_rows())


def test_model__is_served_from_the_file_alone(night: PatchNight) -> None:
    pointer = read_pointer(night.store.objects)
    assert pointer is not None
    content = night.store.objects.read(layout.model(pointer.champion_digest)).content

    model = load_model(content, pointer.champion_digest)
    right = 0
    for number in range(800, 832):
        predicted: Any = model.predict(model_image(an_image(number), model.side_px), (48, 48), 0.5)
        right += sorted(predicted.class_names) == sorted(shown_in(number))

    assert model.kind.vocabulary == pointer.vocabulary == CLASSES
    assert right >= 20, "of 32 images with one of 8 sets of classes"


def test_report_and_explain__say_classes_and_their_probabilities(night: PatchNight) -> None:
    page = night.store.objects.read(layout.report(FIRST, "index.html")).content.decode()
    (version,) = dataset_versions(night.store)
    tested = night.store.read(Prediction, FIRST)["image_id"][0]
    said = tree_text(explain(night.store, tested, night.folder, DecodingHere()))

    assert "F1 by class" in page
    assert "test, mean F1" in as_text(describe(night.store, version))
    assert "(probability), evaluated in cycle" in said or "none of the classes, highest" in said
    assert "mean F1 " in tree_text(explain(night.store, "champion", night.folder, DecodingHere()))


def test_second_night__compares_with_the_champion(night: PatchNight, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTLENS_HOME", str(night.folder))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    night.bring(range(64, 96))

    told = night.cycle(SECOND)

    assert told["build_dataset_version"]["images"] > night.told[FIRST]["build_dataset_version"]["images"]
    assert told["compare_with_champion"]["champion_score"] is not None
    assert told["write_cycle_report"]["missing"] == {}
