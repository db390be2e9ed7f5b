"""Test of a night of a project of keypoints: labels and a version, and no model."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from given_night import Night, a_night

from pipeline_tasks.annotations.votes import objects_by
from pipeline_tasks.kinds.keypoints.skeleton import Point, Skeleton
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.tables.label import Label
from pipeline_tasks.tables.label_object import DatasetObject

pytestmark = pytest.mark.slow
THING = Skeleton("part", (Point("left", 4.0, 8.0), Point("right", 40.0, 8.5, is_visible=False)))


class PointNight(Night):
    """Bolts have two points; on nuts there is nothing."""

    def annotate_all(self) -> None:
        for number, task in list(self.server.tasks.items()):
            if not task["annotations"]:
                is_bolt = self.classes[task["data"]["image_id"]] == "bolt"
                self.server.submit(number, kind_of(self.project).labeling.write([THING] if is_bolt else [], (48, 48)))


def test_keypoints__are_frozen_with_their_points_and_the_night_says_why_nothing_is_trained(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    labels = {"skeleton": {"part": ["left", "right", "middle"]}}
    night = a_night(tmp_path, PointNight, label_kind="keypoints", classes=["part"], labels=labels, selection={"budget": 8})
    night.bring(range(6))

    told = night.cycle("2026-11-21")

    assert "a model of keypoints does not come with Nightlens yet" in told["train_model"]["skipped"]
    assert told["collect_annotations"]["annotations_refused"] == 0
    states = night.store.current(Label)["state"].cast(pl.String)
    assert told["build_dataset_version"]["images"] == len(states)
    frozen = objects_by(night.store.read(DatasetObject, "2026-11-21"), ("image_id",), kind_of(night.project).labeling)
    assert len(frozen) == (states == "labelled").sum() > 0
    assert set(frozen.values()) == {(THING,)}
