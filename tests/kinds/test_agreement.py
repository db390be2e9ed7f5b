"""Tests of the sentences on agreement: a share of equal pairs for classes, a mean likeness for all other kinds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from given import a_project
from kinds.given_objects import DRAWN
from kinds.masks.given_masks import painted

from pipeline_tasks.annotations.votes import is_unanimous, least_alike
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.classes.class_object import ClassObject
from pipeline_tasks.kinds.labeling import Labeling
from pipeline_tasks.kinds.registry import kind_of
from pipeline_tasks.kinds.texts.text_object import Text

A, B = Box("a", 0, 0, 10, 10), Box("a", 50, 50, 10, 10)
HALF, WHOLE = np.repeat([[True, False]], 2, axis=0), np.ones((2, 2), bool)


def labeling_of(label_kind: str, *classes: str) -> Labeling[Any]:
    return kind_of(a_project(label_kind=label_kind, classes=list(classes))).labeling


def said(labeling: Labeling[Any], *images: tuple[Any, Any]) -> str:
    """The sentence on images that Ada and Ben annotated."""
    found = labeling.agreement({str(number): {"ada": ada, "ben": ben} for number, (ada, ben) in enumerate(images)})
    return labeling.agreement_measure.of_pairs(found)


def test_sentence__of_classes_is_a_share_of_pairs() -> None:
    bolt, nut = (ClassObject("bolt"),), (ClassObject("nut"),)
    labeling = labeling_of("class", "bolt", "nut")

    assert said(labeling, (bolt, bolt), (bolt, nut), (nut, nut)).startswith("66.7 % of 3 pairs of annotations agree; kappa")
    assert (labeling.agreement_measure.of_votes(2 / 3), labeling.agreement_measure.heading) == ("67 % agree", "agree")


def test_sentence__of_boxes_is_a_mean_f1_and_says_the_iou_of_matches() -> None:
    labeling = labeling_of("box", "a")
    near = replace(A, width_px=8)

    assert said(labeling, ((A, B), (near,)), ((), ())) == (
        "mean F1 0.83 over 2 pairs of annotations; the share of two people's boxes that match one of the other: same class, "
        "IoU at least 0.5; mean IoU of 1 match 0.80"
    )
    assert labeling.agreement_measure.of_votes(0.75) == "mean F1 with what most of them drew 0.75"


def test_sentence__of_masks_is_a_mean_iou_and_not_a_share_of_pairs() -> None:
    labeling = labeling_of("mask", "a")

    assert said(labeling, ([painted("a", HALF)], [painted("a", WHOLE)])) == (
        "mean IoU 0.50 over 1 pair of annotations; that of the classes that either of two people painted"
    )
    assert labeling.agreement_measure.about == "their mean IoU with the label"


def test_sentence__of_texts_counts_the_same_ones() -> None:
    assert said(labeling_of("text"), ((Text("abcd"),), (Text("abxd"),)), ((), ())) == (
        "mean character accuracy 0.88 over 2 pairs of annotations; 1 minus the character error; a text without a partner counts "
        "as 0; 1 of 2 pairs typed the same"
    )


@pytest.mark.parametrize("drawn", DRAWN.values(), ids=DRAWN)
def test_sentence__names_the_measure_of_every_kind(drawn: Any) -> None:
    labeling = kind_of(a_project(**drawn.settings)).labeling
    truth = drawn.truth(1, 2)
    measure = labeling.agreement_measure

    sentence = said(labeling, (truth, truth), (truth, ()))

    assert ("50.0 % of 2 pairs" if drawn.label_kind == "class" else f"{measure.mean} 0.50 over 2 pairs") in sentence
    assert ("agree" in sentence.split(";")[0]) == (not measure.mean)


def test_masks__of_two_people_disagree_below_an_iou_and_not_by_a_pixel() -> None:
    labeling = labeling_of("mask", "a")
    square, wider, half = np.zeros((3, 10, 10), bool)
    square[:, :8], wider[:, :9], half[:, :4] = True, True, True
    one, near, far = ([painted("a", pixels)] for pixels in (square, wider, half))

    assert is_unanimous([tuple(one), tuple(near)], labeling)
    assert not is_unanimous([tuple(one), tuple(near), tuple(far)], labeling)
    assert least_alike([tuple(one), tuple(near), tuple(far)], labeling) == pytest.approx(4 / 9)
    assert labeling.agreement_measure.of_disagreements == " (mean IoU below 0.75)"
