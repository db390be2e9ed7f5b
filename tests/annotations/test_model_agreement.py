"""Tests of the comparison of people who saw the champion's prediction with those from whom it was hidden."""

from __future__ import annotations

import polars as pl
import pytest
from given import a_project, image_id

from pipeline_tasks.annotations.model_agreement import SaidOfRound, model_agreement
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.classes.class_object import ClassObject
from pipeline_tasks.kinds.kind import Kind
from pipeline_tasks.kinds.object_changes import ObjectChanges
from pipeline_tasks.kinds.refused import Refused
from pipeline_tasks.kinds.registry import kind_of

CLASSES = kind_of(a_project())
BOXES = kind_of(a_project(label_kind="box"))
SIZE = (200, 100)


def of_round(
    kind: Kind, arms: dict[str, str], predicted: dict[str, object], said: dict[str, object], seconds: float = 2.0
) -> SaidOfRound:
    """One annotation an image; images go by short names."""
    rows = [
        {
            "annotation_id": name,
            "revision": "r",
            "image_id": image_id(name.rstrip("'")),
            "state": "answered",
            "lead_time_s": seconds,
        }
        for name in said
    ]
    return SaidOfRound(
        {image_id(name): arm for name, arm in arms.items()},
        {image_id(name): (one,) for name, one in predicted.items()},
        pl.DataFrame(rows),
        {(name, "r"): (one,) for name, one in said.items()},
        {image_id(name): SIZE for name in arms},
    )


def test_model_agreement__counts_by_arm_who_agrees_with_the_prediction() -> None:
    bolt, nut = ClassObject("bolt"), ClassObject("nut")
    arms = dict.fromkeys("abc", "shown") | dict.fromkeys("xyz", "hidden") | {"t": "blind"}
    said = {"a": bolt, "b": bolt, "c": nut, "x": bolt, "y": nut, "z": nut, "t": nut}

    found = model_agreement(of_round(CLASSES, arms, dict.fromkeys(arms, bolt), said), CLASSES.labeling, 0.95, 1)

    shown, hidden = found.arms["shown"], found.arms["hidden"]
    assert (shown.images, shown.agreeing, shown.kept) == (3, 2, 2)
    assert (hidden.images, hidden.agreeing) == (3, 1)
    assert shown.changes == ObjectChanges(added=1, removed=1)
    assert found.effect is not None
    assert found.effect.value == pytest.approx(1 / 3)
    assert found.effect.low < 0 < found.effect.high
    assert found.seconds_saved is None, "three times of each say nothing"


def test_model_agreement__tells_a_box_that_was_kept_from_one_that_was_moved() -> None:
    box, moved = Box("bolt", 10 / 3, 20, 50, 40, confidence=0.9), Box("bolt", 6, 20, 50, 40)
    arms = {"a": "shown", "b": "shown"}
    # Label Studio keeps percent of the sides.
    (kept,) = BOXES.labeling.read(BOXES.labeling.write([box], SIZE))

    found = model_agreement(of_round(BOXES, arms, dict.fromkeys(arms, box), {"a": kept, "b": moved}), BOXES.labeling, 0.95, 1)

    assert (found.arms["shown"].agreeing, found.arms["shown"].kept) == (2, 1)
    assert found.arms["shown"].changes == ObjectChanges(moved=1)
    assert found.effect is None


def test_model_agreement__leaves_out_refused_annotations_and_images_of_two_people() -> None:
    bolt = ClassObject("bolt")
    arms = dict.fromkeys("abc", "shown")
    said = {"a": bolt, "b": Refused(None, "of another form"), "c": bolt, "c'": bolt}

    found = model_agreement(of_round(CLASSES, arms, dict.fromkeys(arms, bolt), said), CLASSES.labeling, 0.95, 1)

    assert found.arms["shown"].images == 1


def test_model_agreement__says_how_much_time_seeing_a_prediction_saves() -> None:
    bolt = ClassObject("bolt")
    arms = {f"s{number}": "shown" for number in range(20)} | {f"h{number}": "hidden" for number in range(20)}
    quick = of_round(CLASSES, arms, dict.fromkeys(arms, bolt), dict.fromkeys(arms, bolt))
    times = pl.Series([3.0 + number / 10 if name.startswith("s") else 8.0 + number / 10 for number, name in enumerate(arms)])
    timed = SaidOfRound(quick.arms, quick.predicted, quick.annotations.with_columns(lead_time_s=times), quick.objects, quick.sizes)

    saved = model_agreement(timed, CLASSES.labeling, 0.95, 1).seconds_saved

    # Medians 3.95 and 10.95 seconds.
    assert saved is not None
    assert saved.value == pytest.approx(7.0)
    assert 5 < saved.low < 7 < saved.high < 9
