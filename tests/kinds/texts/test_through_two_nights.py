"""Tests of whole nights of a project of texts: labels and versions, and no model."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from given_night import Night, a_night

from pipeline_tasks.annotations.votes import objects_by
from pipeline_tasks.commands.versions.describing import as_text, describe
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.storage.blobs.version_index import read_index
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.versions.version_history import dataset_versions
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import DatasetObject

pytestmark = pytest.mark.slow


class TextNight(Night):
    """On bolts people read a serial number; on nuts nothing is written."""

    def annotate_all(self) -> None:
        for number, task in list(self.server.tasks.items()):
            if not task["annotations"]:
                image_id = task["data"]["image_id"]
                area = {"type": "textarea", "from_name": "text", "to_name": "picture", "value": {"text": [f"№ {image_id[:6]}"]}}
                self.server.submit(number, [area] if self.classes[image_id] == "bolt" else [])


def test_texts__are_asked_resolved_and_frozen_and_the_nights_say_why_nothing_is_trained(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    night = a_night(tmp_path, TextNight, label_kind="text", classes=[], selection={"budget": 12})
    night.bring(range(8))

    first = night.cycle("2026-11-21")
    night.bring(range(8, 14))
    second = night.cycle("2026-11-22")

    for told in (first, second):
        assert "a model that reads texts cannot be trained" in told["build_dataset_version"]["why"]
        assert "cannot be trained" in told["train_model"]["skipped"]
        missing = told["write_cycle_report"]["missing"]
        assert set(missing) == {"decision", "learning"}
        assert all("cannot be trained" in why for why in missing.values())
    assert second["build_dataset_version"]["images"] > first["build_dataset_version"]["images"]
    labels = night.store.current(Label)
    assert set(labels["state"].cast(pl.String)) == {"labelled", "empty"}
    assert second["build_dataset_version"]["images"] == labels.height, "images in which nothing is written are part of the data"
    frozen = night.store.read(DatasetObject, "2026-11-22")
    texts = objects_by(frozen, ("image_id",), kind_of(night.project).labeling)
    assert all(one.text == f"№ {image_id[:6]}" for (image_id,), (one,) in texts.items())
    assert len(texts) == (labels["state"].cast(pl.String) == "labelled").sum()
    newest = dataset_versions(night.store)[-1]
    assert read_index(night.store.objects, newest.dataset_id).about.options == {
        "of": "image",
        "pattern": None,
        "ignores_case": False,
    }
    assert "text" in as_text(describe(night.store, newest))
    assert night.store.objects.read(layout.report("2026-11-22", "index.html")).content
