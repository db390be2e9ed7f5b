"""Tests of the differences between two labels of one image, object by object."""

from __future__ import annotations

from dataclasses import replace

import pytest
from kinds.boxes.given_boxes import spread_boxes

from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.labeling import BoxLabeling
from pipeline_tasks.kinds.classes.class_object import ClassObject
from pipeline_tasks.kinds.classes.labeling import ClassLabeling
from pipeline_tasks.kinds.object_changes import ObjectChanges

A, B, C = (replace(one, class_name="bolt") for one in spread_boxes(3))
MOVED, RENAMED = replace(A, x_min_px=A.x_min_px + 1), replace(A, class_name="nut")


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ([], [], ObjectChanges()),
        ([A, B], [B, A], ObjectChanges()),
        ([], [A, B], ObjectChanges(added=2)),
        ([A, B], [], ObjectChanges(removed=2)),
        ([A, B], [MOVED, B], ObjectChanges(moved=1)),
        ([A, B], [RENAMED, C], ObjectChanges(added=1, removed=1, relabelled=1)),
        ([A, RENAMED], [MOVED, replace(RENAMED, y_min_px=A.y_min_px + 1)], ObjectChanges(moved=2)),
        ([A, A], [A], ObjectChanges(removed=1)),
    ],
)
def test_object_changes__of_boxes(before: list[Box], after: list[Box], wanted: ObjectChanges) -> None:
    assert BoxLabeling(("bolt", "nut")).object_changes(before, after) == wanted


def test_object_changes__of_classes_have_no_place() -> None:
    found = ClassLabeling(("bolt", "nut")).object_changes([ClassObject("bolt")], [ClassObject("nut")])

    assert found == ObjectChanges(added=1, removed=1)
    assert found + ObjectChanges(moved=1, relabelled=2) == ObjectChanges(1, 1, 1, 2)
