"""Tests of a whole night with a label kind that only the project file names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from given_models import DecodingHere
from kinds.a_spot_kind import REFERENCE
from kinds.given_nights import FIRST, SECOND, DrawnNight, Pixels, after_nights
from kinds.spot_models import overlap

from pipeline_tasks.commands.versions.describing import as_text, describe
from pipeline_tasks.decoding.model_image import model_image
from pipeline_tasks.lineage.explain import explain
from pipeline_tasks.reports.tree import as_text as tree_text
from pipeline_tasks.serving.loaded_model import load_model
from pipeline_tasks.storage.blobs.serving_pointer import read_pointer
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.versions.version_history import dataset_versions
from pipeline_tasks.tables.label_object import DatasetObject, LabelObject, PredictedObject

pytestmark = pytest.mark.slow
WIDE, HIGH, SPOT = 60, 48, 20


class SpotNight(DrawnNight):
    """Images with one bright spot; people draw a box around it."""

    def objects_of(self, number: int) -> tuple[int, int]:
        drawn = np.random.default_rng(number)
        return int(drawn.integers(0, WIDE - SPOT)), int(drawn.integers(0, HIGH - SPOT))

    def drawn(self, objects: Sequence[int], number: int) -> Pixels:
        return an_image((objects[0], objects[1]), number)

    def annotate_all(self) -> None:
        for number, task in list(self.server.tasks.items()):
            if not task["annotations"]:
                self.server.submit(number, [self.region(task["data"]["image_id"])])

    def region(self, image_id: str) -> dict[str, Any]:
        x, y = self.truth[image_id]
        value = {"x": 100 * x / WIDE, "y": 100 * y / HIGH, "width": 100 * SPOT / WIDE, "height": 100 * SPOT / HIGH}
        return {"type": "rectangle", "value": value, "original_width": WIDE, "original_height": HIGH}


def an_image(place: tuple[int, int], number: int) -> np.ndarray[Any, Any]:
    """Each spot has its own pattern: one spot that moved a little would be a duplicate."""
    drawn = np.random.default_rng([number, 1])
    pixels = drawn.integers(0, 20, (HIGH, WIDE, 3))
    x, y = place
    pattern = drawn.integers(95, 215, (SPOT // 5, SPOT // 5, 3)).repeat(5, axis=0).repeat(5, axis=1)
    pixels[y : y + SPOT, x : x + SPOT] += pattern
    return pixels.astype(np.uint8)


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> SpotNight:
    return after_nights(tmp_path_factory.mktemp("spots"), SpotNight, [range(60)], label_kind=REFERENCE, classes=[])


def test_a_kind__is_asked_frozen_and_trained_with_its_objects(night: SpotNight) -> None:
    told, store = night.told[FIRST], night.store
    assert told["resolve_labels"]["labelled"] == told["build_dataset_version"]["images"] == told["select_images"]["images_selected"]
    frozen = store.read(DatasetObject, FIRST)
    assert frozen.sort("image_id").equals(store.current(LabelObject).sort("image_id"))
    assert told["train_model"]["val_score"] > told["evaluate_model"]["baseline_score"] > 0


def test_a_kind__is_evaluated_and_judged_by_its_own_score(night: SpotNight) -> None:
    evaluated, why = night.told[FIRST]["evaluate_model"], night.told[FIRST]["compare_with_champion"]["why"]

    assert night.told[FIRST]["promote_model"]["is_promoted"], why
    assert why.startswith("Promoted: better than always the mean box. Overlap ")
    assert "always the mean box" in why
    assert evaluated["score"] == evaluated["image_score"] > evaluated["baseline_score"]
    assert night.registry.epochs[0]["test_iou"] == evaluated["score"]
    assert set(night.store.read(PredictedObject, FIRST)["model_digest"]) == {evaluated["model_digest"]}


def test_a_kind__is_served_from_the_file_alone(night: SpotNight) -> None:
    pointer = read_pointer(night.store.objects)
    assert pointer is not None
    content = night.store.objects.read(layout.model(pointer.champion_digest)).content

    model = load_model(content, pointer.champion_digest)
    place = (30, 10)
    pixels = model_image(an_image(place, 999), model.side_px)
    prediction = model.kind.decoding.predict(model.kind.decoding.decode(model.run(pixels), (WIDE, HIGH)), (WIDE, HIGH), 0.5)

    found = np.array([[prediction.x, prediction.y, prediction.width, prediction.height]])
    assert model.kind.vocabulary == pointer.vocabulary == ()
    assert overlap(np.array([[*place, SPOT, SPOT]]), found)[0] > 0.4


def test_a_kind__has_its_section_in_the_report_and_its_words_in_explain_and_show(night: SpotNight) -> None:
    page = night.store.objects.read(layout.report(FIRST, "index.html")).content.decode()
    (version,) = dataset_versions(night.store)
    tested = night.store.read(PredictedObject, FIRST)["image_id"][0]
    said = tree_text(explain(night.store, tested, night.folder, DecodingHere()))

    assert "spots were looked for" in page
    assert "test, overlap" in as_text(describe(night.store, version))
    assert said.count("spot at ") >= 3, "its label, its annotation and the model's prediction"
    assert "overlap 0." in tree_text(explain(night.store, "champion", night.folder, DecodingHere()))


def test_a_kind__goes_through_a_second_night_against_its_champion(night: SpotNight, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTLENS_HOME", str(night.folder))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    night.bring(range(60, 90))

    told = night.cycle(SECOND)

    assert told["build_dataset_version"]["images"] > night.told[FIRST]["build_dataset_version"]["images"]
    assert told["compare_with_champion"]["champion_score"] is not None
    assert told["write_cycle_report"]["missing"] == {}
