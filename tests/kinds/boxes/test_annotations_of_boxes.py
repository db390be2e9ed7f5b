"""Tests of annotations with boxes on their way to labels: refused ones do not vote, and a reviewer's outranks others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import given
import pytest
from kinds.boxes.given_boxes import SIZE, spread_boxes

from pipeline_tasks.annotations.form_differences import form_differences
from pipeline_tasks.annotations.parsing import AnnotationRevision, TaskContext, annotation_rows, object_rows, read_annotation
from pipeline_tasks.annotations.resolving import LabelsVersion, meanings, resolve
from pipeline_tasks.annotations.votes import read_votes
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.labeling import BoxLabeling
from pipeline_tasks.kinds.refused import problems

LABELING = BoxLabeling(("bolt", "nut"))
IMAGE = given.image_id(1)
TRUTH = [replace(one, class_name="bolt") for one in spread_boxes(3)]


def said(person: int, boxes: list[Box], *, image: str = IMAGE, more: Any = (), **fields: Any) -> AnnotationRevision:
    """The annotation of one person."""
    raw = {"id": f"{person}", "completed_by": person, "updated_at": given.STARTED_AT.isoformat()} | fields
    raw["result"] = [*LABELING.write(boxes, SIZE), *more]
    return read_annotation(raw, TaskContext("parts", LABELING, 7, "e" * 64, "parts-1", image))


def resolved(*annotations: AnnotationRevision, images: tuple[str, ...] = (IMAGE,)) -> dict[str, tuple[str, tuple[Any, ...]]]:
    rows = annotation_rows(annotations), object_rows(annotations, LABELING)
    labels, objects = resolve(images, *rows, LABELING, LabelsVersion("2026-11-21", "d" * 64))
    return meanings(labels, objects, LABELING)


@pytest.mark.parametrize(
    "region",
    [
        {"type": "rectanglelabels", "original_width": 9, "original_height": 9, "value": {"rectanglelabels": ["bolt"], "x": 1}},
        {"type": "polygonlabels", "original_width": 9, "original_height": 9, "value": {"polygonlabels": ["bolt"], "points": []}},
    ],
)
def test_annotation__with_a_refused_object_does_not_vote_and_its_reason_is_kept(region: dict[str, Any]) -> None:
    bad, good = said(1, TRUTH, more=[region]), said(2, TRUTH[:2])
    votes = read_votes(annotation_rows([bad, good]), object_rows([bad, good], LABELING), LABELING)

    assert resolved(bad, good) == {IMAGE: ("labelled", tuple(TRUTH[:2]))}
    assert resolved(bad) == {IMAGE: ("unmatched", ())}
    assert votes.unmatched == {IMAGE}
    assert len(problems(bad.objects)) == 1
    assert object_rows([bad], LABELING)["text"].drop_nulls().to_list() == list(problems(bad.objects))


def test_annotation__without_a_box_is_empty_and_a_skipped_one_does_not_count() -> None:
    empty, skipped = said(1, []), said(2, [], image=given.image_id(2), was_cancelled=True)

    found = resolved(empty, skipped, images=(IMAGE, given.image_id(2)))

    assert found == {IMAGE: ("empty", ()), given.image_id(2): ("unsure", ())}


def test_annotation__that_a_reviewer_starred_outranks_the_others() -> None:
    others = [said(person, TRUTH) for person in (1, 2)]

    assert resolved(*others, said(3, TRUTH[:1], ground_truth=True)) == {IMAGE: ("labelled", tuple(TRUTH[:1]))}


def test_form__of_boxes_says_which_class_people_renamed() -> None:
    ours = f'<View><Image name="picture" value="$picture"/>{LABELING.control_xml}</View>'

    assert form_differences(ours, ours) == []
    assert "'nut' is called 'hex' in Label Studio" in form_differences(ours, ours.replace('"nut"', '"hex"'))[0]
