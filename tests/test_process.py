"""Tests that the list of stages agrees with the tables, the DAG files, and each stage's real reads and writes."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import dataframely as dy
import given_models
import pytest
from given_night import Night, a_night
from recording_root import RecordingObjects, RecordingStore, Touched
from small_ingest import an_image

from pipeline_tasks.process import NIGHTLY_STAGES, STAGES
from pipeline_tasks.process_names import ObjectName, TableName
from pipeline_tasks.records.build_dataset_version import BuildDatasetVersionSummary
from pipeline_tasks.records.labelled_set import LabelledSet
from pipeline_tasks.records.sign_off import SignOffReply
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.memory_objects import MemoryObjects
from pipeline_tasks.tables.catalog import ALL_TABLES
from pipeline_tasks.tables.image import Image
from pipeline_tasks.tables.measurement import Measurement
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.wiring.run import AFTER_TRIALS, IMPORT_STAGES, PRETRAINING_STAGES

NIGHTS = ("2026-11-21", "2026-11-22")
TENDING = ("2026-11-23T120000", "2026-11-23T123000")
SEARCH = "2026-11-23T112500"
PRETRAINING = "2026-11-23T112700"
EVERYTHING = "whole root"
YEAR_2045 = 2_366_841_600
APPROVED = SignOffReply(True, "ada", "2026-11-21T23:00:00+00:00")


def test_process__knows_every_table_by_name() -> None:
    assert set(get_args(TableName)) == {table.table_name for table in ALL_TABLES}


def test_process__names_only_objects_that_a_stage_touches() -> None:
    touched = {thing for stage in STAGES.values() for thing in (*stage.reads, *stage.writes)}

    assert set(get_args(ObjectName)) <= touched


PREDICTED = "predicted_objects"
OF_OTHER_KINDS = {"dataset_objects", PREDICTED}
"""Of kinds with more than a name (`tests/kinds/test_a_kind_through_a_night.py`); the project here is one of classes."""
READ_FOR_OBJECTS = {
    "compare_with_champion": {"images"},
    "find_label_errors": {"images", "pre_annotations", "pre_annotated_objects", "doubted_objects"},
    "select_images": {"originals", "object_suspects", "doubted_objects", "pre_annotations", "pre_annotated_objects"},
    "build_dataset_version": {"object_suspects"},
}
"""Read for these kinds alone: sizes of images with objects, predictions before people, doubts, and the pool a champion looks at."""
READ_ELSEWHERE = {
    "measure_images": {"originals"},
    "send_to_labeling": {"sightings"},
    "collect_annotations": {"pre_annotations", "pre_annotated_objects", "imported responses"},
    "wait_for_annotators": {"imported responses"},
    "find_label_errors": {"second_looks", "annotations", "annotation_objects"},
    "resolve_labels": {"splits", "split_groups", "embeddings"},
    "compare_with_champion": {"found_slice_images"},
    "ask_for_slice": {
        *("found_slices", "found_slice_images", "dataset_images", "labels", "images", "sightings"),
        "measurements",
        "embeddings",
    },
    "write_cycle_report": {"label_verdicts", "found_slices", "found_slice_images"},
    "choose_settings": {"originals"},
}
"""Read where a review was answered (`tests/second_looks`) or people are weighed: one person alone annotates here;
where images are for people by name (`tests/stages/label/test_assigned_rounds.py`),
where a project in Label Studio is made again (`tests/stages/label/test_pre_annotations.py`), or people responded at a service
(`tests/labeling_services`); where a slice of test is found (`tests/stages/evaluate/test_found_slices.py`), or
corruptions are measured (beside it)."""
WRITTEN_ELSEWHERE = {"found_slices", "found_slice_images", "corruption_scores"}


@pytest.mark.slow
def test_stages__read_and_write_what_the_process_says(recorded: dict[str, Touched]) -> None:
    said = {
        name: (
            set(stage.reads) - {PREDICTED} - READ_FOR_OBJECTS.get(name, set()) - READ_ELSEWHERE.get(name, set()),
            set(stage.writes) - OF_OTHER_KINDS - WRITTEN_ELSEWHERE,
            stage.ends_in_event,
        )
        for name, stage in STAGES.items()
    }
    seen = {name: (_reads(name, touched), touched.writes, touched.has_event) for name, touched in recorded.items()}

    assert seen.keys() == said.keys()
    differences = {name: [sorted(one ^ other) for one, other in zip(seen[name][:2], said[name][:2], strict=True)] for name in said}
    assert {name: found for name, found in differences.items() if found != [[], []]} == {}, "stage → reads, writes of only one side"
    assert {name: one[2] for name, one in seen.items()} == {name: one[2] for name, one in said.items()}


def _reads(stage: str, touched: Touched) -> set[str]:
    """Observed inputs and outputs; for a stage that may read everything, the declared ones."""
    said = set(STAGES[stage].reads) - {PREDICTED}
    return said if EVERYTHING in said else touched.reads


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Touched]:
    """Stage → what it touched in two nights with every optional setting on, and in the stages beside the nights."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("NIGHTLENS_HOME", str(folder))
        patch.setenv("WANDB_MODE", "disabled")
        return record(a_night_with_everything(folder))


def a_night_with_everything(folder: Path) -> Night:
    """A project that groups by device, has a golden set and recent images, and promotes every candidate."""
    (folder / "late").mkdir()
    for name in ("waits.png", ".DS_Store"):
        (folder / "late" / name).write_bytes(b"no image")
        os.utime(folder / "late" / name, (YEAR_2045, YEAR_2045))
    night = a_night(
        folder,
        sources=[
            {"name": "inbox", "path": "inbox", "settle_s": 0, "key_pattern": r"(?P<device>(bolt|nut)\d+)"},
            {"name": "late", "path": "late", "settle_s": 3600},
        ],
        duplicates={"split_group_keys": ["device"], "max_hash_distance": 0, "min_hash_cosine": 1.0, "min_embedding_cosine": 1.0},
        splits={"golden": {"key_pattern": "inbox:bolt0.png"}, "recent_cycles": 1, "policy": "curated"},
        housekeeping={"young_days": 0, "is_dry_run": False},
        requirements={"images": 40, "classes": {"bolt": 20}, "lights": {"dark": 1}},
        gates={"margin": 1.0, "min_test_images_per_class": 1},
        training=given_models.TRAINING | {"doubted_labels": "leave_out"},
        autonomy={"promote": "ask", "deadline_s": 3600},
    )
    night.store = Store(RecordingObjects())
    return night


def record(night: Night) -> dict[str, Touched]:
    """Run every stage and note what it touches."""
    touched: dict[str, Touched] = defaultdict(Touched)
    objects = objects_of(night)

    def run(stage: str, cycle_id: str, **arguments: Any) -> None:
        objects.touched = touched[stage]
        if stage == "sign_off":
            arguments["sign_off_reply"] = APPROVED
        night.store = RecordingStore(objects)
        night.run(stage, cycle_id, **arguments)
        touched[stage].note_event(Store(objects).event(cycle_id, stage))

    for number, cycle_id in enumerate(NIGHTS):
        if number:
            (night.folder / "inbox" / "copy0.png").unlink()
            asked = delete_an_asked_file(night)
        night.bring(range(10 * number, 10 * number + 10))
        for stage in NIGHTLY_STAGES:
            run(stage, cycle_id)
            if stage == "send_to_labeling":
                # One image stays without label, so that the next night looks up what became of it.
                image_id = night.server.tasks[max(night.server.tasks)]["data"]["image_id"]
                for task_id in [key for key, task in night.server.tasks.items() if task["data"]["image_id"] == image_id]:
                    night.server.annotate(task_id, ["scrap"])
                night.annotate_all()
                if number:
                    open_again(night, asked)
    beside_the_nights(night, run)
    return touched


def delete_an_asked_file(night: Night) -> int:
    """Delete all files of one image that people were asked about; return Label Studio's id of its task."""
    task_id = min(night.server.tasks)
    files = Store(objects_of(night)).rows_of(Sighting, [night.server.tasks[task_id]["data"]["image_id"]])
    for key in files["key"]:
        (night.folder / "inbox" / key).unlink(missing_ok=True)
    return task_id


def open_again(night: Night, task_id: int) -> None:
    """Take back the answers to a task, and import a task that shows an image of no project."""
    task = night.server.tasks[task_id]
    task["annotations"].clear()
    night.server._touch(task_id)
    night.server._import(task["project"], [{"data": {"image_id": "e" * 64}}])


def objects_of(night: Night) -> RecordingObjects:
    assert isinstance(night.store.objects, RecordingObjects)
    return night.store.objects


def beside_the_nights(night: Night, run: Callable[..., None]) -> None:
    run("roll_back", "2026-11-23T100000", run_key="by hand")
    dataset_id = Store(objects_of(night)).summary(NIGHTS[0], BuildDatasetVersionSummary).dataset_id
    run("restore_dataset_version", "2026-11-23T110000", run_key="by hand", dataset_id=dataset_id)
    run("pause_labeling", "2026-11-23T110500", run_key="by hand")
    run("resume_labeling", "2026-11-23T110600", run_key="by hand")
    run("ask_for_slice", "2026-11-23T110700", run_key="by hand")
    labelled = LabelledSet("theirs", str(a_class_folder(night.folder / "theirs")))
    for stage in IMPORT_STAGES:
        run(stage, "2026-11-23T112000", run_key="by hand", labelled_set=labelled)
    search_settings(night, run)
    for stage in PRETRAINING_STAGES:
        run(stage, PRETRAINING, run_key="by hand", epochs=2)
    image_ids = Store(objects_of(night)).history(Image)["image_id"].to_list()[:1]
    run("erase", "2026-11-23T113000", run_key="by hand", image_ids=tuple(image_ids))
    with pytest.MonkeyPatch.context() as patch:
        computed = {MeasurementWithNoise: lambda pixels, columns, averaging: {"noise": 1.0}}
        patch.setattr("pipeline_tasks.stages.tend.backfill.COMPUTED", computed)
        run("backfill", "2026-11-23T114500", run_key="by hand")
    MemoryObjects.write_new(objects_of(night), "derived/thumbnail-old/of-nobody", b"needed by nobody")
    for cycle_id in TENDING:
        run("plan_collection", cycle_id, run_key="by hand")
        run("collect_garbage", cycle_id)
    run("write_storage_report", cycle_id)


def search_settings(night: Night, run: Callable[..., None]) -> None:
    """A search of five trials, one a wave, that finds something: with the project's own settings nothing is learnt."""
    slow = night.project.training.model_copy(update={"learning_rate": 1e-7})
    night.project = night.project.model_copy(update={"training": slow})
    run("open_search", SEARCH, run_key="by hand", trials=5)
    run("build_dataset_version", SEARCH)
    for trial in range(5):
        run("run_trial", SEARCH, trial=trial)
    for stage in AFTER_TRIALS:
        run(stage, SEARCH, **({"sign_off_reply": APPROVED} if stage == "sign_off" else {}))


def a_class_folder(folder: Path) -> Path:
    """One image of a class that the project has."""
    (folder / "bolt").mkdir(parents=True)
    (folder / "bolt" / "new.png").write_bytes(an_image(77))
    return folder


class MeasurementWithNoise(Measurement):
    """With a column that no night of these has filled."""

    noise = dy.Float64(nullable=True)
