"""Tests of the form, the parsing and the consensus of keypoints."""

from __future__ import annotations

import math
import random
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from given import a_project
from kinds.keypoints.given_things import POINTS, SIZE, some_things

from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.errors import SettingsError
from pipeline_tasks.kinds.keypoints.likeness import oks
from pipeline_tasks.kinds.keypoints.skeleton import Point, Skeleton, in_order
from pipeline_tasks.kinds.refused import problems
from pipeline_tasks.kinds.registry import kind_of


def a_kind(**labels: Any) -> Any:
    return kind_of(a_project(label_kind="keypoints", classes=list(POINTS), labels={"skeleton": POINTS} | labels))


ONE, BOXES = a_kind().labeling, a_kind(things="boxes").labeling


def a_gripper(x: float, y: float, spread: float = 100.0) -> Skeleton:
    points = (
        Point("base", x, y),
        Point("left tip", x - spread / 2, y + spread),
        Point("правый <конец>", x + spread / 2, y + spread),
    )
    return Skeleton("gripper", points, x - spread, y - spread, 2 * spread, 2 * spread + 20)


def test_form__has_a_label_for_each_point_and_boxes_only_where_several_things_may_be() -> None:
    one, several = (ET.fromstring(label_form(kind, "?").xml) for kind in (a_kind(), a_kind(things="boxes")))

    (points,) = one.iter("KeyPointLabels")
    assert [(label.get("value"), label.get("hotkey")) for label in points] == [
        ("gripper: base", "1"),
        ("gripper: left tip", "2"),
        ("gripper: правый <конец>", "3"),
        ("part: hole", "4"),
    ]
    assert not list(one.iter("RectangleLabels"))
    assert [label.get("value") for (boxes,) in [several.iter("RectangleLabels")] for label in boxes] == ["gripper", "part"]


def test_form__of_30_points_has_20_keys() -> None:
    names = [f"p{number}" for number in range(30)]
    project = a_project(label_kind="keypoints", classes=["face"], labels={"skeleton": {"face": names}})
    (points,) = ET.fromstring(label_form(kind_of(project), "?").xml).iter("KeyPointLabels")

    assert [bool(label.get("hotkey")) for label in points] == [True] * 20 + [False] * 10


def test_read__returns_what_was_written() -> None:
    for seed in range(30):
        objects = some_things(seed % 3, seed, has_boxes=False)
        assert ONE.read(ONE.write(objects, SIZE)) == objects
    for count in (0, 1, 7, 1000):
        objects = some_things(count, count, has_boxes=True)
        assert BOXES.read(BOXES.write(objects, SIZE)) == objects
        assert tuple(BOXES.from_columns(BOXES.as_columns(one)) for one in objects) == objects


def test_read__puts_points_into_the_smallest_box_of_their_class_around_them() -> None:
    result = BOXES.write([a_gripper(300, 200), a_gripper(300, 200, 40.0)], SIZE)
    drawn_by_hand = [{name: value for name, value in one.items() if name != "parentID"} for one in result]
    smaller = [one for one in drawn_by_hand if not str(one["id"]).startswith("thing-1-")]

    large, small = BOXES.read(smaller)

    assert "box 1 (gripper) has no point of its class in it" in problems([large])
    assert small == a_gripper(300, 200, 40.0)


def test_read__refuses_what_cannot_be_used_and_says_which() -> None:
    objects = (a_gripper(300, 200),)
    box, *points = BOXES.write(objects, SIZE)
    far = points[0] | {"value": points[0]["value"] | {"x": 101.0}}
    strange = points[0] | {"value": points[0]["value"] | {"keypointlabels": ["gripper: elbow"]}}
    turned = box | {"value": box["value"] | {"rotation": 10.0}}

    assert "is no point of the skeleton" in problems(ONE.read([strange]))[0]
    assert "lies outside the image" in problems(ONE.read([far]))[0]
    assert "is the second one in the image" in problems(ONE.read([points[0], points[0]]))[0]
    assert "does not ask for" in problems(ONE.read([box, points[0]]))[0]
    assert "is in no box of gripper" in problems(BOXES.read([points[0]]))[0]
    assert "has no point" in problems(BOXES.read([box]))[0]
    assert "is rotated" in problems(BOXES.read([turned, *points]))[0]
    assert "another form (choices)" in problems(BOXES.read([{"type": "choices", "value": {"choices": ["a"]}}]))[0]
    assert "does not say the size" in problems(ONE.read([{**points[0], "original_width": None}]))[0]


def test_unknown__classes_of_boxes_cannot_vote() -> None:
    objects = (replace(a_gripper(300, 200), class_name="hand"),)

    assert not BOXES.can_vote(objects)
    assert BOXES.unknown(objects) == ("hand",)
    assert BOXES.can_vote(())


def test_from_columns__leaves_points_out_that_the_class_no_longer_has() -> None:
    columns = ONE.as_columns(Skeleton("part", (Point("edge", 1, 2), Point("hole", 3, 4, is_visible=False))))

    assert ONE.from_columns(columns).points == (Point("hole", 3, 4, is_visible=False),)


def test_oks__is_that_of_coco_where_both_placed_all_points() -> None:
    one, other = a_gripper(300, 200), a_gripper(306, 208)
    sigmas = {"gripper": dict.fromkeys(POINTS["gripper"], 0.05), "part": {"hole": 0.1}}

    found = oks([one], [other, replace(other, points=other.points[:2]), replace(other, class_name="part")], sigmas)[0]

    area = 200 * 220
    wanted = np.exp(-(6**2 + 8**2) / (2 * area * (2 * 0.05) ** 2))
    assert found[0] == pytest.approx(wanted)
    assert found[1] == pytest.approx(wanted * 2 / 3)
    assert found[2] == 0


def test_agree__puts_points_and_boxes_into_the_middle_of_peoples() -> None:
    agreed = BOXES.agree([(a_gripper(296, 200),), (a_gripper(301, 200),), (a_gripper(303, 203), a_gripper(520, 300, 60))])

    assert (agreed.state, agreed.objects) == ("labelled", (a_gripper(300, 201),))
    assert 0.5 < agreed.agreement_ratio < 1


def test_agree__keeps_a_point_that_half_of_the_people_placed_and_hides_it_if_most_did() -> None:
    whole = a_gripper(300, 200)
    base, left, right = whole.points
    hidden = replace(right, is_visible=False)
    people = [(base, left, hidden), (base, right), (base, left, hidden), (base, right), (base,)]

    (label,) = BOXES.agree([(replace(whole, points=points),) for points in people]).objects
    assert label.points == (base, right)
    (label,) = BOXES.agree([(replace(whole, points=points),) for points in people[:3]]).objects
    assert label.points == (base, left, hidden)


def test_agree__is_led_a_little_by_one_point_far_off() -> None:
    whole = a_gripper(300, 200)
    far = replace(whole, points=(whole.points[0], whole.points[1], replace(whole.points[2], y_px=440.0)))

    (label,) = BOXES.agree([(whole,), (whole,), (far,)]).objects
    assert 300 < label.points[2].y_px < 312


def test_agree__of_people_without_errors_is_the_truth() -> None:
    for seed in range(20):
        truth = some_things(4, seed, has_boxes=True)
        assert set(BOXES.agree([truth] * 3).objects) == set(truth)


@pytest.mark.parametrize("seed", range(3))
def test_agree__errs_at_most_0_7_times_as_much_as_one_person(seed: int) -> None:
    generator = np.random.default_rng([seed, 11])
    single, fused = [], []
    for _ in range(60):
        truth = (a_gripper(150, 100), a_gripper(450, 100), a_gripper(300, 330))
        people = [drawn_by(truth, generator) for _ in range(3)]
        for said, found in [(fused, BOXES.agree(people).objects), *((single, things) for things in people)]:
            said += errors_of(found, truth)
    assert len(fused) > 0.8 * 60 * 9, "few images are unsure"
    assert np.mean(fused) <= 0.7 * np.mean(single)


def test_agree__of_two_people_keeps_things_that_one_of_them_missed() -> None:
    generator = np.random.default_rng(7)
    truth = (a_gripper(150, 100), a_gripper(450, 100), a_gripper(300, 330))
    agreed = [BOXES.agree([drawn_by(truth, generator) for _ in range(2)]) for _ in range(100)]
    assert sum(one.state == "labelled" for one in agreed) > 70, "of 100, a quarter has a thing whose points one of them swapped"
    assert sum(len(one.objects) for one in agreed) > 0.95 * 3 * sum(one.state == "labelled" for one in agreed)

    both, missed = (a_gripper(150, 100), a_gripper(450, 300)), (a_gripper(150, 100),)
    assert len(BOXES.agree([both, missed]).objects) == 2


def test_agree__keeps_a_thing_once_that_one_of_two_people_marked_twice() -> None:
    one, other = a_gripper(150, 100), a_gripper(450, 300)
    assert len(BOXES.agree([(one, other, one), (one, other)]).objects) == 2
    assert len(BOXES.agree([(one, other, other), (one,)]).objects) == 2


def test_agree__is_unsure_of_things_that_half_of_the_people_see_otherwise() -> None:
    one, other = a_gripper(150, 100), a_gripper(450, 300)
    hole = Skeleton("part", (Point("hole", 450, 300),), *other.box_px)
    turned = replace(other, points=tuple(replace(point, x_px=point.x_px + 90, y_px=point.y_px - 90) for point in other.points))
    assert BOXES.agree([(one, other), (one, hole)]).state == "unsure"
    assert BOXES.agree([(one, other), (one, turned)]).state == "unsure"


def drawn_by(truth: Sequence[Skeleton], generator: np.random.Generator) -> tuple[Skeleton, ...]:
    """Things as one person marks them: places off by 5 % of the side, 10 % of things and 5 % of points missed, 5 % swapped."""
    found = []
    for one in truth:
        off = generator.normal(0, 0.05 * 200, (4, 2))
        points = [
            replace(point, x_px=point.x_px + x, y_px=point.y_px + y)
            for point, (x, y) in zip(one.points, off.tolist(), strict=False)
            if generator.random() > 0.05
        ]
        if len(points) > 1 and generator.random() < 0.05:
            points[0], points[1] = replace(points[0], name=points[1].name), replace(points[1], name=points[0].name)
        if points and generator.random() > 0.1:
            left, top = (float(one.x_min_px or 0) + off[3, 0], float(one.y_min_px or 0) + off[3, 1])
            found.append(
                replace(
                    one, points=in_order({point.name: point for point in points}, POINTS["gripper"]), x_min_px=left, y_min_px=top
                )
            )
    return tuple(found)


def errors_of(found: Sequence[Skeleton], truth: Sequence[Skeleton]) -> list[float]:
    """Distances of the points of each thing from those of the nearest true one."""
    distances = []
    for thing in found:
        true = min(truth, key=lambda one: math.dist(one.box_px[:2], thing.box_px[:2]))
        places = {point.name: (point.x_px, point.y_px) for point in true.points}
        distances += [math.dist((point.x_px, point.y_px), places[point.name]) for point in thing.points]
    return distances


def test_agree__counts_nothing_there_as_a_vote() -> None:
    assert ONE.agree([(), (), (a_gripper(300, 200),)]).state == "empty"
    assert ONE.agree([()]).state == "empty"
    assert ONE.agree([]).state == "unsure"
    assert ONE.agree([(), (a_gripper(300, 200),)]).state == "unsure"
    assert ONE.agree([(a_gripper(100, 100, 20),), (a_gripper(500, 300, 20),)]).state == "unsure"


def test_agree__does_not_depend_on_order() -> None:
    drawn = random.Random(0)
    for seed in range(40):
        whole = some_things(4, seed, has_boxes=True)
        people = [
            tuple(replace(one, points=tuple(replace(p, x_px=p.x_px + drawn.uniform(-9, 9)) for p in one.points)) for one in whole)
            for _ in range(drawn.randrange(1, 5))
        ]
        turned = [tuple(drawn.sample(one, len(one))) for one in drawn.sample(people, len(people))]
        agreed, again = BOXES.agree(people), BOXES.agree(turned)

        assert (agreed.state, agreed.objects) == (again.state, again.objects)
        assert agreed.agreement_ratio == pytest.approx(again.agreement_ratio)


def test_agreement__is_the_mean_oks_of_pairs() -> None:
    same = (a_gripper(300, 200),)
    found = BOXES.agreement({"a": {"ada": same, "ben": same}, "b": {"ada": (), "ben": same}, "c": {"ada": same}})

    assert (found.images, found.pairs, found.agreeing_ratio) == (2, 2, pytest.approx(0.5))
    assert BOXES.agreement({}).agreeing_ratio is None


def test_object_changes__say_moved_things() -> None:
    changes = BOXES.object_changes((a_gripper(300, 200),), (a_gripper(303, 200), a_gripper(100, 100)))

    assert (changes.moved, changes.added, changes.removed) == (1, 1, 0)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"labels": {}}, "labels.skeleton: a value is missing"),
        ({"labels": {"skeleton": {"gripper": ["base"]}}}, "'part' has no points; add them to labels.skeleton"),
        ({"labels": {"skeleton": POINTS | {"hand": ["tip"]}}}, "labels.skeleton names 'hand', which is none of classes"),
        ({"labels": {"skeleton": POINTS | {"part": []}}}, "skeleton.part: name at least one point"),
        ({"labels": {"skeleton": POINTS | {"part": ["a", "a"]}}}, "names of points must differ"),
        ({"labels": {"skeleton": POINTS, "sigmas": {"part": {"hoel": 0.1}}}}, "unknown point 'hoel' .did you mean 'hole'"),
        ({"labels": {"skeleton": POINTS, "sigmas": {"part": {"hole": 0}}}}, "must be above 0 and at most 1, not 0"),
        ({"labels": {"skeleton": POINTS, "edges": {"parts": [["hole", "hole"]]}}}, "unknown class 'parts' .did you mean 'part'"),
        ({"labels": {"skeleton": POINTS, "things": "several"}}, "labels.things: unknown value 'several'"),
        ({"classes": [], "labels": {"skeleton": {}}}, "at least one class is needed"),
    ],
)
def test_kind__refuses_settings_that_do_not_fit(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        a_project(**{"label_kind": "keypoints", "classes": list(POINTS)} | settings)
