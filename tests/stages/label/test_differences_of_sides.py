"""Tests that a collection compares its open tasks with the sources, with the project's images, and with Label Studio."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from a_labeling_round import LabelingRound

from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary
from pipeline_tasks.records.cycle import Cycle
from pipeline_tasks.records.list_new_images import ListNewImagesSummary
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.asked_change import AskedChange
from pipeline_tasks.tables.foreign_task import ForeignTask
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.lost_task import LostTask
from pipeline_tasks.tables.missing_file import MissingFile
from pipeline_tasks.tables.sighting import Sighting
from pipeline_tasks.tables.table import with_defaults

FILE = ["source", "key"]


@pytest.fixture
def round(store: Store, tmp_path: Path) -> LabelingRound:
    return LabelingRound(store, tmp_path)


def asked(round: LabelingRound, cycle: Cycle) -> list[str]:
    """Images of a cycle's tasks, in the order of picking."""
    return round.store.read(LabelingTask, cycle.cycle_id)["image_id"].to_list()


def list_files(store: Store, cycle: Cycle, seen: dict[str, str], missing: dict[str, tuple[str, bool]] | None = None) -> None:
    """Record a listing: key → image seen there, and key → image and whether it is missing."""
    rows = [("inbox", key, f"{cycle.cycle_id} 1", image_id) for key, image_id in seen.items()]
    columns = [*FILE, "object_version", "image_id"]
    sightings = with_defaults(Sighting, pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row"))
    gone = [("inbox", key, image_id, is_missing) for key, (image_id, is_missing) in (missing or {}).items()]
    files = pl.DataFrame(gone, schema=[*FILE, "image_id", "is_missing"], orient="row")
    writes = [(Sighting, sightings), *([(MissingFile, files)] if gone else [])]
    store.finish(cycle.cycle_id, "list_new_images", ListNewImagesSummary(0, 0, 0, 0), writes)


def a_round_of_files(round: LabelingRound, images: int = 3) -> tuple[list[str], list[int]]:
    """A first round whose images lie in the files a, b, c …; their image_ids and Label Studio's ids of their tasks."""
    first = round.open("2026-11-21", images=images)
    round.send(first)
    image_ids = asked(round, first)
    list_files(round.store, first, dict(zip("abcdef", image_ids, strict=False)))
    assert round.collect(first).asked_changes == {}, "nothing has changed in the first night"
    return image_ids, round.task_ids(first)


def next_night(round: LabelingRound, cycle_id: str = "2026-11-22", **labeling: Any) -> Cycle:
    cycle = round.open(cycle_id, images=0, **labeling)
    round.send(cycle)
    return cycle


def changes(store: Store, cycle: Cycle) -> list[tuple[str, str]]:
    return store.read(AskedChange, cycle.cycle_id).select("key", pl.col("change").cast(pl.String)).sort("key").rows()


def test_collection__names_open_tasks_whose_files_were_deleted_overwritten_or_renamed(round: LabelingRound, store: Store) -> None:
    (a, _, c), _ = a_round_of_files(round)
    second = next_night(round)
    list_files(store, second, {"b": "f" * 64, "new": c}, {"a": (a, True), "c": (c, True)})

    assert round.collect(second).asked_changes == {"deleted": 1, "elsewhere": 1, "overwritten": 1}
    assert changes(store, second) == [("a", "deleted"), ("b", "overwritten"), ("c", "elsewhere")]


def test_collection__says_once_that_a_file_is_gone_and_once_that_it_is_back(round: LabelingRound, store: Store) -> None:
    (a, *_), _ = a_round_of_files(round)
    second = next_night(round)
    list_files(store, second, {}, {"a": (a, True)})
    assert round.collect(second).asked_changes == {"deleted": 1}
    third = next_night(round, "2026-11-23")
    list_files(store, third, {})
    assert round.collect(third).asked_changes == {}
    fourth = next_night(round, "2026-11-24")
    list_files(store, fourth, {}, {"a": (a, False)})

    assert round.collect(fourth).asked_changes == {"back": 1}
    assert changes(store, fourth) == [("a", "back")]


def test_collection__tells_of_no_task_that_is_answered_or_gone(round: LabelingRound, store: Store) -> None:
    (a, b, c), (first, second_task, _) = a_round_of_files(round)
    round.server.annotate(first, ["bolt"])
    del round.server.tasks[second_task]
    second = next_night(round)
    list_files(store, second, {}, {"a": (a, True), "b": (b, True), "c": (c, True)})

    assert round.collect(second).asked_changes == {"deleted": 1}
    assert changes(store, second) == [("c", "deleted")]


def test_collection__names_tasks_that_were_not_sent_while_they_are_there(round: LabelingRound, store: Store) -> None:
    image_ids, _ = a_round_of_files(round)
    project = next(iter(round.server.projects))
    data = [{"picture": "/data/upload/cat.jpg"}, {"image_id": image_ids[0]}, {"image_id": "e" * 64}]
    round.server._import(project, [{"data": one} for one in data])
    strange = sorted(round.server.tasks)[-3:]
    second = next_night(round)

    assert round.collect(second).foreign_tasks == {"by_hand": 1, "unknown_image": 1, "unknown_task": 1}
    assert store.read(ForeignTask, second.cycle_id)["label_studio_task_id"].to_list() == strange

    del round.server.tasks[strange[0]]
    third = next_night(round, "2026-11-23")
    assert round.collect(third).foreign_tasks == {"unknown_image": 1, "unknown_task": 1}
    assert store.read(ForeignTask, third.cycle_id).select("label_studio_task_id", "is_there").rows() == [(strange[0], False)]


def test_collection__lists_all_tasks_of_a_large_project_only_in_a_night_that_changed_them(round: LabelingRound) -> None:
    a_round_of_files(round)
    project = next(iter(round.server.projects))
    round.server._import(project, [{"data": {"picture": "/data/upload/cat.jpg"}}])

    assert requests_of_tasks(round, next_night(round, compare_all_up_to_tasks=0)) == 2, "those that changed, and all"
    for _ in range(1200):  # Label Studio's clock goes past the overlap of two looks.
        round.server._tick()
    assert requests_of_tasks(round, next_night(round, "2026-11-23", compare_all_up_to_tasks=0)) == 1


def test_collection__finds_a_lost_task_although_people_imported_another(round: LabelingRound, store: Store) -> None:
    _, (lost, *_) = a_round_of_files(round)
    del round.server.tasks[lost]
    round.server._import(next(iter(round.server.projects)), [{"data": {"picture": "/data/upload/cat.jpg"}}])
    second = next_night(round)

    found: CollectAnnotationsSummary = round.collect(second)

    assert (found.tasks_lost, found.foreign_tasks) == (1, {"by_hand": 1})
    assert store.read(LostTask, second.cycle_id).height == 1


def requests_of_tasks(round: LabelingRound, cycle: Cycle) -> int:
    asked_before = len(round.server.requests)
    round.collect(cycle)
    return round.server.requests[asked_before:].count("GET /api/tasks")
