"""Tests of labeling masks: Label Studio's results read and written, refused objects, consensus and agreement."""

from __future__ import annotations

import itertools
import json
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from kinds.masks.given_masks import NAMES, disk, painted, random_masks

from pipeline_tasks.annotations.label_form import label_form
from pipeline_tasks.geometry.run_lengths import area, decode, intersections, iou
from pipeline_tasks.kinds.masks.labeling import MaskLabeling
from pipeline_tasks.kinds.masks.mask import Mask
from pipeline_tasks.kinds.object_changes import ObjectChanges
from pipeline_tasks.kinds.refused import Refused, columns_of, object_of

SIZE = (60, 40)
LABELING = MaskLabeling(NAMES)
INSTANCES = MaskLabeling(NAMES, is_instance=True)
BOW_TIE = [[10, 10], [50, 50], [50, 10], [10, 50]]
SQUARE = [[10, 10], [50, 10], [50, 50], [10, 50]]


def a_result(points: Any, **changes: Any) -> dict[str, Any]:
    value = {"points": points, "closed": True, "polygonlabels": [NAMES[0]]} | changes.pop("value", {})
    return {"type": "polygonlabels", "original_width": 60, "original_height": 40, "value": value} | changes


@pytest.mark.parametrize(("count", "size"), [(0, SIZE), (1, (1, 1)), (200, SIZE), (1000, (37, 53))])
def test_read__reverses_write(count: int, size: tuple[int, int]) -> None:
    masks = random_masks(count, size, seed=count)
    result = json.loads(json.dumps(LABELING.write(masks, size)))
    assert LABELING.read(result) == masks
    assert len(masks) >= 0.9 * count


def test_read__a_polygon_in_percent_of_the_sides() -> None:
    (mask,) = LABELING.read([a_result(SQUARE)])
    assert isinstance(mask, Mask)
    assert mask.polygon_px == (6, 4, 30, 4, 30, 20, 6, 20)
    assert (mask.area_px, mask.box_px, mask.size_px) == (24 * 16, (6, 4, 24, 16), SIZE)


def test_read__a_point_that_rounding_moved_over_the_border_is_put_back() -> None:
    (mask,) = LABELING.read([a_result([[-1e-9, 0], [100.00000001, 0], [100, 100], [0, 100]])])
    assert isinstance(mask, Mask)
    assert mask.area_px == 60 * 40
    assert max(mask.polygon_px) == 60


@pytest.mark.parametrize(
    ("one", "problem"),
    [
        (a_result(BOW_TIE), "polygon 1 (Riß) crosses itself"),
        (a_result([[10, 10], [101, 10], [50, 50]]), "polygon 1 (Riß) reaches out of the image: 60.6 px, in an image of 60 x 40"),
        (a_result([[10, 10], [50, 10], [10, 10]]), "polygon 1 (Riß) has 2 different points"),
        (a_result([[10, 10], [50, 10], [30, float("nan")]]), "polygon 1 (Riß) has a position that is not a number"),
        (a_result([[10, 10], [50], [30, 3]]), "polygon 1 (Riß) has a point that is not two numbers: [50]"),
        (a_result([[0, 0], [0.1, 0], [0.1, 0.1]]), "polygon 1 (Riß) has no pixels"),
        (a_result(SQUARE, value={"closed": False}), "polygon 1 (Riß) is not closed"),
        (a_result(SQUARE, value={"polygonlabels": []}), "polygon 1 (no class) has no class"),
        (a_result(SQUARE, value={"polygonlabels": ["a", "b"]}), "polygon 1 (a+b) has 2 classes"),
        (a_result(SQUARE, original_width=0), "polygon 1 (Riß) says that the image has 0 x 40 pixels"),
        (a_result(SQUARE, image_rotation=90), "polygon 1 (Riß) was drawn on the image turned by 90 degrees"),
        (a_result(SQUARE, value={"points": 3}), "polygon 1 (Riß) "),
        ({"type": "rectanglelabels", "value": {"rectanglelabels": ["gear"]}}, "object 1 is of another form (rectanglelabels)"),
        ({"type": "choices", "value": {"choices": ["gear"]}}, "an answer to another form (choices)"),
        ({}, "object 1 is of another form (None)"),
    ],
)
def test_read__refuses_what_is_no_mask_with_the_object_and_the_reason(one: dict[str, Any], problem: str) -> None:
    (found,) = LABELING.read([one])
    assert isinstance(found, Refused)
    assert found.problem.startswith(problem)
    assert object_of(columns_of(found, LABELING), LABELING) == found


def test_read__refuses_a_brush_that_is_empty_damaged_or_of_another_size() -> None:
    (written,) = LABELING.write([painted("穴", np.ones((40, 60), bool))], SIZE)
    empty = LABELING.write([painted("穴", np.zeros((40, 60), bool))], SIZE)
    results = [
        *empty,
        written | {"original_width": 61},
        written | {"value": {**written["value"], "rle": written["value"]["rle"][:9]}},
        written | {"value": {"brushlabels": ["穴"]}},
        written | {"value": {**written["value"], "format": "png"}},
    ]
    found = [one.problem for one in LABELING.read(results) if isinstance(one, Refused)]
    assert found == [
        "brush 1 (穴) has no pixels",
        "brush 2 (穴) run lengths of 2400 pixels do not fit an image of 2440 pixels",
        "brush 3 (穴) the run lengths are cut off or damaged",
        "brush 4 (穴) lacks 'rle'",
        "brush 5 (穴) has the format 'png'; wanted 'rle'",
    ]


def test_read__an_answer_to_an_added_question_is_not_used() -> None:
    choice = {"type": "choices", "value": {"choices": ["sharp"]}}
    assert LABELING.read([choice, a_result(SQUARE)]) == LABELING.read([a_result(SQUARE)])
    assert LABELING.read([]) == ()


def test_from_columns__reverses_as_columns() -> None:
    for mask in random_masks(60, SIZE, seed=3):
        assert LABELING.from_columns(LABELING.as_columns(mask)) == mask


def test_can_vote__requires_known_classes() -> None:
    old = MaskLabeling(NAMES, former=frozenset({"old"}))
    masks = [painted("old", np.ones((2, 2), bool)), painted("new", np.ones((2, 2), bool))]
    assert old.unknown(masks) == ("new",)
    assert not old.can_vote(masks)
    assert old.can_vote(random_masks(3, SIZE, seed=0))
    assert old.can_vote([])


def test_form__is_valid_and_its_digest_says_whether_objects_are_apart() -> None:
    class Opened:
        name = "mask"
        labeling: MaskLabeling

    forms = []
    for Opened.labeling in (LABELING, INSTANCES, MaskLabeling(NAMES[:2])):
        form = label_form(Opened(), "What?")  # type: ignore[arg-type]
        forms.append(form.digest)
        tree = ET.fromstring(form.xml)
        for control in ("PolygonLabels", "BrushLabels"):
            labels = tree.findall(f".//{control}/Label")
            assert [label.get("value") for label in labels] == list(Opened.labeling.class_names)
        keys = [label.get("hotkey") for label in tree.iter("Label")]
        assert len(set(keys)) == len(keys)
        assert not {"h", "o", "e", "m", "k", "w", "p", "r", "v", "b", "u"} & set(keys), "keys of Label Studio's own tools"
    assert len(set(forms)) == 3
    many = MaskLabeling(tuple(f"class {number}" for number in range(40)))
    assert len(ET.fromstring(f"<View>{many.control_xml}</View>").findall(".//Label")) == 80


def test_says__shares_of_the_image_or_numbers_of_objects() -> None:
    masks = [painted("b", np.eye(4, dtype=bool)), painted("b", np.eye(4, dtype=bool)), painted("a", np.ones((4, 4), bool))]
    assert LABELING.says(masks) == "a 100 %, b 50 %"
    assert INSTANCES.says(masks) == "1 a, 2 b"
    assert LABELING.says([]) == INSTANCES.says([]) == "nothing there"
    assert LABELING.as_json(masks[:1]) == {"masks": ["b 4 px in 4 x 4 px at 0, 0"]}
    assert LABELING.counts(masks) == {"a": 1, "b": 2}


@pytest.mark.parametrize("labeling", [LABELING, INSTANCES])
def test_agree__of_one_or_of_equal_annotations_is_the_annotation(labeling: MaskLabeling) -> None:
    masks = (disk("穴", 20, 20, 9, SIZE), painted("Riß", np.pad(np.ones((5, 6), bool), ((30, 5), (50, 4)))))
    for people in (1, 2, 3, 4):
        found = labeling.agree([masks] * people)
        assert (found.state, found.votes, found.agreement_ratio) == ("labelled", people, 1)
        assert found.objects == masks, "with the polygon as drawn, from the top"


@pytest.mark.parametrize("labeling", [LABELING, INSTANCES])
def test_agree__without_masks_is_empty_and_without_people_unsure(labeling: MaskLabeling) -> None:
    mask = (disk("穴", 20, 20, 9, SIZE),)
    assert labeling.agree([]).state == "unsure"
    assert labeling.agree([()]).state == labeling.agree([(), ()]).state == "empty"
    assert labeling.agree([(), (), mask]).state == "empty", "most people saw nothing"
    assert labeling.agree([(), mask]).state == "unsure"
    assert labeling.agree([mask, mask, ()]).objects == mask
    elsewhere = (disk("穴", 50, 30, 5, SIZE),)
    assert labeling.agree([mask, elsewhere]).state == "unsure"


@pytest.mark.parametrize("labeling", [LABELING, INSTANCES])
def test_agree__a_swapped_class_is_outvoted_and_a_tie_is_unsure(labeling: MaskLabeling) -> None:
    one, other = (disk("穴", 20, 20, 9, SIZE),), (disk("Riß", 20, 20, 9, SIZE),)
    assert labeling.agree([one, one, other]).objects == one
    assert labeling.agree([one, other]).state == "unsure"


@pytest.mark.parametrize("labeling", [LABELING, INSTANCES])
def test_agree__does_not_depend_on_the_order_of_people(labeling: MaskLabeling) -> None:
    for seed in range(3):
        people = [sloppy(seed, person) for person in range(3)]
        found = [labeling.agree(order) for order in itertools.permutations(people)]
        assert all(one.objects == found[0].objects and one.state == found[0].state for one in found)
        assert max(abs(one.agreement_ratio - found[0].agreement_ratio) for one in found) < 1e-12


@pytest.mark.parametrize("lot", ["normal", "uniform"])
@pytest.mark.parametrize("labeling", [LABELING, INSTANCES])
def test_agree__three_sloppy_people_are_nearer_to_the_truth_than_one(labeling: MaskLabeling, lot: str) -> None:
    fused, single = [], []
    for seed in range(20):
        truth = {mask.class_name: mask for mask in sloppy(seed, None)}
        people = [sloppy(seed, person, lot) for person in range(3)]
        for said, found in [(fused, labeling.agree(people).objects), *((single, masks) for masks in people)]:
            said += [1 - iou([truth[mask.class_name].rle], [mask.rle])[0, 0] for mask in found]
    assert np.mean(fused) <= 0.7 * np.mean(single)


@pytest.mark.parametrize("labeling", [LABELING, INSTANCES])
def test_agree__two_people_are_fused_to_the_middle_of_their_edges(labeling: MaskLabeling) -> None:
    small, large, wanted = (disk("穴", 30, 20, radius, SIZE) for radius in (10, 14, 12))
    (found,) = labeling.agree([(small,), (large,)]).objects
    assert iou([found.rle], [wanted.rle])[0, 0] > 0.97
    areas = []
    for seed in range(20):
        people = [sloppy(seed, person) for person in range(2)]
        both = intersections([mask.rle for mask in people[0]], [mask.rle for mask in people[1]]).trace()
        mean = sum(mask.area_px for masks in people for mask in masks) / 2
        areas.append([sum(mask.area_px for mask in labeling.agree(people).objects), mean, both])
    fused, drawn, both = np.sum(areas, axis=0)
    assert abs(fused - drawn) < 0.25 * (drawn - both), "labels do not shrink to what both drew"


@pytest.mark.parametrize("labeling", [LABELING, INSTANCES])
def test_agree__ignores_a_person_who_misses_a_region_or_paints_far_beyond_it(labeling: MaskLabeling) -> None:
    near, other = disk("穴", 15, 20, 9, SIZE), disk("穴", 45, 20, 6, SIZE)
    assert labeling.agree([(near, other), (near, other), (near,)]).objects == labeling.agree([(near, other)]).objects
    central, whole = disk("穴", 30, 20, 8, SIZE), painted("穴", np.ones((SIZE[1], SIZE[0]), bool))
    found = {mask for mask in labeling.agree([(central,), (central,), (whole,)]).objects if mask.class_name == "穴"}
    assert central in found


def test_agree__regions_of_two_classes_side_by_side_neither_overlap_nor_leave_a_gap() -> None:
    people = []
    for border in (18, 20, 21):
        is_left = np.arange(SIZE[0]) < border
        pixels = np.broadcast_to(is_left, (SIZE[1], SIZE[0]))
        people.append((painted("穴", pixels), painted("Riß", ~pixels)))
    found = {mask.class_name: decode(mask.rle, SIZE) for mask in LABELING.agree(people).objects}
    assert (found["穴"] ^ found["Riß"]).mean() > 0.98
    assert not (found["穴"] & found["Riß"]).any()
    assert 18 * SIZE[1] <= found["穴"].sum() <= 21 * SIZE[1]


def test_agree__objects_of_one_class_stay_apart_only_as_instances() -> None:
    masks = (disk("穴", 15, 15, 8, SIZE), disk("穴", 40, 15, 8, SIZE))
    assert len(INSTANCES.agree([masks]).objects) == 2
    (whole,) = LABELING.agree([masks]).objects
    assert area(whole.rle) == sum(mask.area_px for mask in masks)
    assert whole.polygon_px == ()


def test_agree__a_pixel_in_two_classes_of_one_person_is_of_the_later_one() -> None:
    under, over = painted("穴", np.ones((4, 4), bool)), painted("Riß", np.eye(4, dtype=bool))
    found = {mask.class_name: decode(mask.rle, (4, 4)) for mask in LABELING.agree([(under, over)]).objects}
    assert (found["Riß"] == np.eye(4, dtype=bool)).all()
    assert (found["穴"] == ~np.eye(4, dtype=bool)).all()


def test_agree__annotations_of_different_sizes_are_unsure() -> None:
    one, other = painted("穴", np.ones((4, 4), bool)), painted("穴", np.ones((4, 5), bool))
    assert LABELING.agree([(one,), (other,)]).state == INSTANCES.agree([(one,), (other,)]).state == "unsure"
    assert LABELING.agreement({"image": {"ann": [one], "bob": [other]}}).agreeing_ratio == 0


def test_agree__a_thousand_objects() -> None:
    masks = [disk(NAMES[number % 3], 15 + 30 * (number % 40), 15 + 30 * (number // 40), 13, (1200, 750)) for number in range(1000)]
    found = INSTANCES.agree([masks, masks[::-1]])
    assert (found.agreement_ratio, set(found.objects)) == (1, set(masks))
    assert LABELING.agree([masks, masks[::-1]]).agreement_ratio == 1


def test_agreement__is_the_mean_iou_of_pairs_of_people() -> None:
    half, whole = np.zeros((4, 4), bool), np.ones((4, 4), bool)
    half[:2] = True
    given = {"1": {"ann": [painted("穴", half)], "bob": [painted("穴", whole)]}, "2": {"ann": [], "bob": []}, "3": {"ann": []}}
    for labeling in (LABELING, INSTANCES):
        found = labeling.agreement(given)
        assert (found.images, found.pairs, found.agreeing_ratio) == (2, 2, 0.75)
        assert found.pairwise == {("ann", "bob"): (2, 1.5)}
        assert labeling.agreement_measure.of_pairs(found).startswith("mean IoU 0.75 over 2 pairs")
    extra = labeling.agreement({"1": {"ann": [painted("穴", half), painted("Riß", half)], "bob": [painted("穴", half)]}})
    assert extra.agreeing_ratio == 0.5, "a mask without a match counts 0"


def test_object_changes__are_found_by_the_overlap_of_masks() -> None:
    one, near = disk("穴", 20, 20, 9, SIZE), disk("穴", 21, 20, 9, SIZE)
    other, far = disk("Riß", 20, 20, 9, SIZE), disk("穴", 50, 20, 6, SIZE)
    assert LABELING.object_changes([one], [one]) == ObjectChanges()
    assert LABELING.object_changes([one], [near]) == ObjectChanges(moved=1)
    assert LABELING.object_changes([one], [other]) == ObjectChanges(relabelled=1)
    assert LABELING.object_changes([one], [near, far]) == ObjectChanges(moved=1, added=1)
    assert LABELING.object_changes([one, far], []) == ObjectChanges(removed=2)
    assert LABELING.object_changes([one], [painted("穴", np.ones((4, 4), bool))]) == ObjectChanges(added=1, removed=1)


def sloppy(seed: int, person: int | None, lot: str = "normal") -> tuple[Mask, ...]:
    """Two disks; a person moves each by about a pixel, and draws it about 5 % too large or too small."""
    if person is None:
        return disk("穴", 15, 18, 11, SIZE), disk("Riß", 43, 20, 12, SIZE)
    generator = np.random.default_rng([seed, person])
    errors = generator.normal(0, 1, (3, 2)) if lot == "normal" else generator.uniform(-(3**0.5), 3**0.5, (3, 2))
    moves, grows = 1.2 * errors[:2], 1 + 0.05 * errors[2]
    return tuple(
        disk(name, x + dx, y + dy, radius * grow, SIZE)
        for (name, x, y, radius), (dx, dy), grow in zip((("穴", 15, 18, 11), ("Riß", 43, 20, 12)), moves, grows, strict=True)
    )
