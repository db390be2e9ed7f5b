"""Tests of reading annotations from Label Studio."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import given
import pytest

from pipeline_tasks.annotations.changes import NotOurs, changed_annotations, newest_change, not_ours, vanished_annotations
from pipeline_tasks.annotations.parsing import (
    TaskContext,
    annotation_rows,
    object_rows,
    read_annotation,
    recorded_annotations,
    taken_back,
)
from pipeline_tasks.annotations.revisions import annotator_pseudonym
from pipeline_tasks.kinds.classes.class_kind import ClassKind

KEY = "e" * 64
LABELING = ClassKind(("bolt", "nut")).labeling
CONTEXT = TaskContext("parts", LABELING, 7, KEY, "parts-1", given.image_id(1))


def an_annotation(*class_names: str, **fields: Any) -> dict[str, Any]:
    """An answer as Label Studio gives it."""
    choices = {"from_name": "class", "to_name": "picture", "type": "choices", "value": {"choices": list(class_names)}}
    return {
        "id": 12,
        "result": [choices] if class_names else [],
        "was_cancelled": False,
        "completed_by": 3,
        "created_username": "Ada ada@example.com, 3",
        "lead_time": 2.5,
        "created_at": "2026-11-21T22:10:00Z",
        "updated_at": "2026-11-21T22:11:00.5Z",
    } | fields


def a_task(*annotations: dict[str, Any]) -> dict[str, Any]:
    return {"id": 1, "data": {"task_key": KEY}, "annotations": list(annotations), "updated_at": "2026-11-21T22:12:00Z"}


def test_read_annotation__names_the_class_and_hides_the_person() -> None:
    annotation = read_annotation(an_annotation("bolt"), CONTEXT)

    assert (annotation.annotation_id, annotation.state, annotation.lead_time_s) == ("7-12", "answered", 2.5)
    assert annotation.annotator_id == annotator_pseudonym("parts", 3)
    assert "example.com" not in repr(annotation)
    assert object_rows([annotation], LABELING)["class_name"].to_list() == ["bolt"]
    assert annotation_rows([annotation])["updated_at"].dt.to_string("%H:%M:%S%.3f").to_list() == ["22:11:00.500"]


@pytest.mark.parametrize(
    "result",
    [None, [], [{"type": "choices", "value": None}], [{"type": "choices", "value": {"choices": "bolt"}}]],
)
def test_read_annotation__takes_a_result_without_choices_as_naming_nothing(result: Any) -> None:
    annotation = read_annotation(an_annotation() | {"result": result}, CONTEXT)

    assert (annotation.state, annotation.objects) == ("answered", ())
    assert object_rows([annotation], LABELING).is_empty()


def test_read_annotation__keeps_each_of_several_names_once_and_names_it_does_not_know() -> None:
    annotation = read_annotation(an_annotation("nut", "washer", "nut"), CONTEXT)

    assert object_rows([annotation], LABELING).select("object_index", "class_name").rows() == [(0, "nut"), (1, "washer")]


def test_read_annotation__takes_a_skip_as_naming_nothing() -> None:
    annotation = read_annotation(an_annotation("bolt", was_cancelled=True), CONTEXT)

    assert (annotation.state, annotation.objects) == ("skipped", ())


def test_read_annotation__takes_the_person_from_an_id_or_an_object_and_lost_accounts_as_one() -> None:
    by_id = read_annotation(an_annotation("bolt"), CONTEXT)
    by_object = read_annotation(an_annotation("bolt", completed_by={"id": 3, "email": "ada@example.com"}), CONTEXT)
    lost = [read_annotation(an_annotation("bolt", completed_by=None, id=number, lead_time=None), CONTEXT) for number in (1, 2)]

    assert by_id.annotator_id == by_object.annotator_id
    assert len({annotation.annotator_id for annotation in [by_id, *lost]}) == 2
    assert lost[0].lead_time_s is None


def test_changed_annotations__returns_new_and_edited_ones_only() -> None:
    recorded = recorded_annotations(annotation_rows([read_annotation(an_annotation("bolt"), CONTEXT)]))
    same, edited = a_task(an_annotation("bolt")), a_task(an_annotation("nut", updated_at="2026-11-22T06:00:00Z"))
    stranger = a_task(an_annotation("bolt", id=99)) | {"data": {"task_key": "not ours"}}

    assert changed_annotations([same, stranger], {KEY: CONTEXT}, recorded) == []
    assert [one.objects[0].class_name for one in changed_annotations([edited], {KEY: CONTEXT}, recorded)] == ["nut"]
    assert [one.annotation_id for one in changed_annotations([edited], {KEY: CONTEXT}, {})] == ["7-12"]


@pytest.mark.parametrize("user", [None, 9, {"id": 9}])
def test_changed_annotations__keep_a_deleted_account_one_person(user: Any) -> None:
    recorded = recorded_annotations(annotation_rows([read_annotation(an_annotation("bolt"), CONTEXT)]))
    forgotten = a_task(an_annotation("bolt", completed_by=user))
    edited = a_task(an_annotation("nut", completed_by=user, updated_at="2026-11-22T06:00:00Z"))

    assert changed_annotations([forgotten], {KEY: CONTEXT}, recorded) == []
    (annotation,) = changed_annotations([edited], {KEY: CONTEXT}, recorded)
    assert annotation.annotator_id == annotator_pseudonym("parts", 3)


def test_changed_annotations__find_a_task_whose_key_was_edited_and_skip_one_whose_image_was() -> None:
    ours = replace(CONTEXT, label_studio_task_id=1)
    address = f"/data/local-files/?d=parts/ab/{given.image_id(1)}.jpg"
    without_key = a_task(an_annotation("bolt")) | {"data": {"picture": address, "task_key": "mine"}}
    other_image = a_task(an_annotation("bolt")) | {"data": {"picture": "/data/upload/cat.jpg", "task_key": KEY}}
    by_hand = a_task(an_annotation("bolt"), an_annotation("nut", id=13)) | {"data": {"picture": "/data/upload/cat.jpg"}, "id": 2}

    assert [one.task_key for one in changed_annotations([without_key], {KEY: ours}, {})] == [KEY]
    assert changed_annotations([other_image, by_hand], {KEY: ours}, {}) == []
    assert not_ours([without_key, other_image, by_hand], {KEY: ours}) == NotOurs(by_hand=2, image_replaced=1, tasks=frozenset({2}))


def test_revision__of_an_answer_without_a_star_is_that_of_earlier_releases() -> None:
    starred, plain = (read_annotation(an_annotation("bolt", ground_truth=star), CONTEXT) for star in (True, False))

    assert plain.revision == read_annotation(an_annotation("bolt"), CONTEXT).revision != starred.revision
    assert (starred.is_starred, plain.is_starred) == (True, False)


def test_vanished_annotations__are_those_whose_task_is_there_without_them() -> None:
    recorded = recorded_annotations(annotation_rows([read_annotation(an_annotation("bolt"), CONTEXT)]))

    assert vanished_annotations([a_task(an_annotation("bolt"))], {KEY: CONTEXT}, recorded) == []
    assert vanished_annotations([], {KEY: CONTEXT}, recorded) == []
    (vanished,) = vanished_annotations([a_task()], {KEY: CONTEXT}, recorded)
    row = vanished.row
    deleted = taken_back(row)
    assert (deleted.state, deleted.annotation_id, deleted.objects) == ("deleted", "7-12", ())
    assert deleted.revision != row.revision
    assert vanished_annotations([a_task()], {KEY: CONTEXT}, recorded_annotations(annotation_rows([deleted]))) == []


def test_newest_change__compares_times_not_texts() -> None:
    times = ["2026-11-21T22:12:00.5Z", "2026-11-21T22:12:00Z", "2026-11-21T23:12:00+02:00"]
    newest = newest_change([a_task() | {"updated_at": time} for time in times])

    assert newest is not None
    assert newest.isoformat() == "2026-11-21T22:12:00.500000+00:00"
    assert newest_change([]) is None
