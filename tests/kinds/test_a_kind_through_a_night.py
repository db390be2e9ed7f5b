"""Tests of a whole night with a label kind that only the project file names."""

from __future__ import annotations

import hashlib
import io
import os
from typing import Any

import numpy as np
import pytest
from given_models import DecodingHere
from given_night import Night, a_night
from kinds.a_spot_kind import REFERENCE
from kinds.spot_models import overlap
from PIL import Image as PillowImage

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


class SpotNight(Night):
    """Images with one bright spot; people draw a box around it."""

    told: dict[str, dict[str, Any]]

    def bring(self, numbers: range) -> None:
        self.spots: dict[str, tuple[int, int]] = getattr(self, "spots", {})
        for number in numbers:
            drawn = np.random.default_rng(number)
            place = int(drawn.integers(0, WIDE - SPOT)), int(drawn.integers(0, HIGH - SPOT))
            buffer = io.BytesIO()
            PillowImage.fromarray(an_image(place, number)).save(buffer, "PNG")
            path = self.folder / "inbox" / f"{number}.png"
            path.write_bytes(buffer.getvalue())
            os.utime(path, (0, 0))
            self.spots[hashlib.sha256(buffer.getvalue()).hexdigest()] = place

    def annotate_all(self) -> None:
        for number, task in list(self.server.tasks.items()):
            if not task["annotations"]:
                self.server.submit(number, [self.region(task["data"]["image_id"])])

    def region(self, image_id: str) -> dict[str, Any]:
        x, y = self.spots[image_id]
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
    folder = tmp_path_factory.mktemp("spots")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHTLENS_HOME", str(folder))
        patch.setenv("WANDB_MODE", "disabled")
        found = a_night(folder, SpotNight, label_kind=REFERENCE, classes=[])
        found.bring(range(60))
        found.told = found.cycle("2026-11-21")
    return found


def test_a_kind__is_asked_frozen_and_trained_with_its_objects(night: SpotNight) -> None:
    told, store = night.told, night.store
    assert told["resolve_labels"]["labelled"] == told["build_dataset_version"]["images"] == told["select_images"]["images_selected"]
    frozen = store.read(DatasetObject, "2026-11-21")
    assert frozen.sort("image_id").equals(store.current(LabelObject).sort("image_id"))
    assert told["train_model"]["val_score"] > told["evaluate_model"]["baseline_score"] > 0


def test_a_kind__is_evaluated_and_judged_by_its_own_score(night: SpotNight) -> None:
    evaluated, why = night.told["evaluate_model"], night.told["compare_with_champion"]["why"]

    assert night.told["promote_model"]["is_promoted"], why
    assert why.startswith("Promoted: better than always the mean box. Overlap ")
    assert "always the mean box" in why
    assert evaluated["score"] == evaluated["image_score"] > evaluated["baseline_score"]
    assert night.registry.epochs[0]["test_iou"] == evaluated["score"]
    assert set(night.store.read(PredictedObject, "2026-11-21")["model_digest"]) == {evaluated["model_digest"]}


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
    page = night.store.objects.read(layout.report("2026-11-21", "index.html")).content.decode()
    (version,) = dataset_versions(night.store)
    tested = night.store.read(PredictedObject, "2026-11-21")["image_id"][0]
    said = tree_text(explain(night.store, tested, night.folder, DecodingHere()))

    assert "spots were looked for" in page
    assert "test, overlap" in as_text(describe(night.store, version))
    assert said.count("spot at ") >= 3, "its label, its annotation and the model's prediction"
    assert "overlap 0." in tree_text(explain(night.store, "champion", night.folder, DecodingHere()))


def test_a_kind__goes_through_a_second_night_against_its_champion(night: SpotNight, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTLENS_HOME", str(night.folder))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    night.bring(range(60, 90))

    told = night.cycle("2026-11-22")

    assert told["build_dataset_version"]["images"] > night.told["build_dataset_version"]["images"]
    assert told["compare_with_champion"]["champion_score"] is not None
    assert told["write_cycle_report"]["missing"] == {}
