"""Tests of a model's objects as people see them in Label Studio: whoever keeps them has given a usable annotation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from given import a_project
from kinds.given_objects import DRAWN, HIGH, WIDE, Drawn

from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.decode import BoxDecoding
from pipeline_tasks.kinds.classes.class_object import ClassObject
from pipeline_tasks.kinds.classes.decode import ClassDecoding
from pipeline_tasks.kinds.keypoints.decode import KeypointDecoding
from pipeline_tasks.kinds.keypoints.skeleton import Point, Skeleton
from pipeline_tasks.kinds.multi_label.decode import MultiLabelDecoding
from pipeline_tasks.kinds.refused import problems
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.kinds.suggesting import NO_SUGGESTION, Suggesting

SIZE = (WIDE, HIGH)
PLIERS = {"pliers": ("joint", "tip")}


def of_a_model(one: Any) -> Any:
    """The same object from a model that is quite sure."""
    return replace(one, probability=0.9) if isinstance(one, ClassObject) else replace(one, confidence=0.9)


@pytest.mark.parametrize("drawn", DRAWN.values(), ids=DRAWN)
def test_suggest__tells_objects_that_people_can_keep_as_they_are(drawn: Drawn) -> None:
    kind = kind_of(a_project(**drawn.settings))
    decoding, labeling = kind.decoding, kind.labeling
    assert isinstance(decoding, Suggesting)
    suggestion = decoding.suggest([of_a_model(one) for one in drawn.truth(3, 5)], SIZE, 0.0)
    kept = labeling.read(labeling.write(suggestion.objects, SIZE))

    assert len(kept) == len(suggestion.objects) > 0
    assert problems(kept) == ()
    assert labeling.can_vote(kept)
    assert suggestion.confidence == pytest.approx(0.9)


def test_suggest__tells_nothing_of_which_the_model_is_unsure() -> None:
    said = [ClassObject("bolt", 0.55), ClassObject("nut", 0.45)]
    boxes = [Box("bolt", 1, 2, 3, 4, confidence=0.8), Box("bolt", 5, 6, 3, 4, confidence=0.6)]

    assert ClassDecoding(("bolt", "nut")).suggest(said, SIZE, 0.5).objects == (ClassObject("bolt"),)
    assert ClassDecoding(("bolt", "nut")).suggest(said, SIZE, 0.6) == NO_SUGGESTION
    assert MultiLabelDecoding(("bolt", "nut")).suggest(said, SIZE, 0.6) == NO_SUGGESTION
    assert BoxDecoding(("bolt",)).suggest(boxes, SIZE, 0.7).objects == (boxes[0],)


def test_suggest__is_as_sure_of_several_names_as_of_the_least_sure_one_and_its_absence() -> None:
    said = [ClassObject("bolt", 0.9), ClassObject("nut", 0.3), ClassObject("gear", 0.6)]

    found = MultiLabelDecoding(("bolt", "nut", "gear")).suggest(said, SIZE, 0.0)

    assert (found.objects, found.confidences) == ((ClassObject("bolt"), ClassObject("gear")), (0.9, 0.6))
    assert found.confidence == pytest.approx(0.6)


def test_suggest__draws_the_box_of_a_thing_around_the_points_that_are_there() -> None:
    points = (Point("joint", 10, 20, True, 0.9), Point("tip", 80, 20, True, 0.9))
    unseen = (Point("joint", 10, 20, True, 0.9), Point("tip", 80, 20, False, 0.1))
    thing = Skeleton("pliers", points, 20, 10, 40, 30, confidence=0.7)

    (boxed,) = KeypointDecoding(PLIERS).suggest([thing], SIZE, 0.0).objects
    (one,) = KeypointDecoding(PLIERS, is_one=True).suggest([replace(thing, points=unseen)], SIZE, 0.0).objects

    assert boxed.box_px == (10, 10, 70, 30)
    assert [point.name for point in one.points] == ["joint"]
    assert one.x_min_px is None, "no box is asked for"
