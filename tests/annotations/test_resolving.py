"""Tests of labels from votes, on cases that can be counted by hand."""

from __future__ import annotations

from datetime import timedelta

import given
import pytest
from annotations.test_parsing import an_annotation

from pipeline_tasks.annotations.parsing import (
    AnnotationRevision,
    TaskContext,
    annotation_rows,
    object_rows,
    read_annotation,
    recorded_annotations,
    taken_back,
)
from pipeline_tasks.annotations.resolving import LabelsVersion, resolve
from pipeline_tasks.kinds.classes.class_kind import ClassKind

VERSION = LabelsVersion("2026-11-21", "d" * 64)
LABELING = ClassKind(("bolt", "nut", "washer")).labeling
IMAGE = given.image_id(1)
CONTEXT = TaskContext("parts", LABELING, 7, "e" * 64, "parts-1", IMAGE)


def said(*annotations: tuple[int, str]) -> list[AnnotationRevision]:
    """(person, class names separated by +, or `skip`; a star at the end is a reviewer's) in the order of answering."""
    read = []
    for number, (person, names) in enumerate(annotations):
        moment = (given.STARTED_AT + timedelta(minutes=number)).isoformat()
        choices = [] if names in ("", "skip") else names.rstrip("*").split("+")
        fields = {"ground_truth": names.endswith("*")} | {
            "id": number,
            "completed_by": person,
            "was_cancelled": names == "skip",
            "updated_at": moment,
        }
        read.append(read_annotation(an_annotation(*choices, **fields), CONTEXT))
    return read


@pytest.mark.parametrize(
    ("annotations", "state", "votes", "agreement_ratio", "class_name"),
    [
        ([(1, "bolt")], "labelled", 1, 1.0, "bolt"),
        ([(1, "bolt"), (2, "nut"), (3, "bolt")], "labelled", 3, 2 / 3, "bolt"),
        ([(1, "bolt"), (2, "nut")], "unsure", 2, 0.5, None),
        ([(1, "bolt"), (2, "bolt"), (3, "nut"), (4, "washer")], "labelled", 4, 0.5, "bolt"),
        ([(1, "bolt"), (2, "bolt"), (3, "nut"), (4, "washer"), (5, "")], "unsure", 5, 0.4, None),
        ([(1, "bolt"), (1, "nut")], "labelled", 1, 1.0, "nut"),
        ([(1, "bolt"), (1, "bolt"), (2, "nut"), (3, "nut")], "labelled", 3, 2 / 3, "nut"),
        ([(1, ""), (2, "")], "empty", 2, 1.0, None),
        ([(1, "skip")], "unsure", 0, 0.0, None),
        ([(1, "bolt"), (2, "skip")], "labelled", 1, 1.0, "bolt"),
        ([(1, "bolt"), (1, "skip")], "labelled", 1, 1.0, "bolt"),
        ([(1, "bolt+nut")], "unsure", 1, 1.0, None),
        ([(1, "bolt+nut"), (2, "bolt"), (3, "bolt")], "labelled", 3, 2 / 3, "bolt"),
        ([(1, "old name")], "unmatched", 0, 0.0, None),
        ([(1, "old name"), (2, "skip")], "unmatched", 0, 0.0, None),
        ([(1, "bolt"), (2, "nut*")], "labelled", 1, 1.0, "nut"),
        ([(1, "bolt"), (2, "bolt"), (3, "nut*"), (3, "bolt")], "labelled", 1, 1.0, "nut"),
        ([(1, "bolt"), (2, "old name*")], "unmatched", 0, 0.0, None),
        ([(1, "old name"), (2, "nut")], "labelled", 1, 1.0, "nut"),
    ],
)
def test_resolve__takes_the_majority_of_persons_else_says_unsure(
    annotations: list[tuple[int, str]], state: str, votes: int, agreement_ratio: float, class_name: str | None
) -> None:
    read = said(*annotations)
    labels, objects = resolve([IMAGE], annotation_rows(read), object_rows(read, LABELING), LABELING, VERSION)

    assert labels.select("image_id", "state", "votes").rows() == [(IMAGE, state, votes)]
    assert labels["agreement_ratio"][0] == pytest.approx(agreement_ratio)
    assert objects["class_name"].to_list() == ([] if class_name is None else [class_name])


def test_resolve__does_not_count_withdrawn_annotations() -> None:
    first, second = said((1, "bolt"), (2, "nut"))
    (row,) = recorded_annotations(annotation_rows([first])).values()
    labels, objects = resolve(
        [IMAGE], annotation_rows([taken_back(row), second]), object_rows([first, second], LABELING), LABELING, VERSION
    )

    assert labels["votes"].to_list() == [1]
    assert objects["class_name"].to_list() == ["nut"]


def test_resolve__does_not_read_objects_of_an_earlier_revision() -> None:
    (before,) = said((1, "bolt"))
    after = read_annotation(an_annotation(id=0, completed_by=1), CONTEXT)
    labels, objects = resolve([IMAGE], annotation_rows([after]), object_rows([before, after], LABELING), LABELING, VERSION)

    assert labels["state"].to_list() == ["empty"]
    assert objects.is_empty()


def test_resolve__resolves_only_the_images_asked_for() -> None:
    read = said((1, "bolt"))

    assert resolve([], annotation_rows(read), object_rows(read, LABELING), LABELING, VERSION)[0].is_empty()
    labels, _ = resolve([given.image_id(2)], annotation_rows(read), object_rows(read, LABELING), LABELING, VERSION)
    assert labels.select("state", "votes").rows() == [("unsure", 0)]
