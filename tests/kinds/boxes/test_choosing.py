"""Tests of boxes in a selection: names of images, and a detector's beliefs about objects and images."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.choosing import NOTHING, BoxChoosing
from pipeline_tasks.kinds.choosing import ObjectBeliefs
from pipeline_tasks.kinds.name_changes import NameChanges
from pipeline_tasks.selection.choosing import choose
from pipeline_tasks.selection.wanted import usable
from pipeline_tasks.selection.wishes import Wishes
from pipeline_tasks.training_data.champion_objects import seen_objects

CHOOSING = BoxChoosing(("bolt", "nut"), NameChanges(renamed=(("hex", "nut"),)))


def found(name: str, confidence: float) -> Box:
    return Box(name, 0, 0, 10, 10, confidence=confidence)


def test_names__of_an_image_is_the_class_that_is_rarest_in_all() -> None:
    rows = pl.DataFrame({"image_id": list("aaabbc"), "class_name": ["bolt", "bolt", "hex", "bolt", "bolt", "bolt"]})
    objects = [[{"class_name": "bolt"}, {"class_name": "nut"}], [{"class_name": "bolt"}], []]

    assert CHOOSING.names_of(rows) == {"a": "nut", "b": "bolt", "c": "bolt"}
    assert CHOOSING.names(pl.DataFrame({"objects": objects, "class_name": ["bolt", "bolt", None]})).to_list() == [
        "nut",
        "bolt",
        NOTHING,
    ]
    assert CHOOSING.names(pl.DataFrame({"class_name": ["bolt", None]})).to_list() == ["bolt", NOTHING]


def test_beliefs__of_a_box_are_its_class_or_nothing() -> None:
    boxes = [found("bolt", 0.75), found("hex", 0.5), found("gone", 0.9), found("nut", 0.01)]

    assert isinstance(CHOOSING, ObjectBeliefs)
    assert CHOOSING.object_beliefs(boxes).tolist() == [[0.75, 0, 0.25], [0, 0.5, 0.5]]
    assert CHOOSING.image_beliefs(boxes).tolist() == pytest.approx(np.array([0.75, 0.5, 0.125]) / 1.375)
    assert CHOOSING.image_beliefs([]).tolist() == [0, 0, 1]
    assert CHOOSING.object_beliefs([]).shape == (0, 3)


def test_seen_objects__of_other_images_are_the_mean_of_those_looked_at() -> None:
    seen = seen_objects(CHOOSING, np.array([0, 2]), [[found("bolt", 1.0)], []], images=4, pool=3)

    assert seen.beliefs.tolist() == [[1, 0, 0], [0.5, 0, 0.5], [0, 0, 1], [0.5, 0, 0.5]]
    assert [len(one) for one in seen.instances] == [1, 0, 0, 0]
    assert seen.note == " The champion looked at 2 of 3 eligible images."
    assert seen_objects(CHOOSING, np.array([], np.int64), [], images=1, pool=0).beliefs.tolist() == [pytest.approx([1 / 3] * 3)]


def test_margin__takes_the_image_with_the_most_doubtful_box() -> None:
    sure, doubtful = [found("bolt", 0.99)], [found("bolt", 0.98), found("nut", 0.55)]
    seen = seen_objects(CHOOSING, np.arange(3), [sure, doubtful, []], images=3, pool=3)

    chosen = choose(
        np.eye(3, dtype=np.float32),
        budget=1,
        seed=1,
        labelled=[],
        labels=[],
        beliefs=seen.beliefs,
        objectives="margin",
        vocabulary=CHOOSING.belief_names,
        wishes=Wishes(instance_beliefs=seen.instances),
    )

    assert list(chosen.picks) == [1]


def test_usable__leaves_out_strategies_that_need_variants_of_a_champion_without_any() -> None:
    assert usable({"margin": 1.0, "bald": 1.0}, True, False) == (
        {"margin": 1.0},
        " There are no variants of the champion that bald could use, so margin chose alone.",
    )
    assert usable("bald", True, True) == ("bald", "")
