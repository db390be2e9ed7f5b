"""Tests that nothing of an erased image's objects is left: boxes and texts that people drew, froze and a model predicted."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from given_night import Night, a_night
from reports.test_process import DATA
from stages.tend.test_erase import Traces, erase, every_file

from pipeline_tasks.commands.versions.progress import progress_bar
from pipeline_tasks.commands.versions.verifying import verify_version
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.logged_prediction import LoggedPrediction
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.kinds.reporting import Drawing, Shape
from pipeline_tasks.kinds.texts.text_object import Text
from pipeline_tasks.reports.html import cards
from pipeline_tasks.reports.image_cards import image_card
from pipeline_tasks.serving.prediction_log import PredictionLog
from pipeline_tasks.storage.blobs.report_files import write_report_file
from pipeline_tasks.storage.blobs.thumbnails import read_thumbnail
from pipeline_tasks.storage.history.cycles import read_cycle
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.disk_objects import DiskObjects
from pipeline_tasks.storage.versions.version_history import dataset_versions
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.label_object import AnnotationObject, DatasetObject, LabelObject, PredictedObject

pytestmark = pytest.mark.slow

FIRST, MODEL, SIDE = "2026-11-21", "e" * 64, 48
HOLD_OBJECTS = (AnnotationObject, LabelObject, DatasetObject, PredictedObject)


class ObjectNight(Night):
    """Every image has one object, like no other image's."""

    def said_of(self, image_id: str) -> Box | Text:
        left = 1 + int(image_id[:6], 16) / 2**20
        return Box("bolt", left, 3, 20, 20) if self.project.label_kind == "box" else Text(f"No {image_id[::-3]}")

    def annotate_all(self) -> None:
        labeling = kind_of(self.project).labeling
        for number, task in list(self.server.tasks.items()):
            if not task["annotations"]:
                self.server.submit(number, labeling.write([self.said_of(task["data"]["image_id"])], (SIDE, SIDE)))


@pytest.fixture(params=["box", "text"])
def night(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectNight:
    """A project on disk after a night whose images are too few for a training."""
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    classes = ["bolt", "nut"] if request.param == "box" else []
    night = a_night(tmp_path, ObjectNight, label_kind=request.param, classes=classes)
    night.store = Store(DiskObjects(tmp_path / "roots" / "parts"))
    night.bring(range(4))
    night.cycle(FIRST)
    return night


def predict(night: ObjectNight, image_ids: Sequence[str]) -> None:
    """Predictions of a model, as an evaluation writes them, in the server's log and in a report that draws them."""
    scoring, decoding = kind_of(night.project).scoring, kind_of(night.project).decoding
    found = [[replace(night.said_of(one), confidence=0.5)] for one in image_ids]
    rows = scoring.prediction_rows(MODEL, image_ids, found)
    cycle = read_cycle(night.store, FIRST)
    night.store.finish(FIRST, "given_predictions", cycle.arguments, [(scoring.prediction_table, rows)])
    log = PredictionLog(night.folder / "serving" / "parts")
    for image_id, objects in zip(image_ids, found, strict=True):
        fields = LoggedPrediction(
            image_id, MODEL, "", as_fields(decoding.predict(objects, (SIDE, SIDE), 0.1)), prediction_id=image_id[:32]
        )
        log.append(fields)
    log.close()
    data = replace(DATA, thumbnail=lambda image_id: read_thumbnail(night.store.objects, image_id))
    shape = Shape(((1.0, 3.0, 21.0, 3.0, 21.0, 23.0),), "prediction", "bolt 50 %")
    shown = [image_card(data, one, "missed", drawing=Drawing(SIDE, SIDE, (shape,))) for one in image_ids]
    write_report_file(night.store.objects, "2026-11-20", "index.html", cards(shown, len(shown), "errors", is_wide=True).encode())


def as_fields(prediction: Any) -> dict[str, Any]:
    """Fields of a prediction as JSON."""
    return {name: [vars(one) for one in value] if isinstance(value, tuple) else value for name, value in vars(prediction).items()}


def rows_about(night: ObjectNight, objects: Sequence[Box | Text]) -> dict[str, int]:
    """Table → number of rows with one of these objects, whichever image they name; some images were shown to two people."""
    found = {}
    for table in HOLD_OBJECTS:
        rows = night.store.history(table)
        found[table.table_name] = sum(rows.filter(is_of(one)).height for one in objects)
    return found


def is_of(one: Box | Text) -> pl.Expr:
    """Rows with the object, which no other image has."""
    return pl.col("x_min_px").round(5) == round(one.x_min_px, 5) if isinstance(one, Box) else pl.col("text") == one.text


def test_erase__leaves_nothing_of_the_objects_of_an_image(night: ObjectNight) -> None:
    image_ids = night.store.read(DatasetImage, FIRST)["image_id"].to_list()
    predict(night, image_ids)
    image_id = image_ids[0]
    gone, others = [night.said_of(image_id)], [night.said_of(one) for one in image_ids[1:]]
    traces = Traces(night, image_id)
    if isinstance(gone[0], Text):
        traces.needles.append(gone[0].text.encode())
    before = traces.found_in(every_file(night.folder))
    rows_before, others_before = rows_about(night, gone), rows_about(night, others)
    assert min(rows_before.values()) >= 1, "the search finds what is there"
    assert any("predictions" in one for one in before)
    assert any("2026-11-20" in one for one in before)

    summary = erase(night, image_id)

    assert traces.found_in(every_file(night.folder)) == []
    assert rows_about(night, gone) == dict.fromkeys(rows_before, 0)
    assert rows_about(night, others) == others_before
    assert rows_before.items() <= summary["rows_by_table"].items()
    (version,) = dataset_versions(night.store)
    with progress_bar("verify", io.StringIO()) as progress:
        verified = verify_version(night.store, version, progress, reads_bytes=True)
    assert verified.is_fine, verified
    assert verified.erased == 1
    assert night.store.read(DatasetImage, FIRST).height == len(image_ids) - 1
