"""Tests of doubts about objects of labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from pipeline_tasks.geometry.boxes import as_rows, ious
from pipeline_tasks.kinds.compared_objects import Compared, Drawn, compared
from pipeline_tasks.label_errors.object_doubts import image_doubts, object_doubts

Place = tuple[str, float, float, float, float]
GEAR, NUT = ("gear", 0.0, 0.0, 20.0, 20.0), ("nut", 50.0, 50.0, 30.0, 30.0)


def an_image(number: int, true: Sequence[Place], said: Sequence[tuple[Place, float | None]]) -> Compared:
    sides = [as_rows([one[1:] for one in some]) for some in ([place for place, _ in said], true)]
    theirs, mine = [drawn(one) for one in true], [replace(drawn(one), confidence=sure) for one, sure in said]
    return compared(f"{number:03}", (100.0, 100.0), theirs, mine, ious(*sides))


def drawn(place: Place) -> Drawn:
    name, _, _, width, height = place
    return Drawn(name, None, (), width * height)


def right(count: int, confidence: float | None = 0.9) -> list[Compared]:
    """Images in which label and model agree."""
    return [an_image(number, [GEAR, NUT], [(GEAR, confidence), (NUT, confidence)]) for number in range(count)]


def test_object_doubts__name_what_is_missing_extra_swapped_and_badly_placed() -> None:
    moved = ("gear", 12.0, 0.0, 20.0, 20.0)
    wrong = [
        an_image(900, [GEAR], [(GEAR, 0.9), (NUT, 0.9)]),
        an_image(901, [GEAR, NUT], [(GEAR, 0.9)]),
        an_image(902, [GEAR, ("gear", *NUT[1:])], [(GEAR, 0.9), (NUT, 0.9)]),
        an_image(903, [moved, NUT], [(GEAR, 0.9), (NUT, 0.9)]),
    ]
    found = [one for one in object_doubts([*right(200), *wrong]) if one.doubt > 0.5]

    said = {one.image_id: (one.wrong, one.given_name, one.suggested_name) for one in found}
    assert said == {
        "900": ("missing", None, "nut"),
        "901": ("extra", "nut", None),
        "902": ("swapped", "gear", "nut"),
        "903": ("badly placed", "gear", "gear"),
    }
    assert len(found) == 4


def test_object_doubts__believe_a_prediction_as_far_as_equally_sure_ones_are_labelled() -> None:
    unsure = [an_image(600 + number, [GEAR], [(GEAR, 0.9), (NUT, 0.3)]) for number in range(20)]
    asked = an_image(700, [GEAR], [(GEAR, 0.9), (NUT, 0.95)])
    doubts = {one.image_id: one.doubt for one in object_doubts([*right(200), *unsure, asked]) if one.wrong == "missing"}

    assert doubts["700"] > 0.5
    assert doubts["600"] < 0.1


def test_object_doubts__do_not_call_extra_what_the_model_seldom_finds() -> None:
    hard = ("screw", 80.0, 80.0, 15.0, 15.0)
    unseen = [an_image(400 + number, [GEAR, hard], [(GEAR, 0.9)]) for number in range(20)]

    assert max(one.doubt for one in object_doubts([*right(40), *unseen]) if one.given_name == "screw") < 0.1


def test_object_doubts__of_regions_count_by_name_where_predictions_have_no_confidence() -> None:
    missing = an_image(500, [GEAR], [(GEAR, None), (NUT, None)])
    first = object_doubts([*right(30, confidence=None), missing])[0]

    assert (first.image_id, first.wrong, first.suggested_name) == ("500", "missing", "nut")
    assert first.doubt == pytest.approx(0.05 * 31 / (0.05 * 31 + 2))


def test_image_doubts__tell_wrong_labels_from_right_ones() -> None:
    generator = np.random.default_rng(0)
    images, is_wrong = [], []
    for number in range(200):
        said = [(GEAR, generator.uniform(0.5, 1)), (NUT, generator.uniform(0.5, 1))]
        is_wrong.append(number % 10 == 0)
        images.append(an_image(number, [GEAR] if is_wrong[-1] else [GEAR, NUT], said))

    assert roc_auc_score(is_wrong, image_doubts(images)) == 1


def test_object_doubts__of_no_images_are_none() -> None:
    assert object_doubts([]) == []
    assert image_doubts([]).shape == (0,)


def regions(number: int, stray_ratio: float) -> Compared:
    """An image with a region of a twenty-fifth of it that has so much astray, and one that agrees with the prediction."""
    image = an_image(number, [GEAR, NUT], [(GEAR, None), (NUT, None)])
    true = tuple(replace(one, stray_ratio=found) for one, found in zip(image.true, (stray_ratio, 0.0), strict=True))
    return replace(image, true=true, predicted=tuple(replace(one, stray_ratio=0.0) for one in image.predicted))


def test_object_doubts__of_a_region_grow_with_the_images_in_which_none_strays_as_far() -> None:
    images = [*(regions(number, number * 1e-4) for number in range(60)), regions(900, 0.03)]

    doubts = object_doubts(images)

    assert [one.image_id for one in doubts[:3]] == ["900", "059", "058"]
    assert (doubts[0].wrong, doubts[0].given_name, doubts[0].doubt > 0.5) == ("badly placed", "gear", True)
    assert image_doubts(images).argmax() == 60


def test_object_doubts__of_regions_are_small_where_all_are_nearly_right() -> None:
    doubts = object_doubts([regions(number, number * 1e-5) for number in range(60)])

    assert max(one.doubt for one in doubts) < 0.1
