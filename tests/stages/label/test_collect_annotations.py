"""Tests that each revision of an annotation is recorded once, and that deletions in Label Studio lose no other data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from a_labeling_round import LabelingRound

from pipeline_tasks.errors import MissingStageError, ServiceUnavailableError
from pipeline_tasks.records.collect_annotations import CollectAnnotationsSummary
from pipeline_tasks.storage.blobs.annotation_log import list_revisions, read_revision
from pipeline_tasks.storage.history.store import Store
from pipeline_tasks.tables.annotation import Annotation
from pipeline_tasks.tables.label_object import AnnotationObject
from pipeline_tasks.tables.lost_task import LostTask

pytestmark = pytest.mark.slow


@pytest.fixture
def round(store: Store, tmp_path: Path) -> LabelingRound:
    return LabelingRound(store, tmp_path)


def states(store: Store) -> list[str]:
    return sorted(store.current(Annotation)["state"].cast(str).to_list())


def test_collect_annotations__records_annotations_and_skips(round: LabelingRound, store: Store) -> None:
    cycle = round.open(images=4)
    round.send(cycle)
    first, second, third, _ = round.task_ids(cycle)
    round.server.annotate(first, ["bolt"], person=1)
    round.server.annotate(second, [], person=2)
    round.server.annotate(third, [], person=2, is_skipped=True)

    summary = round.collect(cycle)
    assert summary == CollectAnnotationsSummary(3, 0, 0, 1, 0, annotators=2, tasks_unanswered=1)
    assert store.read(AnnotationObject, cycle.cycle_id)["class_name"].to_list() == ["bolt"]
    assert states(store) == ["answered", "answered", "skipped"]
    logged = [read_revision(store.objects, *one) for one in list_revisions(store.objects)]
    assert len(logged) == 3
    assert "example.com" not in str(logged)


def test_collect_annotations__freezes_its_first_result(round: LabelingRound, store: Store) -> None:
    cycle = round.open()
    round.send(cycle)
    ids = round.task_ids(cycle)
    round.server.annotate(ids[0], ["bolt"])
    summary = round.collect(cycle)
    round.server.annotate(ids[1], ["nut"])

    assert round.collect(cycle) == summary
    assert store.read(Annotation, cycle.cycle_id).height == 1


def test_collect_annotations__takes_late_edited_and_deleted_answers_in_the_next_cycle(round: LabelingRound, store: Store) -> None:
    first = round.open("2026-11-21")
    round.send(first)
    ids = round.task_ids(first)
    edited, deleted, kept = (round.server.annotate(ids[index], ["bolt"]) for index in range(3))
    round.collect(first)
    second = round.open("2026-11-22", images=1)
    round.send(second)
    round.server.edit(edited, ["nut"])
    round.server.take_back(deleted)
    round.server.annotate(ids[3], ["nut"])

    assert round.collect(second) == CollectAnnotationsSummary(1, 1, 1, 0, 3, annotators=1, tasks_unanswered=1)
    assert states(store) == ["answered", "answered", "answered", "deleted"]
    assert store.read(Annotation, second.cycle_id).height == 3
    assert not [row for row in store.read(Annotation, second.cycle_id)["annotation_id"] if row.endswith(f"-{kept}")]
    assert len(list(list_revisions(store.objects))) == 6
    third = round.open("2026-11-23", images=0)
    round.send(third)
    assert round.collect(third) == CollectAnnotationsSummary(0, 0, 0, 0, 0, annotators=0, tasks_unanswered=0)


def test_collect_annotations__finds_deletions_by_counting(round: LabelingRound, store: Store) -> None:
    first = round.open("2026-11-21", images=3)
    round.send(first)
    numbers = [round.server.annotate(task_id, ["bolt"]) for task_id in round.task_ids(first)]
    round.collect(first)
    for _ in range(1200):
        round.server._tick()
    round.server.take_back(numbers[0], is_noticed=False)
    second = round.open("2026-11-22", images=1)
    round.send(second)

    assert round.collect(second).annotations_deleted == 1
    assert states(store) == ["answered", "answered", "deleted"]


def test_collect_annotations__asks_of_a_large_project_only_for_what_changed(round: LabelingRound) -> None:
    first = round.open("2026-11-21")
    round.send(first)
    round.server.annotate(round.task_ids(first)[0], ["bolt"])
    round.collect(first)
    second = round.open("2026-11-22", images=0, compare_all_up_to_tasks=3)
    round.send(second)
    asked = len(round.server.requests)
    round.collect(second)

    number = next(iter(round.server.projects))
    assert round.server.requests[asked:] == [f"GET /api/projects/{number}", "GET /api/tasks", f"GET /api/projects/{number}"]


def test_collect_annotations__keeps_annotations_of_a_deleted_task(round: LabelingRound, store: Store) -> None:
    first = round.open("2026-11-21", images=2)
    round.send(first)
    ids = round.task_ids(first)
    round.server.annotate(ids[0], ["bolt"])
    round.collect(first)
    del round.server.tasks[ids[0]]
    second = round.open("2026-11-22", images=0)
    round.send(second)

    assert round.collect(second).annotations_deleted == 0
    assert states(store) == ["answered"]


def test_collect_annotations__continues_without_a_deleted_project_of_an_earlier_round(round: LabelingRound, store: Store) -> None:
    first = round.open("2026-11-21")
    gone = round.send(first).label_studio_project_id
    round.server.annotate(round.task_ids(first)[0], ["bolt"])
    round.collect(first)
    second = round.open("2026-11-22", question="Which one?")
    round.send(second)
    round.server.projects.pop(gone or 0)

    assert round.collect(second).projects_gone == [gone]
    assert states(store) == ["answered"]


def test_collect_annotations__has_the_same_result_after_an_interruption(round: LabelingRound, store: Store) -> None:
    cycle = round.open()
    round.send(cycle)
    round.server.annotate(round.task_ids(cycle)[0], ["bolt"])
    round.server.fail("GET /api/tasks", httpx.Response(500))
    with pytest.raises(ServiceUnavailableError):
        round.collect(cycle)

    assert not store.has(Annotation, cycle.cycle_id)
    assert round.collect(cycle).annotations_new == 1


def test_collect_annotations__logs_before_it_records(round: LabelingRound, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    cycle = round.open()
    round.send(cycle)
    round.server.annotate(round.task_ids(cycle)[0], ["bolt"])
    finish: Callable[..., object] = store.finish
    logged: list[int] = []

    def noting(*arguments: object, **more: object) -> object:
        logged.append(len(list(list_revisions(store.objects))))
        return finish(*arguments, **more)

    monkeypatch.setattr(store, "finish", noting)
    round.collect(cycle)
    assert logged == [1]


def test_collect_annotations__requires_the_push(round: LabelingRound) -> None:
    with pytest.raises(MissingStageError):
        round.collect(round.open())


def test_collect_annotations__names_choices_that_are_no_class_and_keeps_the_annotations(
    round: LabelingRound, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    cycle = round.open(images=5)
    round.send(cycle)
    for task_id, said in zip(round.task_ids(cycle), ["bolt", "toothed wheel", "toothed wheel", "scrap", "nut"], strict=True):
        round.server.annotate(task_id, [said])
    summary = round.collect(cycle)

    assert summary.unknown_choices == {"scrap": 1, "toothed wheel": 2}
    assert "2 annotations choose 'toothed wheel', which is no class of the project" in caplog.text
    assert store.read(AnnotationObject, cycle.cycle_id)["class_name"].to_list().count("toothed wheel") == 2
    resolved = round.resolve(cycle)
    assert (resolved.labelled, resolved.unsure, resolved.unmatched) == (2, 0, 3)


def test_collect_annotations__reads_a_renamed_control_and_says_so(round: LabelingRound) -> None:
    cycle = round.open(images=2)
    project = round.server.projects[round.send(cycle).label_studio_project_id or 0]
    project["label_config"] = project["label_config"].replace('name="class"', 'name="part"')
    for task_id in round.task_ids(cycle):
        round.server.annotate(task_id, ["bolt"], control="part")
    summary = round.collect(cycle)

    assert (summary.unknown_choices, round.resolve(cycle).labelled) == ({}, 2)
    assert "The question 'class' is called 'part' in Label Studio" in summary.form_differences[0]


def test_collect_annotations__records_an_answer_to_another_form_without_a_class(round: LabelingRound) -> None:
    cycle = round.open(images=1)
    round.send(cycle)
    number = round.server.annotate(round.task_ids(cycle)[0], [])
    box = {"from_name": "box", "to_name": "picture", "type": "rectanglelabels", "value": {"rectanglelabels": ["gear"], "x": 1}}
    round.server._find(number)[1]["result"] = [box]

    assert round.collect(cycle).unknown_choices == {"rectanglelabels gear": 1}
    assert round.resolve(cycle).unmatched == 1


def test_collect_annotations__ignores_answers_to_a_question_that_people_added(round: LabelingRound) -> None:
    cycle = round.open(images=1)
    round.send(cycle)
    number = round.server.annotate(round.task_ids(cycle)[0], ["bolt"])
    quality = {"from_name": "quality", "to_name": "picture", "type": "choices", "value": {"choices": ["sharp"]}}
    round.server._find(number)[1]["result"].append(quality)

    assert (round.collect(cycle).unknown_choices, round.resolve(cycle).images_by_class) == ({}, {"bolt": 1})


def test_collect_annotations__counts_unanswered_tasks_that_were_deleted_once(round: LabelingRound, store: Store) -> None:
    first = round.open("2026-11-21", images=3)
    round.send(first)
    answered, deleted, _ = round.task_ids(first)
    round.server.annotate(answered, ["bolt"])
    del round.server.tasks[deleted]

    assert round.collect(first).tasks_lost == 1
    second = round.open("2026-11-22", images=1)
    round.send(second)
    del round.server.tasks[answered]
    assert round.collect(second).tasks_lost == 0
    assert store.history(LostTask).height == 2
    third = round.open("2026-11-23", images=0)
    round.send(third)
    asked = len(round.server.requests)
    round.collect(third)
    assert round.server.requests[asked:].count("GET /api/tasks") == 1


def test_collect_annotations__counts_what_people_imported_by_hand(round: LabelingRound) -> None:
    cycle = round.open(images=1)
    project = round.send(cycle).label_studio_project_id or 0
    round.server._import(project, [{"data": {"picture": "/data/upload/cat.jpg"}}])
    round.server.annotate(max(round.server.tasks), ["bolt"])

    assert (round.collect(cycle).annotations_by_hand, round.collect(cycle).annotations_new) == (1, 0)


def test_collect_annotations__counts_one_person_for_an_account_that_was_deleted_between_two_nights(round: LabelingRound) -> None:
    first = round.open("2026-11-21", images=1, overlap_ratio=1.0, overlap_annotators=2)
    round.send(first)
    one, other = round.task_ids(first)
    number = round.server.annotate(one, ["bolt"], person=5)
    round.collect(first)
    round.server._find(number)[1]["completed_by"] = None
    round.server.annotate(other, ["nut"], person=6)
    second = round.open("2026-11-22", images=0)
    round.send(second)

    assert round.collect(second).annotations_changed == 0
    assert round.resolve(second).unsure == 1


def test_collect_annotations__takes_a_star_that_a_reviewer_set_later(round: LabelingRound) -> None:
    first = round.open("2026-11-21", images=1, overlap_ratio=1.0, overlap_annotators=3)
    round.send(first)
    numbers = [
        round.server.annotate(task_id, [said], person=n)
        for n, (task_id, said) in enumerate(zip(round.task_ids(first), ["bolt", "bolt", "nut"], strict=True))
    ]
    round.collect(first)
    assert round.resolve(first).images_by_class == {"bolt": 1}
    second = round.open("2026-11-22", images=0)
    round.send(second)
    task_id, annotation = round.server._find(numbers[2])
    annotation["ground_truth"] = True
    round.server._touch(task_id)

    assert round.collect(second).annotations_changed == 1
    resolved = round.resolve(second)
    assert (resolved.images_by_class, resolved.starred, resolved.changed_labels) == ({"nut": 1}, 1, 1)
