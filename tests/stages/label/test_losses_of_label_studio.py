"""Tests that a Label Studio that lost data, doubled tasks or was edited is mended, and nothing of it is taken as people's will."""

from __future__ import annotations

from pathlib import Path

import given
import polars as pl
import pytest
from a_labeling_round import LabelingRound
from drills.failing_label_studio import FailingLabelStudio

from pipeline_tasks.annotations.changes import slimmed
from pipeline_tasks.annotations.parsing import recorded_annotations
from pipeline_tasks.labeling_rounds.contexts import contexts_by_project
from pipeline_tasks.records.cycle import Cycle, CycleOpening
from pipeline_tasks.stages.tend.erase import erase
from pipeline_tasks.storage.blobs.annotation_log import list_revisions
from pipeline_tasks.storage.erasure.erasure_plan import ErasurePlan
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.storage.objects.object_store import ObjectStore
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label_object import AnnotationObject
from pipeline_tasks.tables.labeling_task import LabelingTask
from pipeline_tasks.tables.lost_task import LostTask

pytestmark = pytest.mark.slow


@pytest.fixture
def round(store: Store, tmp_path: Path) -> LabelingRound:
    made = LabelingRound(store, tmp_path)
    made.server = FailingLabelStudio(seed=1, fault_ratio=0.0)
    return made


def next_night(round: LabelingRound, day: int = 22) -> Cycle:
    cycle = round.open(f"2026-11-{day}", images=0)
    round.send(cycle)
    return cycle


def answers(store: Store) -> dict[str, list[str]]:
    """State → classes of the standing annotations."""
    rows = store.current(Annotation).select("annotation_id", "revision", pl.col("state").cast(pl.String))
    objects = store.history(AnnotationObject, ["annotation_id", "revision", "class_name"])
    joined = rows.join(objects, on=["annotation_id", "revision"], how="left").sort("annotation_id")
    return {state: of_state["class_name"].to_list() for (state,), of_state in joined.group_by("state", maintain_order=True)}


def test_a_restored_server__gets_lost_answers_back_and_they_are_not_deleted(round: LabelingRound, store: Store) -> None:
    server = round.server
    assert isinstance(server, FailingLabelStudio)
    first = round.open(images=3)
    round.send(first)
    kept, lost, edited = round.task_ids(first)
    server.annotate(kept, ["bolt"])
    number = server.annotate(edited, ["bolt"])
    round.collect(first)
    yesterday = server.backup()
    server.annotate(lost, ["nut"], person=2)
    server.edit(number, ["nut"])
    round.collect(next_night(round))
    server.restore(yesterday)

    found = round.collect(next_night(round, 23))
    assert (found.annotations_put_back, found.annotations_deleted, found.annotations_changed) == (2, 0, 0)
    assert answers(store) == {"answered": ["bolt", "nut", "nut"]}
    assert [len(server.tasks[task]["annotations"]) for task in (kept, lost, edited)] == [1, 1, 1]
    assert server.tasks[lost]["annotations"][0]["result"][0]["value"] == {"choices": ["nut"]}

    persons = store.current(Annotation)["annotator_id"].n_unique()
    again = round.collect(next_night(round, 24))
    assert (again.annotations_new, again.annotations_put_back, again.annotations_deleted) == (0, 0, 0)
    assert answers(store) == {"answered": ["bolt", "nut", "nut"]}
    assert store.current(Annotation)["annotator_id"].n_unique() == persons == 2


def test_a_restored_server__that_gives_a_number_again_replaces_no_earlier_answer(round: LabelingRound, store: Store) -> None:
    server = round.server
    assert isinstance(server, FailingLabelStudio)
    first = round.open(images=2)
    round.send(first)
    one, other = round.task_ids(first)
    yesterday = server.backup()
    number = server.annotate(one, ["nut"])
    round.collect(first)
    server.restore(yesterday)
    assert server.annotate(other, ["bolt"]) == number

    round.collect(next_night(round))
    round.collect(next_night(round, 23))
    assert sorted(answers(store)["answered"]) == ["bolt", "nut"]


def test_an_answer_that_was_put_back__can_be_deleted_by_people(round: LabelingRound, store: Store) -> None:
    server = round.server
    assert isinstance(server, FailingLabelStudio)
    first = round.open(images=1)
    round.send(first)
    (task,) = round.task_ids(first)
    yesterday = server.backup()
    server.annotate(task, ["nut"])
    round.collect(first)
    server.restore(yesterday)
    round.collect(next_night(round))
    round.collect(next_night(round, 23))
    server.take_back(server.tasks[task]["annotations"][0]["id"])

    assert round.collect(next_night(round, 24)).annotations_deleted == 1
    assert answers(store) == {"deleted": [None]}


def test_a_late_import__leaves_no_double_and_no_answer_of_one_is_lost(round: LabelingRound, store: Store) -> None:
    first = round.open(images=2)
    round.send(first)
    one, other = round.task_ids(first)
    round.server._import(1, [{"data": dict(round.server.tasks[number]["data"])} for number in (one, other)])
    *_, double_of_one, double_of_other = sorted(round.server.tasks)
    round.server.annotate(double_of_other, ["nut"])

    assert round.collect(first).copies_removed == 2
    assert sorted(round.server.tasks) == [one, double_of_other], "the double that somebody answered stays"
    assert double_of_one not in round.server.tasks
    assert store.history(LostTask).height == 0
    assert answers(store) == {"answered": ["nut"]}


def test_a_task_whose_key_was_edited__is_set_back(round: LabelingRound) -> None:
    cycle = round.open(images=2)
    round.send(cycle)
    one, _ = round.task_ids(cycle)
    sent = dict(round.server.tasks[one]["data"])
    round.server.tasks[one]["data"] = {"picture": sent["picture"], "note": "mine"}

    assert round.collect(cycle).tasks_set_back == 1
    data = round.server.tasks[one]["data"]
    assert {name: data[name] for name in ("task_key", "round_id", "image_id", "note")} == {
        name: sent[name] for name in ("task_key", "round_id", "image_id")
    } | {"note": "mine"}


def test_a_task_that_shows_another_image__leaves_its_own_to_be_selected_again(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=2)
    round.send(cycle)
    one, _ = round.task_ids(cycle)
    round.server.tasks[one]["data"]["picture"] = "/data/upload/cat.jpg"

    assert round.collect(cycle).tasks_lost == 1
    assert store.history(LostTask).height == 1
    assert len(list(list_revisions(store.objects))) == 0


def test_a_deleted_project__is_made_again_with_open_tasks_and_answers(round: LabelingRound, store: Store) -> None:
    server = round.server
    first = round.open(images=3)
    round.send(first)
    said, skipped, _ = round.task_ids(first)
    server.annotate(said, ["nut"], person=1)
    server.annotate(skipped, [], person=2, is_skipped=True)
    round.collect(first)
    second = round.open("2026-11-22", images=2)
    gone = round.send(second).label_studio_project_id or 0
    server.delete_project(gone)

    found = round.collect(second)
    assert (found.projects_made_again, found.projects_gone, found.tasks_lost) == ([gone], [], 0)
    assert (found.annotations_new, found.annotations_deleted, found.tasks_unanswered, found.foreign_tasks) == (0, 0, 2, {})
    assert sorted(len(task["annotations"]) for task in server.tasks.values()) == [0, 0, 0, 1, 1]
    assert {task["data"]["task_key"] for task in server.tasks.values()} == set(store.history(LabelingTask)["task_key"])
    assert answers(store)["answered"] == ["nut"]
    assert store.current(Annotation)["annotator_id"].n_unique() == 2, "the person stays, though the service's account put it back"

    quiet = round.collect(next_night(round, 23))
    assert (quiet.annotations_new, quiet.annotations_changed, quiet.annotations_deleted, quiet.projects_made_again) == (0, 0, 0, [])


def test_a_project_made_again__takes_late_answers_edits_and_deletions(round: LabelingRound, store: Store) -> None:
    server = round.server
    first = round.open(images=3)
    gone = round.send(first).label_studio_project_id or 0
    said, skipped, _ = round.task_ids(first)
    server.annotate(said, ["nut"], person=1)
    server.annotate(skipped, ["bolt"], person=2)
    round.collect(first)
    server.delete_project(gone)
    round.collect(next_night(round))
    answered = [task for task in server.tasks.values() if task["annotations"]]
    by_class = {task["annotations"][0]["result"][0]["value"]["choices"][0]: task for task in answered}
    server.edit(by_class["nut"]["annotations"][0]["id"], ["bolt"])
    server.take_back(by_class["bolt"]["annotations"][0]["id"])
    (open_task,) = [number for number, task in server.tasks.items() if not task["annotations"] and task is not by_class["bolt"]]
    server.annotate(open_task, ["nut"], person=3)

    found = round.collect(next_night(round, 23))
    assert (found.annotations_new, found.annotations_changed, found.annotations_deleted) == (1, 1, 1)
    assert sorted(answers(store)["answered"]) == ["bolt", "nut"]


def test_a_project_that_is_deleted_before_the_push__is_filled_beside_the_new_round(round: LabelingRound, store: Store) -> None:
    first = round.open(images=2)
    gone = round.send(first).label_studio_project_id or 0
    round.server.annotate(round.task_ids(first)[0], ["nut"])
    round.collect(first)
    round.server.delete_project(gone)
    second = round.open("2026-11-22", images=2)
    new = round.send(second).label_studio_project_id
    again = round.open("2026-11-23", images=0)

    assert round.collect(second).projects_made_again == [gone]
    assert {task["project"] for task in round.server.tasks.values()} == {new}
    assert len(round.server.tasks) == 4
    round.send(again)
    round.server.delete_project(new or 0)
    assert sorted(round.collect(again).projects_made_again) == [gone, new]
    assert len(round.server.tasks) == 4
    assert answers(store)["answered"] == ["nut"]


def test_a_task_deleted_in_a_project_made_again__stays_deleted(round: LabelingRound, store: Store) -> None:
    first = round.open(images=2)
    round.server.delete_project(round.send(first).label_studio_project_id or 0)
    round.collect(first)
    del round.server.tasks[max(round.server.tasks)]

    assert round.collect(next_night(round)).tasks_lost == 1
    assert len(round.server.tasks) == 1


class NothingElse:
    """No copies of images outside the root."""

    def erase(self, root: ObjectStore, outside_name: str, plan: ErasurePlan) -> None:
        """Delete nothing."""


def test_an_erased_image__leaves_a_project_that_was_made_again(round: LabelingRound, store: Store) -> None:
    first = round.open(images=2)
    round.server.delete_project(round.send(first).label_studio_project_id or 0)
    round.collect(first)
    erased, kept = store.read(LabelingTask, first.cycle_id)["image_id"]
    opening = CycleOpening(given.a_project(), "2026-11-23T120000", "test", given.STARTED_AT, "test")

    erase(store, opening, NothingElse(), [erased], round.server.client())
    assert [task["data"]["image_id"] for task in round.server.tasks.values()] == [kept]


def test_a_look__keeps_results_only_of_annotations_that_are_not_recorded(round: LabelingRound, store: Store) -> None:
    first = round.open(images=2)
    project = round.send(first).label_studio_project_id or 0
    numbers = [round.server.annotate(task, ["nut"]) for task in round.task_ids(first)]
    round.collect(first)
    round.server.edit(numbers[1], ["bolt"])
    tasks = round.server.client().changed_since(project, None)

    known = recorded_annotations(store.current(Annotation))
    kept = slimmed(tasks, contexts_by_project(store, first, {})[project], known)
    assert ["result" in annotation for task in kept for annotation in task["annotations"]] == [False, True]


def test_a_restored_server__sets_an_answer_that_was_put_back_to_its_later_revision(round: LabelingRound, store: Store) -> None:
    server = round.server
    assert isinstance(server, FailingLabelStudio)
    first = round.open(images=2)
    round.send(first)
    one, other = round.task_ids(first)
    before = server.backup()
    server.annotate(one, ["nut"])
    server.annotate(other, ["nut"])
    round.collect(first)
    server.restore(before)
    server._last_id += 50
    round.collect(next_night(round))
    round.collect(next_night(round, 23))
    put_back = server.tasks[one]["annotations"][0]["id"]
    yesterday = server.backup()
    server.edit(put_back, ["bolt"])
    round.collect(next_night(round, 24))
    server.restore(yesterday)

    assert round.collect(next_night(round, 25)).annotations_put_back == 1
    assert sorted(answers(store)["answered"]) == ["bolt", "nut"]
    assert server.tasks[one]["annotations"][0]["result"][0]["value"] == {"choices": ["bolt"]}
