"""Tests of one label from several people's boxes."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds.boxes.given_boxes import NAMES, Errors, drawn_by, spread_boxes

from pipeline_tasks.kinds.boxes.agreement import agreement
from pipeline_tasks.kinds.boxes.box import Box
from pipeline_tasks.kinds.boxes.consensus import agree
from pipeline_tasks.kinds.boxes.matching import pairs, sides_of

A, B = Box("bolt", 10, 10, 40, 30), Box("nut", 100, 60, 20, 20)


def nudged(box: Box, px: float) -> Box:
    return replace(box, x_min_px=box.x_min_px + px)


def placed(boxes: tuple[Box, ...]) -> list[Box]:
    return sorted(boxes, key=lambda box: (box.y_min_px, box.x_min_px))


@pytest.mark.parametrize(
    ("annotations", "state", "objects"),
    [
        ([], "unsure", ()),
        ([[]], "empty", ()),
        ([[], [], [A]], "empty", ()),
        ([[A]], "labelled", (A,)),
        ([[A, A]], "labelled", (A,)),
        ([[A], []], "unsure", ()),
        ([[A], [B]], "unsure", ()),
        ([[A], [A], []], "labelled", (A,)),
        ([[A, B], [A]], "labelled", (A, B)),
        ([[A, B], [A], [A]], "labelled", (A,)),
        ([[A, nudged(A, 8)], [A]], "labelled", (A,)),
        ([[A], [replace(A, class_name="nut")]], "unsure", ()),
        ([[A], [A], [replace(A, class_name="nut")]], "labelled", (A,)),
        ([[A], [A], [B], [B]], "unsure", ()),
        ([[A], [nudged(A, 4)]], "labelled", (nudged(A, 2),)),
        ([[A], [A], [nudged(A, 12)]], "labelled", (nudged(A, 12 / 7),)),
    ],
)
def test_agree__keeps_what_enough_people_drew(annotations: list[list[Box]], state: str, objects: tuple[Box, ...]) -> None:
    found = agree(annotations)

    assert (found.state, found.votes) == (state, len(annotations))
    assert sides_of(found.objects) == pytest.approx(sides_of(objects), abs=1e-5)
    assert [one.class_name for one in found.objects] == [one.class_name for one in objects]


def test_agree__keeps_overlapping_objects_of_two_classes_apart() -> None:
    person, horse = Box("person", 20, 0, 60, 100), Box("horse", 10, 20, 80, 90)
    found = agree([[person, horse], [nudged(horse, 3), nudged(person, 3)], [nudged(person, -3), nudged(horse, -3)]])

    assert placed(found.objects) == [person, horse]


def test_agree__takes_the_corners_of_the_drawn_box_most_like_the_others() -> None:
    turned = [Box("bolt", x, 10, 40, 30, corners_px=(x, 20, x + 30, 10, x + 40, 30, x + 10, 40)) for x in (10, 11, 16)]

    assert agree([[one] for one in turned]).objects == (turned[1],)


@given(st.integers(0, 10_000), st.integers(0, 6), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_agree__does_not_depend_on_the_order_of_people_or_boxes(seed: int, count: int, people: int) -> None:
    generator = np.random.default_rng(seed)
    errors = Errors(jitter=0.1, missed=0.2, extra=0.2, swapped=0.2, doubled=0.3)
    drawn = [drawn_by(spread_boxes(count, seed), errors, generator) for _ in range(people)]
    wanted = agree(drawn)

    for order in itertools.permutations(range(people)):
        assert agree([[drawn[person][at] for at in generator.permutation(len(drawn[person]))] for person in order]) == wanted


@pytest.mark.parametrize("people", [1, 2, 3])
def test_agree__returns_the_truth_of_1000_boxes_from_people_without_errors(people: int) -> None:
    truth = spread_boxes(1000)

    found = agree([truth] * people)

    assert (found.state, found.agreement_ratio) == ("labelled", 1.0)
    assert placed(found.objects) == placed(tuple(truth))


def errors_of(found: list[Box], truth: list[Box]) -> np.ndarray:
    """Distance of each edge of matched boxes from the true one, as a share of the side."""
    matched = pairs(found, truth)
    sides, true_sides = sides_of([found[one.one] for one in matched]), sides_of([truth[one.other] for one in matched])
    low = np.abs(sides[:, :2] - true_sides[:, :2]) / true_sides[:, 2:]
    high = np.abs(sides[:, :2] + sides[:, 2:] - true_sides[:, :2] - true_sides[:, 2:]) / true_sides[:, 2:]
    return np.concatenate([low, high], axis=1)


@pytest.mark.parametrize("seed", range(5))
def test_agree__errs_at_most_0_7_times_as_much_as_one_person(seed: int) -> None:
    generator = np.random.default_rng([seed, 7])
    single, fused, classes = [], [], []
    for image in range(60):
        truth = spread_boxes(10, seed * 1000 + image)
        drawn = [drawn_by(truth, Errors(), generator) for _ in range(3)]
        label = agree(drawn)
        single += [errors_of(boxes, truth) for boxes in drawn]
        fused.append(errors_of(list(label.objects), truth))
        classes += [label.objects[one.one].class_name == truth[one.other].class_name for one in pairs(label.objects, truth)]
        assert label.state in ("labelled", "unsure")

    ratio = np.concatenate(fused).mean() / np.concatenate(single).mean()
    assert ratio <= 0.7
    assert np.mean(classes) > 0.98
    assert len(classes) > 0.9 * 600 * 0.95, "few images are unsure"


def test_agreement__is_the_mean_f1_of_two_people() -> None:
    found = agreement({"i": {"x": [A, B], "y": [A]}, "j": {"x": [], "y": []}, "k": {"x": [A]}, "l": {"x": [A], "y": [B]}})

    assert (found.images, found.pairs, found.agreeing_ratio) == (3, 3, pytest.approx((2 / 3 + 1 + 0) / 3))
    assert found.pairwise == {("x", "y"): (3, pytest.approx(5 / 3))}
    assert found.says.endswith("mean IoU of 1 match 1.00")
    assert agreement({"i": {"x": [A]}}).agreeing_ratio is None
    assert set(NAMES) >= {one.class_name for one in spread_boxes(50)}
