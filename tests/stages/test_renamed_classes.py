"""Tests of a class that is renamed or removed between two nights: labels are counted, no model without it is promoted."""

from __future__ import annotations

import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from given_models import DecodingHere
from given_night import Night, a_night

from pipeline_tasks.commands.check_project import checks
from pipeline_tasks.lineage.explain import explain
from pipeline_tasks.reports.tree import as_text
from pipeline_tasks.settings import Project
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.dataset_image import DatasetImage
from pipeline_tasks.tables.label_object import LabelObject

pytestmark = pytest.mark.slow
GATES = {"margin": 1.0, "min_test_images_per_class": 1}
SELECTION = {"budget": 60, "first_round_control_ratio": 0.4, "control_ratio": 0.4}
FIRST, SECOND = "2026-11-21", "2026-11-22"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """A night whose champion knows bolts and nuts, with a wide margin that lets worse models pass."""
    folder = tmp_path_factory.mktemp("renamed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHTLENS_HOME", str(folder))
        patch.setenv("WANDB_MODE", "disabled")
        night = a_night(folder, gates=GATES, selection=SELECTION)
        night.bring(range(20))
        assert night.cycle(FIRST)["promote_model"]["is_promoted"]
    return night


@pytest.fixture
def night(first: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    """A copy of that night, for one test."""
    shutil.copytree(first.folder, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    copy = Night.__new__(Night)
    copy.project, copy.folder, copy.classes = first.project, tmp_path, dict(first.classes)
    objects = MemoryObjects()
    for key in first.store.objects.list(""):
        objects.write_new(key, first.store.objects.read(key).content)
    copy.store, copy.server, copy.registry = Store(objects), deepcopy(first.server), deepcopy(first.registry)
    return copy


def change(night: Night, classes: list[str], **keys: Any) -> None:
    """Edit the project file between the nights; people answer by its names from then on."""
    night.project = Project.model_validate(night.project.model_dump() | {"classes": classes} | keys)
    renamed = {"nut": classes[1]} if len(classes) == 2 else {}
    night.classes = {image_id: renamed.get(name, name) for image_id, name in night.classes.items()}


def test_renamed_class__without_a_statement_is_named_at_the_opening_and_in_the_report_and_prevents_the_promotion(
    night: Night,
) -> None:
    change(night, ["bolt", "hex_nut"])
    night.bring(range(20, 30))
    change(night, ["bolt", "hex_nut"])
    nuts = night.store.current(LabelObject).filter(class_name="nut").height

    told = night.cycle(SECOND)

    opened, built, compared = (told[stage] for stage in ("open_cycle", "build_dataset_version", "compare_with_champion"))
    assert opened["unknown_names"] == built["unknown_names"] == {"nut": nuts}
    assert opened["note"].startswith(f"{nuts} labels in the root say 'nut'")
    assert "renamed_classes: {nut: hex_nut}" in opened["note"]
    assert built["left_out"] == {"unknown_class": nuts}
    assert set(compared["names_lost"]) == {"nut"}
    assert not told["promote_model"]["is_promoted"]
    assert told["promote_model"]["why"].startswith(
        "Not promoted: the candidate has no training image of the class 'nut' (the champion"
    )
    page = night.store.objects.read(layout.report(SECOND, "index.html")).content.decode()
    assert "renamed_classes: {nut: hex_nut}" in page
    assert f"{nuts} images are left out: their label says &#x27;nut&#x27;" in page or f"{nuts} images are left out" in page


def test_renamed_class__with_a_statement_counts_by_its_new_name_and_keeps_the_annotations(night: Night) -> None:
    nuts = night.store.current(LabelObject).filter(class_name="nut")["image_id"]
    change(night, ["bolt", "hex_nut"], renamed_classes={"nut": "hex_nut"})
    night.bring(range(20, 30))
    change(night, ["bolt", "hex_nut"])

    told = night.cycle(SECOND)

    built, evaluated = told["build_dataset_version"], told["evaluate_model"]
    rows = night.store.read(DatasetImage, SECOND)
    assert (told["open_cycle"]["unknown_names"], built["left_out"]) == ({}, {})
    assert built["renamed"] == {"nut → hex_nut": nuts.len()}
    assert set(rows["class_name"]) == {"bolt", "hex_nut"}
    assert rows.group_by("class_name").agg(digests=rows["label_digest"].n_unique())["digests"].max() <= 2, "as if named so at once"
    assert set(night.store.current(LabelObject).filter(image_id=nuts[0])["class_name"]) == {"nut"}
    assert evaluated["champion_score"] > 0.9, "the champion's nuts are hex nuts today"
    assert told["promote_model"]["is_promoted"], told["promote_model"]["why"]
    lineage = as_text(explain(night.store, nuts[0], night.folder, DecodingHere()))
    assert "as hex_nut (renamed from nut) in" in lineage
    assert "as nut in" in lineage
    page = night.store.objects.read(layout.report(SECOND, "index.html")).content.decode()
    assert f"{nuts.len()} images whose label says" in page


def test_renamed_class__collects_late_annotations_with_the_old_name_as_the_new_one(night: Night) -> None:
    task, image_id = next((number, one["data"]["image_id"]) for number, one in night.server.tasks.items())
    night.server.edit(night.server.tasks[task]["annotations"][0]["id"], ["nut"])
    change(night, ["bolt", "hex_nut"], renamed_classes={"nut": "hex_nut"})

    night.cycle(SECOND)

    assert night.store.current(LabelObject).filter(image_id=image_id)["class_name"].to_list() == ["hex_nut"]


def test_removed_class__with_a_statement_is_left_out_and_does_not_prevent_the_promotion(night: Night) -> None:
    nuts = night.store.current(LabelObject).filter(class_name="nut").height
    change(night, ["bolt", "ring", "washer"], removed_classes=["nut"])
    night.bring(range(20, 26))
    night.classes = {one: {"nut": "ring"}.get(name, name) for one, name in night.classes.items()}

    told = night.cycle(SECOND)

    assert told["open_cycle"]["note"] == ""
    assert told["build_dataset_version"]["left_out"] == {"removed_class": nuts}
    assert told["compare_with_champion"]["names_lost"] == {}


def test_check_project__names_labels_of_no_class_and_what_to_state(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "open_store", lambda project, s3: night.store)

    change(night, ["bolt", "hex_nut"])
    unstated = checks._outcome(lambda: checks._check_classes(night.project, None))
    change(night, ["bolt", "hex_nut"], renamed_classes={"nut": "hex_nut"})
    stated = checks._check_classes(night.project, None)
    change(night, ["bolt", "hex_nut", "cog"])
    more = checks._check_classes(night.project, None)

    assert unstated.startswith("classes: ")
    assert "'nut', which is none of the project file's classes (did you mean 'hex_nut'?)" in unstated
    assert stated.startswith("fine: ")
    assert "count as 'hex_nut'" in stated
    assert more.endswith("without a label so far: cog")
