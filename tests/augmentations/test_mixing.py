"""Tests of mixup, cutmix and their partners: images that can be checked by hand, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline_tasks.augmentations.augmentation import Cut
from pipeline_tasks.augmentations.mixing import DrawnMix, Partners, drawn_mix, mixed_image, pixels_of
from pipeline_tasks.augmentations.policy import FOR_WHOLE_IMAGES, Policy, policy_of
from pipeline_tasks.settings import AugmentationSettings

FOUR = Partners(np.array([0, 0, 1, 2]))
"""The first two images show the same."""


def a_policy(probability: float = 1.0, **strengths: float) -> Policy:
    return policy_of({name: AugmentationSettings(strength=one, probability=probability) for name, one in strengths.items()}, ())


def drawn(policy: Policy, count: int = 200, row: int = 0) -> list[DrawnMix]:
    return [found for seed in range(count) if (found := drawn_mix(policy, row, FOUR, seed)) is not None]


def flat(value: int) -> NDArray[np.uint8]:
    return np.full((4, 4, 3), value, np.uint8)


def test_mixed_image__blends_by_the_share() -> None:
    image, share = mixed_image(flat(100), flat(200), Cut(0.25))

    assert (image == 125).all()
    assert share == 0.25


def test_mixed_image__pastes_a_rectangle_and_says_the_area_that_was_pasted() -> None:
    image, share = mixed_image(flat(1), flat(9), Cut(0.4, ((0.0, 0.5, 0.6, 1.0),)))

    assert image[:, :, 0].tolist() == [[1, 1, 1, 1], [1, 1, 1, 1], [9, 9, 1, 1], [9, 9, 1, 1]]
    assert share == 4 / 16


def test_pixels_of__keeps_to_the_cells_of_a_grid() -> None:
    assert pixels_of((0.1, 0.0, 0.6, 1.0), (96, 64), grid_px=16) == (16, 0, 64, 64)


def test_mixup__has_at_most_half_of_the_other_image_and_more_with_strength() -> None:
    weak, strong = ([one.cut.share for one in drawn(a_policy(mixup=strength))] for strength in (0.1, 1.0))

    assert min(weak) >= 0
    assert max(strong) <= 0.5
    assert np.mean(weak) < np.mean(strong)


def test_cutmix__pastes_at_most_half_of_the_area_and_lies_inside() -> None:
    (rectangles,) = zip(*(one.cut.rectangles for one in drawn(a_policy(cutmix=1.0))), strict=True)
    left, top, right, bottom = np.array(rectangles).T
    areas = (right - left) * (bottom - top)

    assert ((left >= 0) & (top >= 0) & (right <= 1) & (bottom <= 1)).all()
    assert 0.1 < areas.mean() < areas.max() <= 0.5


def test_drawn_mix__takes_others_of_another_split_group_and_none_where_there_are_none() -> None:
    assert {one.others for one in drawn(a_policy(mixup=0.2))} == {(2,), (3,)}
    assert drawn_mix(a_policy(mixup=0.2), 0, Partners(np.array([7, 7])), 1) is None


def test_drawn_mix__is_that_of_its_seed_and_taken_as_often_as_the_policy_says() -> None:
    half = a_policy(0.5, mixup=0.2)

    assert drawn(half) == drawn(half)
    assert 80 <= len(drawn(half)) <= 120
    assert drawn(policy_of(None, FOR_WHOLE_IMAGES)) == []


def test_drawn_mix__draws_one_where_several_are_taken() -> None:
    names = [one.step.name for one in drawn(a_policy(mixup=0.2, cutmix=1.0))]

    assert len(names) == 200
    assert 70 <= names.count("cutmix") <= 130


@pytest.mark.parametrize("name", ["mixup", "cutmix", "mosaic"])
def test_policy__keeps_mixes_apart_from_what_changes_an_image_alone(name: str) -> None:
    both = policy_of({"blur": AugmentationSettings(), name: AugmentationSettings()}, ())

    assert both.alone.digest == both.unmoving.digest == policy_of({"blur": AugmentationSettings()}, ()).digest
    assert [step.name for step in both.mixes.steps] == [name]
    assert both.digest != both.alone.digest
    assert both.mixes.digest != policy_of({name: AugmentationSettings(strength=0.3)}, ()).mixes.digest


def test_mosaic__has_four_places_without_gap_around_a_point_near_the_middle() -> None:
    cuts = [one.cut for one in drawn(policy_of({"mosaic": AugmentationSettings(probability=1.0)}, ()), 40)]

    for cut in cuts:
        assert cut.own is not None
        canvas = np.zeros((100, 100), int)
        for rectangle in (cut.own, *cut.rectangles):
            left, top, right, bottom = pixels_of(rectangle, (100, 100))
            canvas[top:bottom, left:right] += 1
            assert min(right - left, bottom - top) >= 30
        assert (canvas == 1).all()
    assert len({(cut.own or (0,))[:2] == (0.0, 0.0) for cut in cuts}) == 2, "the own image is at any of the four places"
