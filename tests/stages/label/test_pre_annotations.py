"""Tests of the champion's predictions in a labeling round: who sees them, and that a second try shows the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import polars as pl
import pytest
from a_labeling_round import LabelingRound
from given import STARTED_AT
from tiny_model import tiny_model

from pipeline_tasks.decoding.canonical_form import NEWEST, CanonicalForm
from pipeline_tasks.decoding.canonical_image import CanonicalImage
from pipeline_tasks.errors import ServiceUnavailableError
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.project_state import Champion
from pipeline_tasks.stages.deploy.write_cycle_report import write_cycle_report
from pipeline_tasks.storage.blobs.model_files import put_model
from pipeline_tasks.storage.blobs.report_files import read_report_file
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.history.task_links import task_links
from pipeline_tasks.tables.label_object import PreAnnotatedObject
from pipeline_tasks.tables.pre_annotation import PreAnnotation
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup


class RedOrGreen:
    """Decodes originals with an even number as red, which is a bolt to the model, and others as green."""

    decoded = 0

    def decode(self, content: bytes, form: CanonicalForm = NEWEST) -> CanonicalImage:
        pixels = np.zeros((48, 48, 3), np.uint8)
        pixels[..., content[-1] % 2] = 200
        return CanonicalImage(pixels, "JPEG", 1, 1)


class PredictedRound(LabelingRound):
    """A round of a project with a champion."""

    def __init__(self, store: Store, folder: Path, model: bytes | None = None) -> None:
        super().__init__(store, folder)
        self.decoder = RedOrGreen()  # type: ignore[assignment]
        self.promote("2026-11-20", model or tiny_model())

    def promote(self, cycle_id: str, model: bytes) -> None:
        self.digest = put_model(self.store.objects, model)
        self.open(cycle_id, images=0)
        champion = Champion(self.digest, "d" * 64, cycle_id, None)
        self.store.finish(cycle_id, "given", champion, sets=[champion])

    def selected(self, *, test: int = 0, cycle_id: str = "2026-11-21", **labeling: Any) -> Cycle:
        """A round of 8 images for training, of which the first `test` are for testing instead."""
        cycle = self.open(cycle_id, images=8, **labeling)
        images = self.store.read(SelectedImage, cycle_id)["image_id"]
        groups = pl.DataFrame({"image_id": images, "split_group_id": images})
        splits = groups.select("split_group_id", split=pl.Series(["test"] * test + ["train"] * (8 - test)), policy=pl.lit("rest"))
        self.store.finish(cycle_id, "given", cycle.arguments, [(SplitGroup, groups), (Split, splits)])
        return cycle

    def shown(self) -> dict[str, list[Any]]:
        """Image → predictions that its task has."""
        return {one["data"]["image_id"]: one["predictions"] for one in self.server.tasks.values() if one["predictions"]}


@pytest.fixture
def round(store: Store, tmp_path: Path) -> PredictedRound:
    return PredictedRound(store, tmp_path)


def of_arm(store: Store, arm: str, cycle_id: str = "2026-11-21") -> Sequence[str]:
    rows = store.read(PreAnnotation, cycle_id)
    return sorted(rows.filter(pl.col("arm").cast(pl.String) == arm)["image_id"])


def test_send_to_labeling__shows_the_prediction_of_half_of_the_images(round: PredictedRound, store: Store) -> None:
    cycle = round.selected()
    summary = round.send(cycle)

    assert (summary.pre_annotated, summary.pre_annotated_by) == ({"hidden": 4, "shown": 4}, round.digest)
    assert sorted(round.shown()) == of_arm(store, "shown")
    (project,) = round.server.projects.values()
    assert (project["show_collab_predictions"], project["model_version"]) == (True, "Nightlens champion")
    objects = store.read(PreAnnotatedObject, cycle.cycle_id)
    named = dict(objects.select("image_id", "class_name").iter_rows())
    # Originals end in their number, and images of even numbers are red.
    order = store.read(SelectedImage, cycle.cycle_id)["image_id"]
    assert [named[one] for one in order] == ["bolt", "nut"] * 4
    for image, (prediction,) in round.shown().items():
        assert prediction["result"][0]["value"] == {"choices": [named[image]]}
        assert prediction["model_version"] == "Nightlens champion"
        assert 0.5 < prediction["score"] <= 1


def test_send_to_labeling__shows_no_prediction_of_test_images_and_of_images_of_several_people(
    round: PredictedRound, store: Store
) -> None:
    cycle = round.selected(test=2, overlap_ratio=0.25, overlap_annotators=2, prelabel_ratio=1.0)
    round.send(cycle)

    several = {task["data"]["image_id"] for task in round.server.tasks.values()}
    several = {one for one in several if sum(task["data"]["image_id"] == one for task in round.server.tasks.values()) > 1}
    test = set(store.read(SelectedImage, cycle.cycle_id)["image_id"][:2])
    assert len(several) == 2
    assert set(of_arm(store, "blind")) == several | test
    assert not (several | test) & round.shown().keys()
    assert all(task["data"].keys() == {"picture", "image_id", "task_key", "round_id"} for task in round.server.tasks.values())


@pytest.mark.parametrize("happens", [True, False])
@pytest.mark.parametrize("broken_off_at", ["PATCH /api/projects/1", "POST /api/projects/1/import", "POST /api/dm/views"])
def test_send_to_labeling__shows_each_prediction_once_after_an_interruption(
    round: PredictedRound, store: Store, broken_off_at: str, happens: bool
) -> None:
    cycle = round.selected()
    round.server.fail(broken_off_at, httpx.ReadTimeout("gone"), happens=happens)
    try:
        round.send(cycle)
    except ServiceUnavailableError:
        assert not store.has(PreAnnotation, cycle.cycle_id)
    # Another model is promoted before the second try.
    first = round.digest
    round.promote("2026-11-22", tiny_model(channels=(1, 0)))
    summary = round.send(cycle)

    assert summary.pre_annotated_by == first
    assert len(round.server.tasks) == 8
    assert sorted(round.shown()) == of_arm(store, "shown")
    assert all(len(found) == 1 for found in round.shown().values())


def test_a_project_that_was_made_again__has_the_predictions_that_were_sent_and_the_guideline(
    round: PredictedRound, store: Store
) -> None:
    cycle = round.selected(guideline="Mind the thread.")
    sent = round.send(cycle)
    before, links = round.shown(), task_links(store)
    round.server.delete_project(sent.label_studio_project_id or 0)
    # Another model is promoted: people see what they saw.
    round.promote("2026-11-22", tiny_model(channels=(1, 0)))

    assert round.collect(cycle).projects_made_again == [sent.label_studio_project_id]
    assert len(before) == 4
    assert round.shown() == before
    ((number, project),) = round.server.projects.items()
    assert (links.of(sent.round_id, 5), links.of("another", 5)) == (f"{sent.url}&task=5", None)
    now = task_links(store).of(sent.round_id, 5)
    assert now is not None, "tasks have other numbers there, so that the link opens their tab"
    assert now.startswith(f"http://label-studio/projects/{number}/data?tab=")
    assert "task=" not in now
    assert (project["model_version"], project["show_collab_predictions"]) == ("Nightlens champion", True)
    assert project["expert_instruction"] == "<p>Mind the thread.</p>"


def test_send_to_labeling__says_why_nobody_sees_a_prediction(store: Store, tmp_path: Path) -> None:
    round = LabelingRound(store, tmp_path)
    first = round.send(round.open())
    off = PredictedRound(store, tmp_path)
    switched_off = off.send(off.selected(cycle_id="2026-11-22", prelabel_ratio=0.0))

    assert first.why_no_pre_annotations == "Nobody sees predictions: there is no champion yet."
    assert switched_off.why_no_pre_annotations == "Nobody sees predictions: labeling.prelabel_ratio is 0."
    assert (first.pre_annotated, switched_off.pre_annotated) == ({}, {})
    assert store.read(PreAnnotation, "2026-11-21").is_empty()


def test_send_to_labeling__tells_predictions_by_todays_names(store: Store, tmp_path: Path) -> None:
    round = PredictedRound(store, tmp_path, tiny_model(["screw", "washer"]))
    round.settings = {"classes": ["bolt", "nut"], "renamed_classes": {"screw": "bolt"}, "removed_classes": ["washer"]}
    cycle = round.selected()
    summary = round.send(cycle)

    assert summary.pre_annotated == {"hidden": 2, "nothing": 4, "shown": 2}
    assert set(store.read(PreAnnotatedObject, cycle.cycle_id)["class_name"]) == {"bolt"}


def test_send_to_labeling__shows_no_prediction_of_which_the_champion_is_unsure(store: Store, tmp_path: Path) -> None:
    round = PredictedRound(store, tmp_path, tiny_model(channels=(2, 2)))
    round.settings = {"serving": {"min_confidence": 0.6}}
    cycle = round.selected()

    assert round.send(cycle).pre_annotated == {"nothing": 8}
    assert round.shown() == {}


def test_write_cycle_report__compares_people_with_predictions_they_saw_and_did_not_see(round: PredictedRound, store: Store) -> None:
    """People keep a prediction that they see, and call everything else a bolt."""
    cycle = round.selected()
    round.send(cycle)
    for number, task in list(round.server.tasks.items()):
        seen = [one["value"]["choices"][0] for prediction in task["predictions"] for one in prediction["result"]]
        round.server.annotate(number, seen or ["bolt"])
    round.collect(cycle)
    write_cycle_report(store, cycle, STARTED_AT)
    page = re.sub(r"<[^>]+>", "|", read_report_file(store.objects, cycle.cycle_id).decode())

    named = dict(store.read(PreAnnotatedObject, cycle.cycle_id).select("image_id", "class_name").iter_rows())
    bolts = sum(named[one] == "bolt" for one in of_arm(store, "hidden"))
    assert "|prediction shown||4||100.0 %" in page
    assert f"|prediction hidden||4||{25 * bolts:.1f} %" in page
