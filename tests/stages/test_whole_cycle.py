"""Tests of all stages in a row through the wiring, with stand-ins for outside services; running a stage twice changes nothing."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
from given_night import NIGHTLY, Night, Registry, a_night
from stand_in_label_studio import StandInLabelStudio
from storage.an_s3_server import BUCKET, an_s3_server

from pipeline_tasks.records.cycle import CycleArguments
from pipeline_tasks.storage.blobs.serving_pointer import read_pointer
from pipeline_tasks.storage.care.backup import back_up, is_left_out, restore_backup
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects import layout
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.storage.objects.s3_objects import S3Objects
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.selection import SelectedImage
from pipeline_tasks.tables.split import Split
from pipeline_tasks.tables.split_group import SplitGroup

pytestmark = pytest.mark.slow

ROUND = ("send_to_labeling", "wait_for_annotators")


def kept(objects: dict[str, str]) -> dict[str, str]:
    """Objects without the caches, which no backup holds."""
    return {key: digest for key, digest in objects.items() if not is_left_out(key)}


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    monkeypatch.setenv("NIGHTLENS_HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    # Of about 30 test images no smaller margin can be shown to be kept.
    return a_night(tmp_path, gates={"margin": 0.3})


def test_whole_cycle__makes_a_champion_from_images_and_annotations(night: Night) -> None:
    night.bring(range(30))

    told = night.cycle("2026-11-21")

    assert told["record_images"]["images_new"] == 60
    assert told["record_images"]["sightings"] == 61
    assert told["record_images"]["rejected"] == 1
    selected = told["select_images"]["images_selected"]
    # Two patchworks of random shades may come out alike by chance.
    assert 57 <= selected == told["select_images"]["images_eligible"] <= 60
    assert told["resolve_labels"]["labelled"] == selected
    assert told["promote_model"]["is_promoted"], told["compare_with_champion"]["why"]
    champion = night.store.state().values["champion"]
    pointer = read_pointer(night.store.objects)
    assert pointer is not None
    assert pointer.routes[0].model_digest == champion["model_digest"] == told["roll_out"]["model_digest"]
    assert layout.report("2026-11-21", "index.html") in set(night.store.objects.list("reports/"))


def test_whole_cycle__running_any_stage_twice_changes_nothing(night: Night) -> None:
    night.bring(range(30))
    first = night.cycle("2026-11-21")
    before = night.objects()

    second = {stage: night.run(stage, "2026-11-21") for stage in NIGHTLY}

    assert {stage: told for stage, told in second.items() if stage not in ROUND} == {
        stage: told for stage, told in first.items() if stage not in ROUND
    }
    assert second["send_to_labeling"] == first["send_to_labeling"]
    assert night.objects() == before


def test_whole_cycle__gives_the_same_dataset_if_every_stage_runs_twice(night: Night, tmp_path: Path) -> None:
    night.bring(range(30))
    undisturbed = night.cycle("2026-11-21")["build_dataset_version"]["dataset_id"]
    night.store = Store(MemoryObjects())
    night.server = StandInLabelStudio()

    for stage in NIGHTLY:
        first = night.run(stage, "2026-11-21")
        assert night.run(stage, "2026-11-21") == first, stage
        if stage == "send_to_labeling":
            night.annotate_all()

    assert night.run("build_dataset_version", "2026-11-21")["dataset_id"] == undisturbed


def test_whole_cycle__continues_from_a_restored_backup_as_from_the_root(night: Night) -> None:
    night.bring(range(30))
    night.cycle("2026-11-21")
    copy, restored = MemoryObjects(), MemoryObjects()
    back_up(night.store.objects, copy)
    restore_backup(copy, restored)
    night.bring(range(30, 40))
    standing = night.server, night.registry
    night.server, night.registry = deepcopy(night.server), deepcopy(night.registry)
    night.cycle("2026-11-22")
    undisturbed = night.objects()

    night.store = Store(restored)
    night.server, night.registry = standing
    night.cycle("2026-11-22")

    assert kept(night.objects()) == kept(undisturbed)


@pytest.mark.services
def test_whole_cycle__leaves_the_same_objects_on_a_real_s3_server(night: Night, tmp_path: Path) -> None:
    night.bring(range(30))
    night.cycle("2026-11-21")
    in_memory = night.objects()
    night.server = StandInLabelStudio()
    night.registry = Registry()
    (tmp_path / "s3").mkdir()

    with an_s3_server(tmp_path / "s3") as client:
        night.store = Store(S3Objects(client, BUCKET, "a/prefix"))
        told = night.cycle("2026-11-21")
        on_s3 = night.objects()

    assert told["promote_model"]["is_promoted"]
    assert on_s3 == in_memory


def test_whole_cycle__without_new_images_and_annotations_trains_nothing_and_says_so(night: Night) -> None:
    night.bring(range(30))
    night.cycle("2026-11-21")

    told = night.cycle("2026-11-22")

    assert told["list_new_images"]["files_new"] == 0
    assert told["send_to_labeling"]["tasks"] == 0
    assert not told["build_dataset_version"]["is_changed"]
    assert told["train_model"]["skipped"]
    assert not told["promote_model"]["is_promoted"]
    assert night.store.state().values["champion"]["cycle_id"] == "2026-11-21"


def test_whole_cycle__collects_late_answers_and_never_asks_twice(night: Night) -> None:
    night.bring(range(30))
    for stage in NIGHTLY[: NIGHTLY.index("write_cycle_report")]:
        night.run(stage, "2026-11-21")

    told = night.cycle("2026-11-22")

    assert told["select_images"]["images_selected"] == 0
    night.annotate_all()
    late = night.cycle("2026-11-23")
    collected = told["collect_annotations"]["annotations_from_earlier_rounds"] + late["collect_annotations"]["annotations_new"]
    assert collected == night.store.history(LabelingTask).height
    assert late["build_dataset_version"]["images"] == night.store.history(SelectedImage).height


def test_whole_cycle__never_moves_an_image_to_another_split(night: Night) -> None:
    night.bring(range(30))
    night.cycle("2026-11-21")
    before = dict(night.store.history(Split).select("split_group_id", "split").iter_rows())
    night.bring(range(30, 40))

    night.cycle("2026-11-22")

    after = dict(night.store.history(Split).select("split_group_id", "split").iter_rows())
    assert len(after) == night.store.history(Split).height, "one row a group: the first writer wins"
    assert {group: after[group] for group in before} == before
    assert set(after) <= set(night.store.current(SplitGroup)["split_group_id"])


def test_whole_cycle__can_be_rolled_back(night: Night) -> None:
    night.bring(range(30))
    night.cycle("2026-11-21")
    first = night.store.state().values["champion"]["model_digest"]
    night.bring(range(30, 50))
    second = night.cycle("2026-11-22", cycle_arguments=CycleArguments(training="force"))
    assert second["promote_model"]["is_promoted"], second["compare_with_champion"]["why"]

    night.run("roll_back", "2026-11-22T090000")

    pointer = read_pointer(night.store.objects)
    assert night.store.state().values["champion"]["model_digest"] == first
    assert pointer is not None
    assert pointer.routes[0].model_digest == first
